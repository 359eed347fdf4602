/** Optimisers over flat arenas of weights, PyTorch's formulas: SGD, Adam, AdamW; the gradient's norm, clipping, moving average. */

import { madd } from "./simd";

/** This thread's part of `count` floats, in bytes, cut at multiples of 64 bytes. */
// @ts-ignore: decorator
@inline
function cut(count: usize, thread: i32, threads: i32): usize {
  if (thread == threads) return count << 2;
  const lines = <u64>((count + 15) >> 4);
  return <usize>((lines * <u64>thread) / <u64>threads) << 6;
}

@unmanaged class FillZeroArgs {
  y: usize;
  count: usize;
}

export function fillZero(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<FillZeroArgs>(args);
  const from = cut(a.count, thread, threads);
  memory.fill(a.y + from, 0, cut(a.count, thread + 1, threads) - from);
}

@unmanaged class SgdArgs {
  w: usize;
  g: usize;
  momentum_: usize;
  decays: usize;
  decayCount: usize;
  lr: usize;
  step: usize;
  momentum: f32;
  dampening: f32;
  nesterov: i32;
  count: usize;
}

/** One run of weights with one decay: start and end in floats, then the decay. */
@unmanaged class Run {
  start: usize;
  end: usize;
  decay: f32;
}

@inline const RUN_BYTES: usize = 12;

export function sgd(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<SgdArgs>(args);
  const from = cut(a.count, thread, threads);
  const to = cut(a.count, thread + 1, threads);
  const rate = f32x4.splat(-load<f32>(a.lr));
  const momentum = f32x4.splat(a.momentum);
  const first = load<u32>(a.step) == 1;
  const taken = f32x4.splat(first ? 1 : 1 - a.dampening);
  for (let i: usize = 0; i < a.decayCount; i++) {
    const run = changetype<Run>(a.decays + i * RUN_BYTES);
    const decay = f32x4.splat(run.decay);
    const end = min(to, run.end << 2);
    for (let at = max(from, run.start << 2); at < end; at += 16) {
      const w = v128.load(a.w + at);
      const g = madd(w, decay, v128.load(a.g + at));
      const buffer = madd(v128.load(a.momentum_ + at), momentum, f32x4.mul(g, taken));
      v128.store(a.momentum_ + at, buffer);
      v128.store(a.w + at, madd(rate, a.nesterov ? madd(buffer, momentum, g) : buffer, w));
    }
  }
}

@unmanaged class AdamArgs {
  w: usize;
  g: usize;
  m: usize;
  v: usize;
  decays: usize;
  decayCount: usize;
  lr: usize;
  step: usize;
  beta1: f32;
  beta2: f32;
  eps: f32;
  decoupled: i32;
  count: usize;
}

/** b to the power of n, by squaring. */
function power(b: f64, n: u32): f64 {
  let result: f64 = 1;
  for (let square = b; n; n >>= 1) {
    if (n & 1) result *= square;
    square *= square;
  }
  return result;
}

/** A float32 as the decimal that was meant: 0.9 rather than 0.89999998. */
// @ts-ignore: decorator
@inline
function meant(x: f32): f64 {
  return nearest(<f64>x * 1e6) / 1e6;
}

export function adam(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<AdamArgs>(args);
  const from = cut(a.count, thread, threads);
  const to = cut(a.count, thread + 1, threads);
  const step = load<u32>(a.step);
  const lr = <f64>load<f32>(a.lr);
  const beta1 = meant(a.beta1);
  const beta2 = meant(a.beta2);
  const stepSize = f32x4.splat(<f32>(-lr / (1 - power(beta1, step))));
  const rootCorrection = f32x4.splat(<f32>(1 / sqrt<f64>(1 - power(beta2, step))));
  const eps = f32x4.splat(a.eps);
  const b1 = f32x4.splat(<f32>beta1);
  const b2 = f32x4.splat(<f32>beta2);
  const one1 = f32x4.splat(<f32>(1 - beta1));
  const one2 = f32x4.splat(<f32>(1 - beta2));
  for (let i: usize = 0; i < a.decayCount; i++) {
    const run = changetype<Run>(a.decays + i * RUN_BYTES);
    const decay = f32x4.splat(a.decoupled ? 0 : run.decay);
    const kept = f32x4.splat(a.decoupled ? <f32>(1 - lr * <f64>run.decay) : 1);
    const end = min(to, run.end << 2);
    for (let at = max(from, run.start << 2); at < end; at += 16) {
      const w = f32x4.mul(v128.load(a.w + at), kept);
      const g = madd(w, decay, v128.load(a.g + at));
      const m = madd(v128.load(a.m + at), b1, f32x4.mul(g, one1));
      const v = madd(v128.load(a.v + at), b2, f32x4.mul(f32x4.mul(g, g), one2));
      v128.store(a.m + at, m);
      v128.store(a.v + at, v);
      const denominator = madd(f32x4.sqrt(v), rootCorrection, eps);
      v128.store(a.w + at, madd(stepSize, f32x4.div(m, denominator), w));
    }
  }
}

@unmanaged class GradNormArgs {
  g: usize;
  norm: usize;
  count: usize;
}

/** norm = sqrt(sum of squares); float64 partial sums, one a thread. */
export function gradNorm(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GradNormArgs>(args);
  const to = cut(a.count, thread + 1, threads);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let at = cut(a.count, thread, threads); at < to; at += 16) {
    const g = v128.load(a.g + at);
    const p = f64x2.promote_low_f32x4(g);
    const q = f64x2.promote_low_f32x4(i8x16.shuffle(g, g, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    low = f64x2.add(low, f64x2.mul(p, p));
    high = f64x2.add(high, f64x2.mul(q, q));
  }
  const sum = f64x2.add(low, high);
  store<f64>(shared + (<usize>thread << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

export function gradNormFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread) return;
  let sum: f64 = 0;
  for (let t = 0; t < threads; t++) sum += load<f64>(shared + (<usize>t << 3));
  store<f32>(changetype<GradNormArgs>(args).norm, <f32>sqrt<f64>(sum));
}

@unmanaged class ClipGradArgs {
  g: usize;
  norm: usize;
  maxNorm: f32;
  count: usize;
}

/** PyTorch's clip_grad_norm_: g times maxNorm / (norm + 1e-6) where that is below 1. */
export function clipGrad(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ClipGradArgs>(args);
  const factor = a.maxNorm / (load<f32>(a.norm) + 1e-6);
  if (factor >= 1) return;
  const f = f32x4.splat(factor);
  const to = cut(a.count, thread + 1, threads);
  for (let at = a.g + cut(a.count, thread, threads); at < a.g + to; at += 16) {
    v128.store(at, f32x4.mul(v128.load(at), f));
  }
}

@unmanaged class EmaArgs {
  w: usize;
  shadow: usize;
  decay: f32;
  count: usize;
}

/** shadow = decay * shadow + (1 - decay) * w. */
export function ema(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<EmaArgs>(args);
  const rest = f32x4.splat(1 - a.decay);
  const to = cut(a.count, thread + 1, threads);
  for (let at = cut(a.count, thread, threads); at < to; at += 16) {
    const s = v128.load(a.shadow + at);
    v128.store(a.shadow + at, madd(f32x4.sub(v128.load(a.w + at), s), rest, s));
  }
}
