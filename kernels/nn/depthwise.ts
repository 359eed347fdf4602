/**
 * Depthwise convolution (groups = channels = outputs), channels last, forward. Each thread takes an even share of the n*oh output
 * rows. The input rows that an output row needs stand in a ring of rows whose view has been worked out once.
 */

import { DepthwiseForwardArgs, PackDepthwiseArgs } from "./depthwise-args";
import { depthwiseBlocks } from "./depthwise-blocks";
import { channelBytes, EMPTY, fill, shareStart, to64, zeroMargins } from "./depthwise-memory";
import { addMoments } from "./depthwise-moments";
import { PIXEL, viewRow, viewVectors } from "./depthwise-rows";

/** Weights [c][1][kh][kw] to [kh*kw][cp]. */
export function packDepthwise(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<PackDepthwiseArgs>(args);
  const taps = a.kh * a.kw;
  const cBytes = channelBytes(a.c);
  const to = shareStart(taps, thread + 1, threads);
  for (let t = shareStart(taps, thread, threads); t < to; t++) {
    const row = a.packed + <usize>t * cBytes;
    fill(row, cBytes, 0);
    for (let c: usize = 0; c < a.c; c++) store<f32>(row + c * 4, load<f32>(a.w + (c * taps + t) * 4));
  }
}

/** Sums of a thread in `shared`: float64 sums and squares of y - pivot, then the float32 pivots, each [cp]. */
// @ts-ignore: decorator
@inline
function partialBytes(cBytes: usize): usize {
  return to64(5 * cBytes);
}

export function depthwiseForward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DepthwiseForwardArgs>(args);
  const first = shareStart(a.n * a.oh, thread, threads);
  const last = shareStart(a.n * a.oh, thread + 1, threads);
  if (first == last) return;
  const cBytes = channelBytes(a.c);
  const allBytes = to64(cBytes);
  const tiles = <i32>(allBytes / PIXEL);
  const taps = a.kh * a.kw;
  const weightBytes = <usize>taps * PIXEL;
  const ringRows = (a.kh - 1) * a.dh + 1;
  const tileBytes = <usize>(a.wd + 2 * a.pw) * PIXEL;
  const rowBytes = tileBytes * tiles;

  const vectors = scratch;
  const zeros = vectors + 3 * allBytes;
  const weights = zeros + allBytes;
  const list = weights + weightBytes * tiles;
  const held = list + to64(8 * a.kh);
  const ring = held + to64(4 * ringRows);

  fill(zeros, allBytes, 0);
  tileWeights(a.w, cBytes, taps, weights);
  for (let i = 0; i < ringRows; i++) store<i32>(held + 4 * i, EMPTY);
  zeroMargins(ring, ringRows * tiles, tileBytes, a.pw, a.wd);

  const bias = a.bias ? a.bias : zeros;
  const sums = shared + partialBytes(cBytes) * thread;
  const squares = sums + 2 * cBytes;
  const pivot = squares + 2 * cBytes;
  if (a.moments) fill(sums, 5 * cBytes, 0);

  let prepared = EMPTY;
  for (let row = first; row < last; row++) {
    const image = row / a.oh;
    if (image != prepared) {
      viewVectors(a.xScale, a.xShift, a.xGate ? a.xGate + cBytes * image : 0, cBytes, vectors);
      prepared = image;
    }
    let count = 0;
    for (let ky = 0; ky < a.kh; ky++) {
      const iy = (row - image * a.oh) * a.sh - a.ph + ky * a.dh;
      if (iy < 0 || iy >= a.h) continue;
      const slot = iy % ringRows;
      const inputRow = image * a.h + iy;
      const at = ring + rowBytes * slot;
      if (load<i32>(held + 4 * slot) != inputRow) {
        store<i32>(held + 4 * slot, inputRow);
        const x = a.x + <usize>inputRow * a.wd * cBytes;
        viewRow(x, a.wd, cBytes, vectors, a.xGate != 0, a.xAct, at + PIXEL * a.pw, tileBytes);
      }
      store<usize>(list + 8 * count, at);
      store<usize>(list + 8 * count, weights + PIXEL * (ky * a.kw), 4);
      count++;
    }
    const y = a.y + <usize>row * a.ow * cBytes;
    for (let tile = 0; tile < tiles; tile++) {
      const c = PIXEL * tile;
      const lanes = min(PIXEL, cBytes - c);
      depthwiseBlocks(
        a.kw, PIXEL * a.sw, PIXEL * a.dw,
        list, count, tileBytes * tile, weightBytes * tile,
        bias + c, 0, y + c, cBytes, a.ow, lanes,
      );
      if (!a.moments) continue;
      if (row == first) {
        addMoments(y + c, cBytes, a.ow, lanes, pivot + c, sums + 2 * c, squares + 2 * c);
        for (let i: usize = 0; i < lanes; i += 4)
          store<f32>(pivot + c + i, <f32>(load<f64>(sums + 2 * (c + i)) / a.ow));
        fill(sums + 2 * c, 2 * lanes, 0);
        fill(squares + 2 * c, 2 * lanes, 0);
      }
      addMoments(y + c, cBytes, a.ow, lanes, pivot + c, sums + 2 * c, squares + 2 * c);
    }
  }
}

/** Mean and biased variance of y over all threads' rows (Chan, Golub and LeVeque 1979). */
export function depthwiseForwardMoments(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DepthwiseForwardArgs>(args);
  if (!a.moments) return;
  const cBytes = channelBytes(a.c);
  const lanes = <i32>(cBytes / 4);
  const to = shareStart(lanes, thread + 1, threads);
  for (let c = shareStart(lanes, thread, threads); c < to; c++) {
    let count: f64 = 0, mean: f64 = 0, m2: f64 = 0;
    for (let t = 0; t < threads; t++) {
      const rows = shareStart(a.n * a.oh, t + 1, threads) - shareStart(a.n * a.oh, t, threads);
      if (!rows) continue;
      const at = shared + partialBytes(cBytes) * t;
      const n = <f64>rows * a.ow;
      const sum = load<f64>(at + 8 * c);
      const squares = load<f64>(at + 2 * cBytes + 8 * c);
      const away = <f64>load<f32>(at + 4 * cBytes + 4 * c) + sum / n - mean;
      m2 += squares - sum * sum / n + away * away * (count * n / (count + n));
      mean += away * (n / (count + n));
      count += n;
    }
    store<f32>(a.moments + 4 * c, <f32>mean);
    store<f32>(a.moments + cBytes + 4 * c, <f32>max(m2 / count, 0));
  }
}

/** Packed weights [taps][cp] to [tile][taps][16]. */
function tileWeights(w: usize, cBytes: usize, taps: i32, to: usize): void {
  for (let t = 0; t < taps; t++, w += cBytes, to += PIXEL)
    for (let c: usize = 0; c < cBytes; c += 16)
      v128.store(to + (c & ~63) * taps + (c & 63), v128.load(w + c));
}
