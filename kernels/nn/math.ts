/** Logarithms and powers: vectors of float32 by Cephes' polynomial, and single float64 by series. */

import { exp, madd } from "./simd";

/** ln x for normal x > 0 (Cephes' logf: x = 2^e m, m in [sqrt(1/2), sqrt 2), a polynomial of degree 8). */
export function log(x: v128): v128 {
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  const m = f32x4.sub(i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3)), f32x4.splat(1));
  let p = madd(f32x4.splat(7.0376836292e-2), m, f32x4.splat(-1.151461031e-1));
  p = madd(p, m, f32x4.splat(1.167699874e-1));
  p = madd(p, m, f32x4.splat(-1.2420140846e-1));
  p = madd(p, m, f32x4.splat(1.4249322787e-1));
  p = madd(p, m, f32x4.splat(-1.6668057665e-1));
  p = madd(p, m, f32x4.splat(2.0000714765e-1));
  p = madd(p, m, f32x4.splat(-2.4999993993e-1));
  p = madd(p, m, f32x4.splat(3.3333331174e-1));
  const square = f32x4.mul(m, m);
  let tail = f32x4.mul(f32x4.mul(p, m), square);
  tail = madd(e, f32x4.splat(-2.12194440e-4), tail);
  tail = madd(square, f32x4.splat(-0.5), tail);
  return madd(e, f32x4.splat(0.693359375), f32x4.add(m, tail));
}

/** x^p for x > 0. */
export function power(x: v128, p: v128): v128 {
  return exp(f32x4.mul(p, log(x)));
}

const LN2: f64 = 0.6931471805599453;

/** 2^n for n in [-1022, 1023]. */
// @ts-ignore: decorator
@inline
function exponent(n: i32): f64 {
  return reinterpret<f64>(<i64>(n + 1023) << 52);
}

/** e^x: 2^n times Taylor's series on [-ln 2 / 2, ln 2 / 2]; 0 below -700, infinity above 709. */
export function exp64(x: f64): f64 {
  if (x != x) return x;
  if (x < -700) return 0;
  if (x > 709) return Infinity;
  const n = nearest<f64>(x / LN2);
  const r = x - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10;
  let sum: f64 = 1;
  for (let k: f64 = 13; k > 0; k--) sum = 1 + (sum * r) / k;
  return sum * exponent(<i32>n);
}

/** ln x: exponent, and 2 atanh((m - 1) / (m + 1)) for the rest, m in [sqrt(1/2), sqrt 2); -infinity at 0. */
export function log64(x: f64): f64 {
  if (x != x || x < 0) return NaN;
  if (x == 0) return -Infinity;
  if (x == Infinity) return x;
  let e: i32 = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984;
    e = -54;
  }
  const bits = reinterpret<i64>(x);
  e += <i32>((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    e++;
  }
  return <f64>e * LN2 + series(m - 1);
}

/** ln(1 + f) for f in about [-0.3, 0.42]. */
function series(f: f64): f64 {
  const s = f / (2 + f);
  const square = s * s;
  let sum: f64 = 0;
  for (let k: f64 = 23; k > 0; k -= 2) sum = 1 / k + square * sum;
  return 2 * s * sum;
}

/** ln(1 + x) for x in [0, 1]. */
export function log1p64(x: f64): f64 {
  return x < 0.4 ? series(x) : log64(1 + x);
}
