/** Sums over the depthwise convolution's outputs, float32 within a row and float64 over rows. */

import { madd, ZERO } from "./simd";

/** Adds to sum and squares ([16] float64) the outputs' differences from the pivot and their squares; float32 over 64 outputs at most. */
export function addMoments(y: usize, cBytes: usize, outputs: i32, lanes: usize, pivot: usize, sum: usize, squares: usize): void {
  for (let lane: usize = 0; lane < lanes; lane += 16) {
    const middle = v128.load(pivot + lane);
    let p = y + lane;
    for (let left = outputs; left > 0; left -= 64) {
      let s0 = ZERO, s1 = ZERO, s2 = ZERO, s3 = ZERO, q0 = ZERO, q1 = ZERO, q2 = ZERO, q3 = ZERO;
      let i = min(left, 64);
      for (; i >= 4; i -= 4) {
        const d0 = f32x4.sub(v128.load(p), middle); p += cBytes;
        const d1 = f32x4.sub(v128.load(p), middle); p += cBytes;
        const d2 = f32x4.sub(v128.load(p), middle); p += cBytes;
        const d3 = f32x4.sub(v128.load(p), middle); p += cBytes;
        s0 = f32x4.add(s0, d0);
        s1 = f32x4.add(s1, d1);
        s2 = f32x4.add(s2, d2);
        s3 = f32x4.add(s3, d3);
        q0 = madd(d0, d0, q0);
        q1 = madd(d1, d1, q1);
        q2 = madd(d2, d2, q2);
        q3 = madd(d3, d3, q3);
      }
      for (; i > 0; i--, p += cBytes) {
        const d = f32x4.sub(v128.load(p), middle);
        s0 = f32x4.add(s0, d);
        q0 = madd(d, d, q0);
      }
      addTo64(sum + 2 * lane, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
      addTo64(squares + 2 * lane, f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3)));
    }
  }
}

/** Adds four floats to four float64 at `to`. */
// @ts-ignore: decorator
@inline
export function addTo64(to: usize, four: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(four)));
  const high = v128.shuffle<i32>(four, four, 2, 3, 0, 1);
  v128.store(to + 16, f64x2.add(v128.load(to + 16), f64x2.promote_low_f32x4(high)));
}
