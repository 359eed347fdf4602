/**
 * Losses from logits, each with its gradient: means over the batch, in float64 inside. `weight` scales the gradient, for
 * accumulation over several batches. Targets may be soft (mixed labels).
 */

import { padded, share } from "./sums";

/** Natural logarithm of 1 + x for 0 <= x <= 1, and exp for x <= 0, in float64 without tables. */
function expNegative(x: f64): f64 {
  if (x < -745) return 0;
  if (x != x) return x;
  const n = nearest(x * 1.4426950408889634);
  const r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  let p: f64 = 1;
  for (let k = 14; k > 0; k--) p = 1 + (r * p) / <f64>k;
  let power: f64 = 1;
  for (let i = <i32>-n; i > 0; i--) power *= 0.5;
  return p * power;
}

/** log(1 + x), 0 <= x <= 1, by 2 artanh(x / (2 + x)). */
function log1pSmall(x: f64): f64 {
  const s = x / (2 + x);
  const s2 = s * s;
  let sum: f64 = 0;
  for (let k = 35; k > 0; k -= 2) sum = sum * s2 + 1 / <f64>k;
  return 2 * s * sum;
}

/** log of x > 0: the exponent taken off, the rest by artanh. */
function logarithm(x: f64): f64 {
  let n = 0;
  while (x > 1.5) {
    x *= 0.5;
    n++;
  }
  while (x < 0.75) {
    x *= 2;
    n--;
  }
  const s = (x - 1) / (x + 1);
  const s2 = s * s;
  let sum: f64 = 0;
  for (let k = 35; k > 0; k -= 2) sum = sum * s2 + 1 / <f64>k;
  return 2 * s * sum + <f64>n * 0.6931471805599453;
}

@unmanaged class BceArgs {
  x: usize;
  targets: usize;
  posWeight: usize;
  loss: usize;
  dx: usize;
  n: i32;
  c: i32;
  weight: f32;
}

/** PyTorch's binary_cross_entropy_with_logits; posWeight [c] or absent. */
export function bceWithLogits(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread) return;
  const a = changetype<BceArgs>(args);
  const count = <f64>a.n * <f64>a.c;
  const cp = <i32>padded(a.c);
  let sum: f64 = 0;
  for (let i = 0; i < a.n; i++) {
    for (let j = 0; j < cp; j++) {
      const at = (<usize>i * <usize>cp + <usize>j) << 2;
      if (j >= a.c) {
        store<f32>(a.dx + at, 0);
        continue;
      }
      const x = <f64>load<f32>(a.x + at);
      const t = <f64>load<f32>(a.targets + at);
      const positive = a.posWeight ? <f64>load<f32>(a.posWeight + (<usize>j << 2)) : 1;
      const e = expNegative(-abs(x));
      const sigmoid = x >= 0 ? 1 / (1 + e) : e / (1 + e);
      const logOne = log1pSmall(e);
      // -log sigmoid(x) and -log (1 - sigmoid(x)).
      const yes = logOne + (x < 0 ? -x : 0);
      const no = logOne + (x > 0 ? x : 0);
      sum += x != x ? x : positive * t * yes + (1 - t) * no;
      const slope = (1 - t) * sigmoid - positive * t * (1 - sigmoid);
      store<f32>(a.dx + at, <f32>((slope / count) * <f64>a.weight));
    }
  }
  store<f32>(a.loss, <f32>(sum / count));
}

@unmanaged class FocalArgs {
  x: usize;
  targets: usize;
  loss: usize;
  dx: usize;
  n: i32;
  c: i32;
  alpha: f32;
  gamma: f32;
  weight: f32;
}

/** Focal loss (Lin 2017), torchvision's sigmoid_focal_loss with the mean taken; alpha below 0 leaves classes unweighted. */
export function focal(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread) return;
  const a = changetype<FocalArgs>(args);
  const count = <f64>a.n * <f64>a.c;
  const gamma = <f64>a.gamma;
  const cp = <i32>padded(a.c);
  let sum: f64 = 0;
  for (let i = 0; i < a.n; i++) {
    for (let j = 0; j < cp; j++) {
      const at = (<usize>i * <usize>cp + <usize>j) << 2;
      if (j >= a.c) {
        store<f32>(a.dx + at, 0);
        continue;
      }
      const x = <f64>load<f32>(a.x + at);
      const t = <f64>load<f32>(a.targets + at);
      const e = expNegative(-abs(x));
      const p = x >= 0 ? 1 / (1 + e) : e / (1 + e);
      const ce = log1pSmall(e) + (x > 0 ? x : 0) - x * t;
      const miss = 1 - (p * t + (1 - p) * (1 - t));
      const alpha = a.alpha < 0 ? 1 : <f64>a.alpha * t + (1 - <f64>a.alpha) * (1 - t);
      const logMiss = miss > 0 ? logarithm(miss) : -745;
      const factor = gamma == 0 ? 1 : miss > 0 ? expNegative(gamma * logMiss) : 0;
      sum += x != x ? x : alpha * ce * factor;
      const missSlope = -(p * (1 - p)) * (2 * t - 1);
      const factorSlope = gamma == 0 || miss <= 0 ? 0 : gamma * (factor / miss) * missSlope;
      store<f32>(a.dx + at, <f32>(((alpha * ((p - t) * factor + ce * factorSlope)) / count) * <f64>a.weight));
    }
  }
  store<f32>(a.loss, <f32>(sum / count));
}

