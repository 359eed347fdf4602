/**
 * Optimisers over flat arenas of parameters and gradients. A parameter begins on a multiple of four floats; `count` is a multiple of
 * four. Learning rates and step numbers are read from memory, where the host writes them before each step.
 */

import { log64, exp64 } from "./math";
import { share } from "./sums";

// @ts-ignore: decorator
@inline
function firstFloat(count: usize, thread: i32, threads: i32): usize {
  return share(count >> 2, thread, threads) << 2;
}

/** A decimal of up to seven places as it was written before it became a float32. */
// @ts-ignore: decorator
@inline
function decimal(value: f32): f64 {
  return nearest<f64>(<f64>value * 1e7) / 1e7;
}

/** Runs of [start, end) floats (rounded out to four) and the weight decay that holds there; sorted, elsewhere it is 0. */
@unmanaged class DecayRun {
  start: u32;
  end: u32;
  decay: f32;
}

/** The next piece from `at` with one decay: up to where it ends. */
// @ts-ignore: decorator
@inline
function pieceEnd(runs: usize, count: i32, at: usize, last: usize): usize {
  for (let i = 0; i < count; i++) {
    const run = changetype<DecayRun>(runs + <usize>i * 12);
    const end = (<usize>run.end + 3) & ~3;
    if (at < <usize>run.start) return min(last, <usize>run.start);
    if (at < end) return min(last, end);
  }
  return last;
}

// @ts-ignore: decorator
@inline
function decayAt(runs: usize, count: i32, at: usize): f32 {
  for (let i = 0; i < count; i++) {
    const run = changetype<DecayRun>(runs + <usize>i * 12);
    const end = (<usize>run.end + 3) & ~3;
    if (at < <usize>run.start) return 0;
    if (at < end) return run.decay;
  }
  return 0;
}

@unmanaged class SgdArgs {
  w: usize;
  g: usize;
  momentumBuffer: usize;
  count: usize;
  lrAt: usize;
  stepAt: usize;
  decayRuns: usize;
  decayCount: i32;
  nesterov: i32;
  momentum: f32;
  dampening: f32;
}

/** torch.optim.SGD; at step 1 the buffer takes the gradient as it is. */
export function sgd(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<SgdArgs>(args);
  const lr = f32x4.splat(load<f32>(a.lrAt));
  const begin = load<u32>(a.stepAt) <= 1;
  const momentum = f32x4.splat(a.momentum);
  const taken = f32x4.splat(<f32>(1 - decimal(a.dampening)));
  const last = firstFloat(a.count, thread + 1, threads);
  let at = firstFloat(a.count, thread, threads);
  while (at < last) {
    const decay = f32x4.splat(decayAt(a.decayRuns, a.decayCount, at));
    const end = pieceEnd(a.decayRuns, a.decayCount, at, last);
    for (; at < end; at += 4) {
      const i = at << 2;
      const w = v128.load(a.w + i);
      let g = f32x4.add(v128.load(a.g + i), f32x4.mul(w, decay));
      if (a.momentumBuffer) {
        let m = g;
        if (!begin) m = f32x4.add(f32x4.mul(v128.load(a.momentumBuffer + i), momentum), f32x4.mul(g, taken));
        v128.store(a.momentumBuffer + i, m);
        g = a.nesterov ? f32x4.add(g, f32x4.mul(m, momentum)) : m;
      }
      v128.store(a.w + i, f32x4.sub(w, f32x4.mul(lr, g)));
    }
  }
}

@unmanaged class AdamArgs {
  w: usize;
  g: usize;
  m: usize;
  v: usize;
  count: usize;
  lrAt: usize;
  stepAt: usize;
  decayRuns: usize;
  decayCount: i32;
  decoupled: i32;
  beta1: f32;
  beta2: f32;
  eps: f32;
}

/** torch.optim.Adam, or AdamW where the decay is decoupled (Kingma and Ba 2015; Loshchilov and Hutter 2019). Steps count from 1. */
export function adam(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<AdamArgs>(args);
  const beta1 = decimal(a.beta1);
  const beta2 = decimal(a.beta2);
  const step = <f64>load<u32>(a.stepAt);
  const lr = <f64>load<f32>(a.lrAt);
  const correction1 = 1 - exp64(step * log64(beta1));
  const correction2 = 1 - exp64(step * log64(beta2));
  const size = f32x4.splat(<f32>(lr / correction1));
  const root = f32x4.splat(<f32>sqrt(correction2));
  const eps = f32x4.splat(a.eps);
  const keep = f32x4.splat(<f32>beta2);
  const more1 = f32x4.splat(<f32>(1 - beta1));
  const more2 = f32x4.splat(<f32>(1 - beta2));
  const last = firstFloat(a.count, thread + 1, threads);
  let at = firstFloat(a.count, thread, threads);
  while (at < last) {
    const rate = decayAt(a.decayRuns, a.decayCount, at);
    const coupled = f32x4.splat(a.decoupled ? 0 : rate);
    const shrink = f32x4.splat(a.decoupled ? <f32>(1 - lr * <f64>rate) : 1);
    const end = pieceEnd(a.decayRuns, a.decayCount, at, last);
    for (; at < end; at += 4) {
      const i = at << 2;
      let w = v128.load(a.w + i);
      const g = f32x4.add(v128.load(a.g + i), f32x4.mul(w, coupled));
      w = f32x4.mul(w, shrink);
      let m = v128.load(a.m + i);
      m = f32x4.add(m, f32x4.mul(f32x4.sub(g, m), more1));
      const v = f32x4.add(f32x4.mul(v128.load(a.v + i), keep), f32x4.mul(f32x4.mul(g, g), more2));
      const denominator = f32x4.add(f32x4.div(f32x4.sqrt(v), root), eps);
      v128.store(a.m + i, m);
      v128.store(a.v + i, v);
      v128.store(a.w + i, f32x4.sub(w, f32x4.mul(size, f32x4.div(m, denominator))));
    }
  }
}

