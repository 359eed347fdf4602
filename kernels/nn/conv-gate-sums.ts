/**
 * The sums of norm.ts's gateSums, taken within the backward pass of a 1x1 convolution that reads a gated view: the chunk's rows of the
 * gradient that it just made, of the input and of the input's sigmoids lie in cache there.
 */

import { ones } from "./activate";
import { ConvSize, padded, share } from "./conv-size";
import { View } from "./conv-source";
import { ZERO, madd } from "./simd";
import { flush, imageSumsFinish, storeImage } from "./sums";

/** Rows whose sums stay in registers; so few that the rows of three matrices stay in the first cache whatever their width. */
const BLOCK: i32 = 8;

/** What a thread takes sums with; in scratch, with the vectors behind it. */
@unmanaged
export class GateSums {
  /** [5][n][cp]. */
  out: usize;
  view: View;
  rstd: usize;
  /** -mean * rstd. */
  offset: usize;
  /** [5][cp] float32. */
  acc: usize;
  /** All threads' sums of images that they share. */
  parts: usize;
  thread: i32;
  row0: i32;
  row1: i32;
  /** The image being summed, -1 before the first, and its float64 sums. */
  image: i32;
  total: usize;
}

/** Sets the sums up at `at`. */
export function openGateSums(
  at: usize,
  s: ConvSize,
  view: View,
  moments: usize,
  rstd: usize,
  out: usize,
  parts: usize,
  thread: i32,
  threads: i32,
): GateSums {
  const sums = changetype<GateSums>(at);
  const bytes = <usize>padded(s.c) << 2;
  const m = s.n * s.h * s.wd;
  sums.out = out;
  sums.view = view;
  sums.rstd = rstd;
  sums.offset = at + 64;
  sums.acc = sums.offset + bytes;
  sums.parts = parts;
  sums.thread = thread;
  sums.row0 = share(m, thread, threads);
  sums.row1 = share(m, thread + 1, threads);
  sums.image = -1;
  for (let v: usize = 0; v < bytes; v += 16) {
    v128.store(sums.offset + v, f32x4.neg(f32x4.mul(v128.load(moments + v), v128.load(rstd + v))));
  }
  memory.fill(sums.acc, 0, 5 * bytes);
  return sums;
}

function isWhole(sums: GateSums, pixels: i32): bool {
  return sums.row0 <= sums.image * pixels && sums.row1 >= (sums.image + 1) * pixels;
}

/** Stores the sums of the last image, if no other thread has rows of it. */
export function closeGateSums(sums: GateSums, s: ConvSize): void {
  if (sums.image < 0 || !isWhole(sums, s.h * s.wd)) return;
  storeImage(sums.total, <usize>sums.image, s.n, s.c, 5, 1, false, sums.out);
}

/** Goes on to another image. */
function turnTo(sums: GateSums, s: ConvSize, image: i32): void {
  if (sums.image == image) return;
  closeGateSums(sums, s);
  sums.image = image;
  const pixels = s.h * s.wd;
  const slot = isWhole(sums, pixels) ? 2 : sums.row0 > image * pixels ? 0 : 1;
  const bytes = 40 * <usize>padded(s.c);
  sums.total = sums.parts + <usize>(sums.thread * 3 + slot) * bytes;
  memory.fill(sums.total, 0, bytes);
}

/** Adds the sums over `rows` rows of the gradient g, of x and of its sigmoids t, `stride` bytes each. */
function addRows(sums: GateSums, g: usize, x: usize, t: usize, stride: usize, rows: i32): void {
  const scale = sums.view.scale;
  const shift = sums.view.shift;
  const rstd = sums.rstd;
  const offset = sums.offset;
  const one = ones();
  let at = sums.acc;
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const ra = v128.load(rstd + v);
    const rb = v128.load(offset + v);
    let s0 = ZERO;
    let s1 = ZERO;
    let s2 = ZERO;
    let s3 = ZERO;
    let s4 = ZERO;
    let from = v;
    for (let r = rows; r > 0; r--) {
      const y = v128.load(x + from);
      const sigmoid = v128.load(t + from);
      const outer = v128.load(g + from);
      const xhat = madd(y, ra, rb);
      const silu = f32x4.mul(madd(y, a, b), sigmoid);
      s0 = madd(outer, silu, s0);
      const slope = madd(silu, f32x4.sub(one, sigmoid), sigmoid);
      s2 = f32x4.add(s2, slope);
      s4 = madd(slope, xhat, s4);
      const inner = f32x4.mul(outer, slope);
      s1 = f32x4.add(s1, inner);
      s3 = madd(inner, xhat, s3);
      from += stride;
    }
    v128.store(at, f32x4.add(v128.load(at), s0));
    v128.store(at + stride, f32x4.add(v128.load(at + stride), s1));
    v128.store(at + 2 * stride, f32x4.add(v128.load(at + 2 * stride), s2));
    v128.store(at + 3 * stride, f32x4.add(v128.load(at + 3 * stride), s3));
    v128.store(at + 4 * stride, f32x4.add(v128.load(at + 4 * stride), s4));
    at += 16;
  }
}

/** Adds rows [row, row + rows), whose gradient stands in dx and whose sigmoids, one row after the other, at `sigmoids`. */
export function addGateSums(sums: GateSums, s: ConvSize, dx: usize, row: i32, rows: i32, sigmoids: usize): void {
  const pixels = s.h * s.wd;
  const cp = padded(s.c);
  const stride = <usize>cp << 2;
  let done = 0;
  while (done < rows) {
    const image = (row + done) / pixels;
    const end = min(rows, (image + 1) * pixels - row);
    turnTo(sums, s, image);
    for (; done < end; done += BLOCK) {
      const at = <usize>(row + done) * stride;
      addRows(sums, dx + at, sums.view.x + at, sigmoids + <usize>done * stride, stride, min(BLOCK, end - done));
    }
    done = end;
    flush(sums.acc, sums.total, 5 * <usize>cp);
  }
}

/** The images that several threads share. */
export function finishGateSums(s: ConvSize, out: usize, parts: usize, thread: i32, threads: i32): void {
  imageSumsFinish(s.n, s.h * s.wd, s.c, 5, 1, false, out, thread, threads, parts);
}
