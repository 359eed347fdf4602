/**
 * Mean and variance of every channel while its values are made: sums about the thread's first row, float32 within a chunk and float64 over
 * chunks; the threads' sums are joined by Chan, Golub and LeVeque's formula (1979).
 */

import { ZERO, madd } from "./simd";

/** A thread's part: per channel the count, sum and sum of squares (f64) and the pivot (f32). */
export function momentsBytes(kp: i32): usize {
  return (<usize>kp * 28 + 63) & ~63;
}

export function clearMoments(part: usize, kp: i32): void {
  memory.fill(part, 0, momentsBytes(kp));
}

// @ts-ignore: decorator
@inline
function addWide(at: usize, v: v128): void {
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v)));
  const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
  v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
}

/** Adds `rows` values of four channels, `stride` bytes apart. */
function addFour(part: usize, kp: i32, channel: i32, from: usize, stride: usize, rows: i32): void {
  const count = part + (<usize>channel << 3);
  const sums = count + (<usize>kp << 3);
  const squares = sums + (<usize>kp << 3);
  const pivotAt = part + <usize>kp * 24 + (<usize>channel << 2);
  if (load<f64>(count) == 0) v128.store(pivotAt, v128.load(from));
  const pivot = v128.load(pivotAt);
  let s0 = ZERO;
  let s1 = ZERO;
  let q0 = ZERO;
  let q1 = ZERO;
  let r = rows;
  for (; r >= 2; r -= 2) {
    const a = f32x4.sub(v128.load(from), pivot);
    const b = f32x4.sub(v128.load(from + stride), pivot);
    s0 = f32x4.add(s0, a);
    s1 = f32x4.add(s1, b);
    q0 = madd(a, a, q0);
    q1 = madd(b, b, q1);
    from += 2 * stride;
  }
  if (r) {
    const a = f32x4.sub(v128.load(from), pivot);
    s0 = f32x4.add(s0, a);
    q0 = madd(a, a, q0);
  }
  addWide(sums, f32x4.add(s0, s1));
  addWide(squares, f32x4.add(q0, q1));
  const added = f64x2.splat(<f64>rows);
  v128.store(count, f64x2.add(v128.load(count), added));
  v128.store(count, f64x2.add(v128.load(count, 16), added), 16);
}

export function addMoments(
  part: usize,
  kp: i32,
  channel: i32,
  from: usize,
  stride: usize,
  rows: i32,
  width: i32,
): void {
  for (let i = 0; i < width; i += 4)
    addFour(part, kp, channel + i, from + (<usize>i << 2), stride, rows);
}

/** Writes [mean kp][biased variance kp] of channels [from, to) from all threads' parts. */
export function joinMoments(parts: usize, threads: i32, kp: i32, from: i32, to: i32, moments: usize): void {
  const wide = <usize>kp << 3;
  for (let channel = from; channel < to; channel++) {
    let count: f64 = 0;
    let mean: f64 = 0;
    let m2: f64 = 0;
    for (let t = 0; t < threads; t++) {
      const part = parts + <usize>t * momentsBytes(kp);
      const at = part + (<usize>channel << 3);
      const n = load<f64>(at);
      if (n == 0) continue;
      const sum = load<f64>(at + wide);
      const partMean = <f64>load<f32>(part + 3 * wide + (<usize>channel << 2)) + sum / n;
      const delta = partMean - mean;
      const total = count + n;
      m2 += load<f64>(at + 2 * wide) - (sum * sum) / n + (delta * delta * count * n) / total;
      mean += (delta * n) / total;
      count = total;
    }
    store<f32>(moments + (<usize>channel << 2), <f32>mean);
    const variance = m2 / count;
    store<f32>(moments + (<usize>(kp + channel) << 2), <f32>(variance < 0 ? 0 : variance));
  }
}
