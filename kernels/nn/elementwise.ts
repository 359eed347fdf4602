/** Element by element over dense tensors. Counts are of floats, padding included, and multiples of four. */

import { share } from "./sums";

// @ts-ignore: decorator
@inline
function firstByte(count: usize, thread: i32, threads: i32): usize {
  return share(count >> 2, thread, threads) << 4;
}

@unmanaged class BinaryArgs {
  a: usize;
  b: usize;
  out: usize;
  count: usize;
}

/** out = a * b. */
export function multiply(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<BinaryArgs>(args);
  const x = a.a;
  const y = a.b;
  const out = a.out;
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(x + i), v128.load(y + i)));
  }
}

@unmanaged class MultiplyBackwardArgs {
  g: usize;
  a: usize;
  b: usize;
  da: usize;
  db: usize;
  accumulateA: i32;
  accumulateB: i32;
  count: usize;
}

/** da = (or +=) g b, db = (or +=) g a; either may be absent. Right for a = b too, where da and db differ or one is absent. */
export function multiplyBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MultiplyBackwardArgs>(args);
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    const g = v128.load(a.g + i);
    if (a.da) {
      const d = f32x4.mul(g, v128.load(a.b + i));
      v128.store(a.da + i, a.accumulateA ? f32x4.add(v128.load(a.da + i), d) : d);
    }
    if (a.db) {
      const d = f32x4.mul(g, v128.load(a.a + i));
      v128.store(a.db + i, a.accumulateB ? f32x4.add(v128.load(a.db + i), d) : d);
    }
  }
}

@unmanaged class ScaleIntoArgs {
  x: usize;
  y: usize;
  accumulate: i32;
  count: usize;
  factor: f32;
}

/** y = (or +=) factor x. */
export function scaleInto(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ScaleIntoArgs>(args);
  const factor = f32x4.splat(a.factor);
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    const d = f32x4.mul(v128.load(a.x + i), factor);
    v128.store(a.y + i, a.accumulate ? f32x4.add(v128.load(a.y + i), d) : d);
  }
}

@unmanaged class FillZeroArgs {
  address: usize;
  bytes: usize;
}

/** Bytes are a multiple of four. */
export function fillZero(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<FillZeroArgs>(args);
  const first = share(a.bytes >> 2, thread, threads) << 2;
  const last = share(a.bytes >> 2, thread + 1, threads) << 2;
  memory.fill(a.address + first, 0, last - first);
}
