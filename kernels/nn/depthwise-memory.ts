/** Shares of the work and small areas of memory, for the depthwise kernels. */

import { PIXEL } from "./depthwise-rows";

/** Marks a place of a ring that holds no row yet. */
export const EMPTY: i32 = -1;

// @ts-ignore: decorator
@inline
export function shareStart(items: i32, thread: i32, threads: i32): i32 {
  return <i32>(<i64>items * thread / threads);
}

// @ts-ignore: decorator
@inline
export function to64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

/** Bytes of a pixel's channels in memory: a multiple of 16. */
// @ts-ignore: decorator
@inline
export function channelBytes(c: i32): usize {
  return <usize>(c + 3 >> 2) * 16;
}

export function fill(at: usize, bytes: usize, value: f32): void {
  const v = f32x4.splat(value);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(at + i, v);
}

/** Writes zeros beside the `inner` middle columns of tiles of tileBytes. */
export function zeroMargins(at: usize, tiles: i32, tileBytes: usize, left: i32, inner: i32): void {
  const start = PIXEL * left;
  const end = start + PIXEL * inner;
  for (; tiles > 0; tiles--, at += tileBytes) {
    fill(at, start, 0);
    fill(at + end, tileBytes - end, 0);
  }
}