@unmanaged class CrossEntropyArgs {
  x: usize;
  targets: usize;
  loss: usize;
  dx: usize;
  n: i32;
  c: i32;
  smoothing: f32;
  weight: f32;
}

/** PyTorch's cross_entropy with label smoothing; targets [n][4], the class's number first. A class out of range makes the loss NaN. */
export function crossEntropy(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread) return;
  const a = changetype<CrossEntropyArgs>(args);
  const cp = padded(a.c);
  const smoothing = <f64>a.smoothing;
  const spread = smoothing / <f64>a.c;
  let sum: f64 = 0;
  for (let i = 0; i < a.n; i++) {
    const row = a.x + ((<usize>i * cp) << 2);
    const out = a.dx + ((<usize>i * cp) << 2);
    const target = load<f32>(a.targets + (<usize>i << 4));
    const valid = target >= 0 && target < <f32>a.c && floor<f32>(target) == target;
    let top: f64 = -Infinity;
    for (let j: usize = 0; j < <usize>a.c; j++) top = max(top, <f64>load<f32>(row + (j << 2)));
    let total: f64 = 0;
    for (let j: usize = 0; j < <usize>a.c; j++) total += expNegative(<f64>load<f32>(row + (j << 2)) - top);
    const logTotal = top + logarithm(total);
    if (!valid || total != total) sum = NaN;
    for (let j: usize = 0; j < cp; j++) {
      if (j >= <usize>a.c) {
        store<f32>(out + (j << 2), 0);
        continue;
      }
      const x = <f64>load<f32>(row + (j << 2));
      const wanted = spread + (valid && j == <usize>target ? 1 - smoothing : 0);
      sum += wanted * (logTotal - x);
      const slope = expNegative(x - top) / total - wanted;
      store<f32>(out + (j << 2), <f32>((slope / <f64>a.n) * <f64>a.weight));
    }
  }
  store<f32>(a.loss, <f32>(sum / <f64>a.n));
}

@unmanaged class MseArgs {
  x: usize;
  targets: usize;
  loss: usize;
  dx: usize;
  n: i32;
  pixels: i32;
  c: i32;
  weight: f32;
}

/** PyTorch's mse_loss over [n][pixels][cp]; rows are split over the threads. */
export function mse(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MseArgs>(args);
  const cp = padded(a.c);
  const rows = <usize>a.n * <usize>a.pixels;
  const factor = f32x4.splat(<f32>((2 * <f64>a.weight) / (<f64>rows * <f64>a.c)));
  const end = share(rows, thread + 1, threads);
  let sum: f64 = 0;
  for (let row = share(rows, thread, threads); row < end; row++) {
    let squares = f32x4.splat(0);
    const at = (row * cp) << 2;
    for (let v = at; v < at + (cp << 2); v += 16) {
      const d = f32x4.sub(v128.load(a.x + v), v128.load(a.targets + v));
      squares = f32x4.add(squares, f32x4.mul(d, d));
      v128.store(a.dx + v, f32x4.mul(d, factor));
    }
    sum +=
      <f64>f32x4.extract_lane(squares, 0) + <f64>f32x4.extract_lane(squares, 1) +
      <f64>f32x4.extract_lane(squares, 2) + <f64>f32x4.extract_lane(squares, 3);
  }
  store<f64>(shared + (<usize>thread << 3), sum);
}

export function mseFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread) return;
  const a = changetype<MseArgs>(args);
  let sum: f64 = 0;
  for (let t = 0; t < threads; t++) sum += load<f64>(shared + (<usize>t << 3));
  store<f32>(a.loss, <f32>(sum / (<f64>a.n * <f64>a.pixels * <f64>a.c)));
}
