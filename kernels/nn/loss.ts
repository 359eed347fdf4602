/** Losses with their gradients, each a mean, in float64 inside. Logits are [n][fp]; what a gradient is scaled by is read from memory. */

import { exp64, log1p64, log64 } from "./math";
import { padded, share } from "./sums";

// @ts-ignore: decorator
@inline
function scaleAt(address: usize): f64 {
  return address ? <f64>load<f32>(address) : 1;
}

/** ln(1 + e^-x). */
// @ts-ignore: decorator
@inline
function softplusNegative(x: f64): f64 {
  return max<f64>(-x, 0) + log1p64(exp64(-abs(x)));
}

/** This thread's part of the loss, to shared; the second phases add them up. */
// @ts-ignore: decorator
@inline
function keep(shared: usize, thread: i32, total: f64): void {
  store<f64>(shared + (<usize>thread << 3), total);
}

function total(shared: usize, threads: i32): f64 {
  let sum: f64 = 0;
  for (let t = 0; t < threads; t++) sum += load<f64>(shared + (<usize>t << 3));
  return sum;
}

@unmanaged class BceArgs {
  logits: usize;
  targets: usize;
  loss: usize;
  dLogits: usize;
  lossScale: usize;
  n: i32;
  f: i32;
  posWeight: usize;
  weight: usize;
}

/** What the terms' sum is divided by: their count, or the sum of their weights. */
function bceTerms(a: BceArgs): f64 {
  if (!a.weight) return <f64>a.n * <f64>a.f;
  const fp = padded(a.f);
  let sum: f64 = 0;
  for (let row: usize = 0; row < <usize>a.n; row++) {
    for (let i: usize = 0; i < <usize>a.f; i++) sum += <f64>load<f32>(a.weight + ((row * fp + i) << 2));
  }
  return sum;
}

/** torch.nn.BCEWithLogitsLoss: (1 - t) x + (1 + (posWeight - 1) t) ln(1 + e^-x); with weights the mean that they weigh, 0 where all are 0. */
export function bceWithLogits(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<BceArgs>(args);
  const fp = padded(a.f);
  const terms = bceTerms(a);
  const factor = terms ? scaleAt(a.lossScale) / terms : 0;
  const last = share(<usize>a.n, thread + 1, threads);
  let sum: f64 = 0;
  for (let row = share(<usize>a.n, thread, threads); row < last; row++) {
    for (let i: usize = 0; i < fp; i++) {
      const at = (row * fp + i) << 2;
      if (i >= <usize>a.f) {
        if (a.dLogits) store<f32>(a.dLogits + at, 0);
        continue;
      }
      const x = <f64>load<f32>(a.logits + at);
      const t = <f64>load<f32>(a.targets + at);
      const w: f64 = a.weight ? <f64>load<f32>(a.weight + at) : 1;
      const positive = a.posWeight ? 1 + (<f64>load<f32>(a.posWeight + (i << 2)) - 1) * t : 1;
      sum += w * ((1 - t) * x + positive * softplusNegative(x));
      if (a.dLogits) store<f32>(a.dLogits + at, <f32>(w * (1 - t - positive / (1 + exp64(x))) * factor));
    }
  }
  keep(shared, thread, sum);
}

export function bceWithLogitsFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread != 0) return;
  const a = changetype<BceArgs>(args);
  const terms = bceTerms(a);
  store<f32>(a.loss, terms ? <f32>(total(shared, threads) / terms) : 0);
}

@unmanaged class FocalArgs {
  logits: usize;
  targets: usize;
  loss: usize;
  dLogits: usize;
  lossScale: usize;
  n: i32;
  f: i32;
  gamma: f32;
  alpha: f32;
}

/** base^power for base in [0, 1]. */
// @ts-ignore: decorator
@inline
function powerOf(base: f64, power: f64): f64 {
  return power == 0 ? 1 : base == 0 ? (power > 0 ? 0 : Infinity) : exp64(power * log64(base));
}

/** torchvision.ops.sigmoid_focal_loss (Lin et al. 2017); alpha below 0: no weights. */
export function focal(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<FocalArgs>(args);
  const fp = padded(a.f);
  const factor = scaleAt(a.lossScale) / (<f64>a.n * <f64>a.f);
  const gamma = <f64>a.gamma;
  const alpha = <f64>a.alpha;
  const last = share(<usize>a.n, thread + 1, threads);
  let sum: f64 = 0;
  for (let row = share(<usize>a.n, thread, threads); row < last; row++) {
    for (let i: usize = 0; i < fp; i++) {
      const at = (row * fp + i) << 2;
      if (i >= <usize>a.f) {
        if (a.dLogits) store<f32>(a.dLogits + at, 0);
        continue;
      }
      const x = <f64>load<f32>(a.logits + at);
      const t = <f64>load<f32>(a.targets + at);
      const p = 1 / (1 + exp64(-x));
      const q = 1 / (1 + exp64(x));
      const wrong = p * (1 - t) + q * t;
      const entropy = (1 - t) * x + softplusNegative(x);
      const weight = alpha >= 0 ? alpha * t + (1 - alpha) * (1 - t) : 1;
      const modulation = powerOf(wrong, gamma);
      sum += weight * entropy * modulation;
      if (!a.dLogits) continue;
      const entropySlope = (1 - t) * p - t * q;
      const wrongSlope = (1 - 2 * t) * p * q;
      // At wrong = 0 so is wrongSlope, and their product with the power below stays 0 for every gamma above 0.
      const modulationSlope = gamma == 0 || wrong == 0 ? 0 : gamma * (modulation / wrong) * wrongSlope;
      store<f32>(a.dLogits + at, <f32>(weight * (entropySlope * modulation + entropy * modulationSlope) * factor));
    }
  }
  keep(shared, thread, sum);
}

