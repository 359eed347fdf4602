/** Four floats at a time: what every kernel of the network engine builds on. */

export const ZERO: v128 = f32x4.splat(0);

/** a * b + c; fused into one rounding where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** 2^23 * 1.5: adding it rounds to a whole number, which stands in the sum's low bits. */
const ROUNDER: f32 = 12582912;

/**
 * exp(r) for |r| <= ln 2 / 2, times 2^n, n in the low bits of `shifted`. The polynomial is the minimax of the relative error (1.05e-7) among
 * those of degree 5 that start 1 + r.
 */
// @ts-ignore: decorator
@inline
function scaledExp(r: v128, shifted: v128): v128 {
  let p = madd(f32x4.splat(0.0083125013), r, f32x4.splat(0.041890332));
  p = madd(p, r, f32x4.splat(0.16667115));
  p = madd(p, r, f32x4.splat(0.4999923));
  p = madd(p, r, f32x4.splat(1));
  p = madd(p, r, f32x4.splat(1));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** x clamped to +-87; a NaN stays NaN. One instruction each on x86, where min and max take seven. */
// @ts-ignore: decorator
@inline
function clamp(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, f32x4.splat(87)), f32x4.splat(-87));
}

/** n * ln 2 + x; without a fused product in two steps, the first of them exact. */
// @ts-ignore: decorator
@inline
function addLn2(n: v128, x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(n, f32x4.splat(0.6931471805599453), x);
  const high = f32x4.add(f32x4.mul(n, f32x4.splat(0.693359375)), x);
  return f32x4.sub(high, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
}

/** exp(x) for x clamped to +-87, relative error below 4e-7. A NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const clamped = clamp(x);
  const shifted = madd(clamped, f32x4.splat(1.4426950408889634), f32x4.splat(ROUNDER));
  return scaledExp(addLn2(f32x4.sub(f32x4.splat(ROUNDER), shifted), clamped), shifted);
}

/** 1 / (1 + exp(-x)), relative error below 6e-7 (x clamped to +-87). A NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return sigmoidBy(
    x,
    f32x4.splat(1),
    f32x4.splat(87),
    f32x4.splat(-87),
    f32x4.splat(-1.4426950408889634),
    f32x4.splat(ROUNDER),
    f32x4.splat(0.6931471805599453),
    f32x4.splat(-0.0083125013),
    f32x4.splat(0.041890332),
    f32x4.splat(-0.16667115),
    f32x4.splat(0.4999923),
    f32x4.splat(1),
  );
}

/**
 * A constant for `sigmoidBy` that stays in a register: V8 builds constants anew at every use, three instructions each, unless they
 * depend on something; `zero` is a 0 that the compiler can't know.
 */
// @ts-ignore: decorator
@inline
export function held(value: f32, zero: i32): v128 {
  return i32x4.splat(reinterpret<i32>(value) + zero);
}

/** top * sigmoid(x) with the constants given, for loops. */
// @ts-ignore: decorator
@inline
export function sigmoidBy(
  x: v128,
  top: v128,
  high: v128,
  low: v128,
  log2e: v128,
  rounder: v128,
  ln2: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  one: v128,
): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, high), low);
  const shifted = madd(clamped, log2e, rounder);
  const n = f32x4.sub(shifted, rounder);
  let r: v128;
  if (ASC_FEATURE_RELAXED_SIMD) r = f32x4.relaxed_madd(n, ln2, clamped);
  else r = addLn2(n, clamped);
  const p = madd(madd(madd(c5, r, c4), r, c3), r, c2);
  const e = nmadd(nmadd(p, r, one), r, one);
  return f32x4.div(top, f32x4.add(one, i32x4.add(e, i32x4.shl(shifted, 23))));
}
