/** Element by element over dense tensors. Counts are of floats, padding included, and multiples of four. */

import { activate, activateGradient } from "./activate";
import { madd } from "./simd";
import { padded, share, vectorOr } from "./sums";

// @ts-ignore: decorator
@inline
function firstByte(count: usize, thread: i32, threads: i32): usize {
  return share(count >> 2, thread, threads) << 4;
}

@unmanaged class UnaryArgs {
  x: usize;
  y: usize;
  act: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

/** y = act(x), padding kept at 0. */
export function unary(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<UnaryArgs>(args);
  const bytes = padded(a.c) << 2;
  const ones = vectorOr(0, 1, a.c, scratch);
  const rows = <usize>a.n * <usize>a.pixels;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const x = a.x + row * bytes;
    const y = a.y + row * bytes;
    for (let v: usize = 0; v < bytes; v += 16) {
      v128.store(y + v, f32x4.mul(activate(a.act, v128.load(x + v)), v128.load(ones + v)));
    }
  }
}

@unmanaged class UnaryBackwardArgs {
  g: usize;
  x: usize;
  dx: usize;
  act: i32;
  accumulate: i32;
  count: usize;
}

/** dx = (or +=) g act'(x). */
export function unaryBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<UnaryBackwardArgs>(args);
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    const d = f32x4.mul(v128.load(a.g + i), activateGradient(a.act, v128.load(a.x + i)));
    v128.store(a.dx + i, a.accumulate ? f32x4.add(v128.load(a.dx + i), d) : d);
  }
}

@unmanaged class BinaryArgs {
  a: usize;
  b: usize;
  out: usize;
  count: usize;
}

/** out = a + b. */
export function add(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<BinaryArgs>(args);
  const x = a.a;
  const y = a.b;
  const out = a.out;
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    v128.store(out + i, f32x4.add(v128.load(x + i), v128.load(y + i)));
  }
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

@unmanaged class AddIntoArgs {
  src: usize;
  dst: usize;
  count: usize;
}

/** dst += src. */
export function addInto(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<AddIntoArgs>(args);
  const src = a.src;
  const dst = a.dst;
  const last = firstByte(a.count, thread + 1, threads);
  for (let i = firstByte(a.count, thread, threads); i < last; i += 16) {
    v128.store(dst + i, f32x4.add(v128.load(dst + i), v128.load(src + i)));
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

@unmanaged class GateMultiplyArgs {
  x: usize;
  gate: usize;
  out: usize;
  accumulate: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

/** out[n][p][c] = (or +=) x[n][p][c] gate[n][c]. */
export function gateMultiply(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GateMultiplyArgs>(args);
  const bytes = padded(a.c) << 2;
  const each = <usize>a.pixels;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const gate = a.gate + (row / each) * bytes;
    const x = a.x + row * bytes;
    const out = a.out + row * bytes;
    if (a.accumulate) {
      for (let v: usize = 0; v < bytes; v += 16) {
        v128.store(out + v, madd(v128.load(x + v), v128.load(gate + v), v128.load(out + v)));
      }
    } else {
      for (let v: usize = 0; v < bytes; v += 16) v128.store(out + v, f32x4.mul(v128.load(x + v), v128.load(gate + v)));
    }
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