export function focalFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<FocalArgs>(args);
  if (thread == 0) store<f32>(a.loss, <f32>(total(shared, threads) / (<f64>a.n * <f64>a.f)));
}

@unmanaged class CrossEntropyArgs {
  logits: usize;
  targets: usize;
  loss: usize;
  dLogits: usize;
  lossScale: usize;
  n: i32;
  f: i32;
  targetStride: i32;
  smoothing: f32;
}

/** torch.nn.CrossEntropyLoss with class indices: (1 - s) (-ln p[t]) + s mean over classes of -ln p. */
export function crossEntropy(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<CrossEntropyArgs>(args);
  const fp = padded(a.f);
  const f = <usize>a.f;
  const factor = scaleAt(a.lossScale) / <f64>a.n;
  const smoothing = <f64>a.smoothing;
  const stride = <usize>max(1, a.targetStride);
  const last = share(<usize>a.n, thread + 1, threads);
  let sum: f64 = 0;
  for (let row = share(<usize>a.n, thread, threads); row < last; row++) {
    const logits = a.logits + ((row * fp) << 2);
    const wanted = load<f32>(a.targets + ((row * stride) << 2));
    let largest = <f64>load<f32>(logits);
    let mean: f64 = 0;
    let chosen: f64 = NaN;
    for (let i: usize = 0; i < f; i++) {
      const x = <f64>load<f32>(logits + (i << 2));
      largest = max(largest, x);
      mean += x / <f64>f;
      if (<f32>i == wanted) chosen = x;
    }
    let exponentials: f64 = 0;
    for (let i: usize = 0; i < f; i++) exponentials += exp64(<f64>load<f32>(logits + (i << 2)) - largest);
    const normaliser = largest + log64(exponentials);
    sum += normaliser - (1 - smoothing) * chosen - smoothing * mean;
    if (!a.dLogits) continue;
    for (let i: usize = 0; i < fp; i++) {
      let slope: f64 = 0;
      if (i < f) {
        slope = exp64(<f64>load<f32>(logits + (i << 2)) - normaliser) - smoothing / <f64>f;
        if (<f32>i == wanted) slope -= 1 - smoothing;
      }
      store<f32>(a.dLogits + ((row * fp + i) << 2), <f32>(slope * factor));
    }
  }
  keep(shared, thread, sum);
}

export function crossEntropyFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<CrossEntropyArgs>(args);
  if (thread == 0) store<f32>(a.loss, <f32>(total(shared, threads) / <f64>a.n));
}

@unmanaged class MseArgs {
  x: usize;
  targets: usize;
  loss: usize;
  dx: usize;
  lossScale: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

/** torch.nn.MSELoss over tensors of any size. */
export function mse(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MseArgs>(args);
  const rows = <usize>a.n * <usize>a.pixels;
  const bytes = padded(a.c) << 2;
  const factor = f32x4.splat(<f32>((2 * scaleAt(a.lossScale)) / (<f64>rows * <f64>a.c)));
  const last = share(rows, thread + 1, threads) * bytes;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let at = share(rows, thread, threads) * bytes; at < last; at += 16) {
    const d = f32x4.sub(v128.load(a.x + at), v128.load(a.targets + at));
    const p = f64x2.promote_low_f32x4(d);
    const q = f64x2.promote_low_f32x4(i8x16.shuffle(d, d, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    low = f64x2.add(low, f64x2.mul(p, p));
    high = f64x2.add(high, f64x2.mul(q, q));
    if (a.dx) v128.store(a.dx + at, f32x4.mul(d, factor));
  }
  low = f64x2.add(low, high);
  keep(shared, thread, f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1));
}

export function mseFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MseArgs>(args);
  if (thread == 0) store<f32>(a.loss, <f32>(total(shared, threads) / (<f64>a.n * <f64>a.pixels * <f64>a.c)));
}

@unmanaged class AddNumberArgs {
  x: usize;
  out: usize;
  factor: f32;
  accumulate: i32;
}

/** out = (or +=) factor x, of one float. */
export function addNumber(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread != 0) return;
  const a = changetype<AddNumberArgs>(args);
  const term = a.factor * load<f32>(a.x);
  store<f32>(a.out, a.accumulate ? load<f32>(a.out) + term : term);
}
