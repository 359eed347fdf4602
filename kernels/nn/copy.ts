/** Tensors moved between layouts: channel ranges, other logical shapes, the host's channels-first order. */

import { padded, share } from "./sums";

// @ts-ignore: decorator
@inline
function put(to: usize, value: f32, accumulate: bool): void {
  store<f32>(to, accumulate ? load<f32>(to) + value : value);
}

@unmanaged class ConcatPartArgs {
  src: usize;
  dst: usize;
  srcC: i32;
  dstC: i32;
  srcAt: i32;
  dstAt: i32;
  channels: i32;
  accumulate: i32;
  n: i32;
  pixels: i32;
}

/**
 * dst[..., dstAt + i] = (or +=) src[..., srcAt + i] for i < channels. Who stores the last channel of dst stores its padding too.
 */
export function concatPart(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConcatPartArgs>(args);
  const srcBytes = padded(a.srcC) << 2;
  const dstBytes = padded(a.dstC) << 2;
  const end = (<usize>(a.dstAt + a.channels)) << 2;
  const ends = a.accumulate == 0 && a.dstAt + a.channels == a.dstC;
  const bytes = <usize>a.channels << 2;
  const rows = <usize>a.n * <usize>a.pixels;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const src = a.src + row * srcBytes + ((<usize>a.srcAt) << 2);
    const dst = a.dst + row * dstBytes + ((<usize>a.dstAt) << 2);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const value = v128.load(src + i);
      v128.store(dst + i, a.accumulate ? f32x4.add(v128.load(dst + i), value) : value);
    }
    for (; i < bytes; i += 4) put(dst + i, load<f32>(src + i), a.accumulate != 0);
    if (ends) for (let lane = end; lane < dstBytes; lane += 4) store<f32>(a.dst + row * dstBytes + lane, 0);
  }
}

@unmanaged class ReshapeArgs {
  src: usize;
  dst: usize;
  srcC: i32;
  srcPixels: i32;
  dstN: i32;
  dstC: i32;
  dstPixels: i32;
  accumulate: i32;
}

/** dst = (or +=) src, element k of the one's logical order (image, channel, pixel) being element k of the other's. */
export function reshape(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ReshapeArgs>(args);
  const srcC = <usize>a.srcC;
  const srcPixels = <usize>a.srcPixels;
  const srcCp = padded(a.srcC);
  const dstC = <usize>a.dstC;
  const dstPixels = <usize>a.dstPixels;
  const dstCp = padded(a.dstC);
  const rows = <usize>a.dstN * dstPixels;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = row / dstPixels;
    const to = a.dst + ((row * dstCp) << 2);
    let k = image * dstC * dstPixels + (row - image * dstPixels);
    for (let c: usize = 0; c < dstCp; c++, k += dstPixels) {
      if (c >= dstC) {
        store<f32>(to + (c << 2), 0);
        continue;
      }
      const plane = k / srcPixels;
      const from = plane / srcC;
      const at = (from * srcPixels + (k - plane * srcPixels)) * srcCp + (plane - from * srcC);
      put(to + (c << 2), load<f32>(a.src + (at << 2)), a.accumulate != 0);
    }
  }
}

@unmanaged class LayoutArgs {
  src: usize;
  dst: usize;
  n: i32;
  c: i32;
  pixels: i32;
}

/** Four floats of a channel's plane, or zeros past the last channel. */
// @ts-ignore: decorator
@inline
function planeOr(from: usize, channel: usize, c: usize, planeBytes: usize): v128 {
  return channel < c ? v128.load(from + channel * planeBytes) : f32x4.splat(0);
}

/** The host's [n][c][pixels] to [n][pixels][cp], four pixels of four channels at a time. */
export function nchwToNhwc(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<LayoutArgs>(args);
  const c = <usize>a.c;
  const cp = padded(a.c);
  const bytes = cp << 2;
  const pixels = <usize>a.pixels;
  const planeBytes = pixels << 2;
  const rows = <usize>a.n * pixels;
  const last = share(rows, thread + 1, threads);
  let row = share(rows, thread, threads);
  while (row < last) {
    const image = row / pixels;
    const end = min(last, (image + 1) * pixels);
    let from = a.src + ((image * c * pixels + (row - image * pixels)) << 2);
    let to = a.dst + row * bytes;
    for (; row + 4 <= end; row += 4, from += 16, to += 4 * bytes) {
      for (let i: usize = 0; i < cp; i += 4) {
        const c0 = v128.load(from + i * planeBytes);
        const c1 = planeOr(from, i + 1, c, planeBytes);
        const c2 = planeOr(from, i + 2, c, planeBytes);
        const c3 = planeOr(from, i + 3, c, planeBytes);
        const low01 = i32x4.shuffle(c0, c1, 0, 4, 1, 5);
        const low23 = i32x4.shuffle(c2, c3, 0, 4, 1, 5);
        const high01 = i32x4.shuffle(c0, c1, 2, 6, 3, 7);
        const high23 = i32x4.shuffle(c2, c3, 2, 6, 3, 7);
        const at = to + (i << 2);
        v128.store(at, i32x4.shuffle(low01, low23, 0, 1, 4, 5));
        v128.store(at + bytes, i32x4.shuffle(low01, low23, 2, 3, 6, 7));
        v128.store(at + 2 * bytes, i32x4.shuffle(high01, high23, 0, 1, 4, 5));
        v128.store(at + 3 * bytes, i32x4.shuffle(high01, high23, 2, 3, 6, 7));
      }
    }
    for (; row < end; row++, from += 4, to += bytes) {
      for (let i: usize = 0; i < cp; i++) {
        store<f32>(to + (i << 2), i < c ? load<f32>(from + i * planeBytes) : 0);
      }
    }
  }
}

/** [n][pixels][cp] to the host's [n][c][pixels]. */
export function nhwcToNchw(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<LayoutArgs>(args);
  const c = <usize>a.c;
  const cp = padded(a.c);
  const pixels = <usize>a.pixels;
  const rows = <usize>a.n * pixels;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = row / pixels;
    const to = a.dst + ((image * c * pixels + (row - image * pixels)) << 2);
    const from = a.src + ((row * cp) << 2);
    for (let i: usize = 0; i < c; i++) store<f32>(to + ((i * pixels) << 2), load<f32>(from + (i << 2)));
  }
}
