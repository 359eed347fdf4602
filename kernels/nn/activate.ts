/** The activations and their gradients, by number as views name them: 0 none, 1 relu, 2 silu, 3 sigmoid. */

import { madd, ZERO } from "./simd";

/**
 * The sigmoid's constants, four times each. They are read from memory because V8 builds a vector constant anew at each use, within
 * the loop, with three instructions: from memory the whole is three times as fast.
 */
const K = memory.data<f32>(
  [
    1.0, 1.0, 1.0, 1.0,
    -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634,
    126.0, 126.0, 126.0, 126.0,
    -126.0, -126.0, -126.0, -126.0,
    12582912.0, 12582912.0, 12582912.0, 12582912.0,
    0.0013390863, 0.0013390863, 0.0013390863, 0.0013390863,
    0.0096760319, 0.0096760319, 0.0096760319, 0.0096760319,
    0.0555035711, 0.0555035711, 0.0555035711, 0.0555035711,
    0.2402210748, 0.2402210748, 0.2402210748, 0.2402210748,
    0.6931471880, 0.6931471880, 0.6931471880, 0.6931471880,
  ],
  16,
);

/** Four ones, from memory too. */
// @ts-ignore: decorator
@inline
export function ones(): v128 {
  return v128.load(K);
}

/**
 * 1 / (1 + 2^(-z / ln 2)): the power as 2^n times a polynomial of degree 5 on [-1/2, 1/2] (interpolated at Chebyshev's nodes, error
 * below 1.1e-7 of the value). A NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function logistic(z: v128): v128 {
  const one = v128.load(K);
  const t = f32x4.pmax(f32x4.pmin(f32x4.mul(z, v128.load(K, 16)), v128.load(K, 32)), v128.load(K, 48));
  const shifted = f32x4.add(t, v128.load(K, 64));
  const f = f32x4.sub(t, f32x4.sub(shifted, v128.load(K, 64)));
  let p = madd(v128.load(K, 80), f, v128.load(K, 96));
  p = madd(p, f, v128.load(K, 112));
  p = madd(p, f, v128.load(K, 128));
  p = madd(p, f, v128.load(K, 144));
  p = madd(p, f, one);
  return f32x4.div(one, f32x4.add(one, i32x4.add(p, i32x4.shl(shifted, 23))));
}

/** act(z). Give `act` as a literal where speed matters: the others then fall away. */
// @ts-ignore: decorator
@inline
export function activate(act: i32, z: v128): v128 {
  if (act == 0) return z;
  if (act == 2) return f32x4.mul(z, logistic(z));
  if (act == 1) return f32x4.pmax(z, ZERO);
  return logistic(z);
}

/** act'(z); relu's is 0 at 0. */
// @ts-ignore: decorator
@inline
export function activateGradient(act: i32, z: v128): v128 {
  const one = v128.load(K);
  if (act == 0) return one;
  if (act == 1) return v128.and(f32x4.gt(z, ZERO), one);
  const s = logistic(z);
  if (act == 2) return madd(f32x4.mul(z, s), f32x4.sub(one, s), s);
  return f32x4.mul(s, f32x4.sub(one, s));
}
