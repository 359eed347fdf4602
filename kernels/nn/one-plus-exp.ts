/**
 * The sigmoid's denominator for loops, its constants given: V8 builds a vector constant anew at each use, three instructions each, unless it
 * was read from memory. Kept in registers they serve where little else is; loaded once for four vectors, where much is.
 */

import { madd } from "./simd";

/** 1, 2^23 * 1.5, -1 / ln 2, +-87, and the coefficients of 2^f on [-1/2, 1/2] from f^5 to f (least largest relative error, 1.1e-7). */
export const CONSTANTS = memory.data<f32>(
  [
    1, 1, 1, 1, 12582912, 12582912, 12582912, 12582912,
    -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634,
    87, 87, 87, 87, -87, -87, -87, -87,
    0.0013264727, 0.0013264727, 0.0013264727, 0.0013264727, 0.009671513, 0.009671513, 0.009671513, 0.009671513,
    0.055507336, 0.055507336, 0.055507336, 0.055507336, 0.24022242, 0.24022242, 0.24022242, 0.24022242,
    0.693147, 0.693147, 0.693147, 0.693147,
  ],
  16,
);

/** 1 + exp(-z) for z clamped to +-87; a NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function onePlusExp(
  z: v128, one: v128, round: v128, log2: v128, high: v128, low: v128, c5: v128, c4: v128, c3: v128, c2: v128, c1: v128,
): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(z, high), low);
  const shifted = madd(clamped, log2, round);
  const f = madd(clamped, log2, f32x4.sub(round, shifted));
  const power = madd(madd(madd(madd(madd(c5, f, c4), f, c3), f, c2), f, c1), f, one);
  return f32x4.add(one, i32x4.add(power, i32x4.shl(shifted, 23)));
}