@unmanaged class GradNormArgs {
  g: usize;
  count: usize;
  norm: usize;
}

/** Each thread's sum of squares to shared, in float64. */
export function gradNorm(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GradNormArgs>(args);
  const last = firstFloat(a.count, thread + 1, threads) << 2;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = firstFloat(a.count, thread, threads) << 2; i < last; i += 16) {
    const p = f64x2.promote_low_f32x4(v128.load64_zero(a.g + i));
    const q = f64x2.promote_low_f32x4(v128.load64_zero(a.g + i, 8));
    low = f64x2.add(low, f64x2.mul(p, p));
    high = f64x2.add(high, f64x2.mul(q, q));
  }
  low = f64x2.add(low, high);
  store<f64>(shared + (<usize>thread << 3), f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1));
}

export function gradNormFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread != 0) return;
  let sum: f64 = 0;
  for (let t = 0; t < threads; t++) sum += load<f64>(shared + (<usize>t << 3));
  store<f32>(changetype<GradNormArgs>(args).norm, <f32>sqrt(sum));
}

@unmanaged class ClipGradArgs {
  g: usize;
  count: usize;
  norm: usize;
  maxNorm: f32;
}

/** As torch.nn.utils.clip_grad_norm_: g times min(1, maxNorm / (norm + 1e-6)). */
export function clipGrad(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ClipGradArgs>(args);
  const factor = a.maxNorm / (load<f32>(a.norm) + 1e-6);
  if (factor >= 1) return;
  const factors = f32x4.splat(factor);
  const last = firstFloat(a.count, thread + 1, threads) << 2;
  for (let i = firstFloat(a.count, thread, threads) << 2; i < last; i += 16) {
    v128.store(a.g + i, f32x4.mul(v128.load(a.g + i), factors));
  }
}

@unmanaged class EmaArgs {
  shadow: usize;
  w: usize;
  count: usize;
  decayAt: usize;
}

/** shadow = decay shadow + (1 - decay) w. */
export function ema(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<EmaArgs>(args);
  const decay = decimal(load<f32>(a.decayAt));
  const keep = f32x4.splat(<f32>decay);
  const more = f32x4.splat(<f32>(1 - decay));
  const last = firstFloat(a.count, thread + 1, threads) << 2;
  for (let i = firstFloat(a.count, thread, threads) << 2; i < last; i += 16) {
    v128.store(a.shadow + i, f32x4.add(f32x4.mul(v128.load(a.shadow + i), keep), f32x4.mul(v128.load(a.w + i), more)));
  }
}

@unmanaged class CountNonFiniteArgs {
  x: usize;
  count: usize;
  out: usize;
}

/** NaN and infinities among `count` floats; each thread's number to shared. */
export function countNonFinite(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<CountNonFiniteArgs>(args);
  const last = share(a.count, thread + 1, threads);
  const exponent: u32 = 0x7f800000;
  let i = share(a.count, thread, threads);
  let found = i32x4.splat(0);
  for (; i + 4 <= last; i += 4) {
    const bits = v128.and(v128.load(a.x + (i << 2)), i32x4.splat(exponent));
    found = i32x4.sub(found, i32x4.eq(bits, i32x4.splat(exponent)));
  }
  let total: u32 = i32x4.extract_lane(found, 0) + i32x4.extract_lane(found, 1);
  total += i32x4.extract_lane(found, 2) + i32x4.extract_lane(found, 3);
  for (; i < last; i++) total += <u32>((load<u32>(a.x + (i << 2)) & exponent) == exponent);
  store<u32>(shared + (<usize>thread << 2), total);
}

export function countNonFiniteFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  if (thread != 0) return;
  let total: u32 = 0;
  for (let t = 0; t < threads; t++) total += load<u32>(shared + (<usize>t << 2));
  store<u32>(changetype<CountNonFiniteArgs>(args).out, total);
}
