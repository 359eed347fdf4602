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

/**
 * logistic of the four vectors at `at`, in place: they share each constant that is loaded, which makes them a third faster than one by
 * one.
 */
// @ts-ignore: decorator
@inline
export function logistic4(at: usize): void {
  let k = v128.load(K, 16);
  let t0 = f32x4.mul(v128.load(at, 0), k);
  let t1 = f32x4.mul(v128.load(at, 16), k);
  let t2 = f32x4.mul(v128.load(at, 32), k);
  let t3 = f32x4.mul(v128.load(at, 48), k);
  k = v128.load(K, 32);
  t0 = f32x4.pmin(t0, k);
  t1 = f32x4.pmin(t1, k);
  t2 = f32x4.pmin(t2, k);
  t3 = f32x4.pmin(t3, k);
  k = v128.load(K, 48);
  t0 = f32x4.pmax(t0, k);
  t1 = f32x4.pmax(t1, k);
  t2 = f32x4.pmax(t2, k);
  t3 = f32x4.pmax(t3, k);
  k = v128.load(K, 64);
  const n0 = f32x4.add(t0, k);
  const n1 = f32x4.add(t1, k);
  const n2 = f32x4.add(t2, k);
  const n3 = f32x4.add(t3, k);
  t0 = f32x4.sub(t0, f32x4.sub(n0, k));
  t1 = f32x4.sub(t1, f32x4.sub(n1, k));
  t2 = f32x4.sub(t2, f32x4.sub(n2, k));
  t3 = f32x4.sub(t3, f32x4.sub(n3, k));
  k = v128.load(K, 80);
  const next = v128.load(K, 96);
  let p0 = madd(k, t0, next);
  let p1 = madd(k, t1, next);
  let p2 = madd(k, t2, next);
  let p3 = madd(k, t3, next);
  k = v128.load(K, 112);
  p0 = madd(p0, t0, k);
  p1 = madd(p1, t1, k);
  p2 = madd(p2, t2, k);
  p3 = madd(p3, t3, k);
  k = v128.load(K, 128);
  p0 = madd(p0, t0, k);
  p1 = madd(p1, t1, k);
  p2 = madd(p2, t2, k);
  p3 = madd(p3, t3, k);
  k = v128.load(K, 144);
  p0 = madd(p0, t0, k);
  p1 = madd(p1, t1, k);
  p2 = madd(p2, t2, k);
  p3 = madd(p3, t3, k);
  k = v128.load(K);
  p0 = madd(p0, t0, k);
  p1 = madd(p1, t1, k);
  p2 = madd(p2, t2, k);
  p3 = madd(p3, t3, k);
  v128.store(at, f32x4.div(k, f32x4.add(k, i32x4.add(p0, i32x4.shl(n0, 23)))), 0);
  v128.store(at, f32x4.div(k, f32x4.add(k, i32x4.add(p1, i32x4.shl(n1, 23)))), 16);
  v128.store(at, f32x4.div(k, f32x4.add(k, i32x4.add(p2, i32x4.shl(n2, 23)))), 32);
  v128.store(at, f32x4.div(k, f32x4.add(k, i32x4.add(p3, i32x4.shl(n3, 23)))), 48);
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
