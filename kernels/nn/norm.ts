/**
 * Batch normalisation: moments, the scale and shift that stand for it in views, running statistics, and its gradient as three
 * coefficients a channel, d = coefA * dz + coefB * y + coefC (Ioffe and Szegedy 2015). Sums as in sums.ts.
 */

import { activate, activateGradient, logistic, logistic4, ones } from "./activate";
import { madd } from "./simd";
import { batchSums, imageSums, imageSumsFinish, padded, share, vectorOr } from "./sums";

@unmanaged class MomentsArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  moments: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

/** What the rows' loops read besides the arguments: vectors, given or filled in. */
@unmanaged class Work {
  scale: usize;
  shift: usize;
  gate: usize;
  spread: usize;
  pivot: usize;
  rstd: usize;
  touched: i32;
}

@inline const WORK_BYTES: usize = 128;

/**
 * Brings the next rows near. The loops below read several rows side by side, which the processor foresees badly; where there is
 * little arithmetic this is up to a third faster.
 */
// @ts-ignore: decorator
@inline
function touch(w: Work, at: usize, bytes: usize): void {
  if (bytes < 1024) return;
  let all: i32 = 0;
  for (let i: usize = 0; i < bytes; i += 64) all |= load<i32>(at + i);
  w.touched = all;
}

// @ts-ignore: decorator
@inline
function deviation(act: i32, x: usize, scale: v128, shift: v128, gate: v128, pivot: v128): v128 {
  return f32x4.sub(f32x4.mul(activate(act, madd(v128.load(x), scale, shift)), gate), pivot);
}

// @ts-ignore: decorator
@inline
function momentsLoop(act: i32, x: usize, scale: usize, shift: usize, gate: usize, pivot: usize, rows: usize, stride: usize, acc: usize): void {
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const g = v128.load(gate + v);
    const p = v128.load(pivot + v);
    let sum = v128.load(acc + v);
    let squares = v128.load(acc + stride + v);
    let from = x + v;
    let r: usize = 4;
    for (; r <= rows; r += 4) {
      const d0 = deviation(act, from, a, b, g, p);
      const d1 = deviation(act, from + stride, a, b, g, p);
      const d2 = deviation(act, from + 2 * stride, a, b, g, p);
      const d3 = deviation(act, from + 3 * stride, a, b, g, p);
      from += 4 * stride;
      sum = f32x4.add(sum, f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3)));
      squares = f32x4.add(squares, f32x4.add(madd(d0, d0, f32x4.mul(d1, d1)), madd(d2, d2, f32x4.mul(d3, d3))));
    }
    for (r -= 4; r < rows; r++, from += stride) {
      const d = deviation(act, from, a, b, g, p);
      sum = f32x4.add(sum, d);
      squares = madd(d, d, squares);
    }
    v128.store(acc + v, sum);
    v128.store(acc + stride + v, squares);
  }
}

function momentsRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<MomentsArgs>(args);
  const w = changetype<Work>(work);
  const stride = padded(a.c) << 2;
  const gate = a.xGate ? a.xGate + image * stride : w.gate;
  const x = a.x + offset;
  touch(w, x, rows * stride);
  if (a.xAct == 0) momentsLoop(0, x, w.scale, w.shift, gate, w.pivot, rows, stride, acc);
  else if (a.xAct == 2) momentsLoop(2, x, w.scale, w.shift, gate, w.pivot, rows, stride, acc);
  else momentsLoop(a.xAct, x, w.scale, w.shift, gate, w.pivot, rows, stride, acc);
}

/** Each thread's mean and sum of squared deviations, about its first row, to shared [threads][2][cp] float64. */
export function moments(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MomentsArgs>(args);
  const cp = padded(a.c);
  const all = <usize>a.n * <usize>a.pixels;
  const first = share(all, thread, threads);
  const rows = share(all, thread + 1, threads) - first;
  if (rows == 0) return;
  const w = changetype<Work>(scratch);
  const spare = scratch + WORK_BYTES;
  const bytes = cp << 2;
  w.scale = vectorOr(a.xScale, 1, a.c, spare);
  w.shift = vectorOr(a.xShift, 0, a.c, spare + bytes);
  w.gate = vectorOr(0, 1, a.c, spare + 2 * bytes);
  w.pivot = spare + 3 * bytes;
  const acc = spare + 4 * bytes;
  const gate = a.xGate ? a.xGate + (first / <usize>a.pixels) * bytes : w.gate;
  for (let v: usize = 0; v < bytes; v += 16) {
    const z = madd(v128.load(a.x + first * bytes + v), v128.load(w.scale + v), v128.load(w.shift + v));
    v128.store(w.pivot + v, f32x4.mul(activate(a.xAct, z), v128.load(gate + v)));
  }
  const total = shared + <usize>thread * 16 * cp;
  batchSums(a.n, a.pixels, cp, 2, a.xGate != 0, thread, threads, total, acc, args, scratch, momentsRows);
  for (let i: usize = 0; i < cp; i++) {
    const sum = load<f64>(total + (i << 3));
    const squares = load<f64>(total + ((cp + i) << 3));
    store<f64>(total + (i << 3), <f64>load<f32>(w.pivot + (i << 2)) + sum / <f64>rows);
    store<f64>(total + ((cp + i) << 3), max<f64>(0, squares - (sum * sum) / <f64>rows));
  }
}

/** Chan's combination of the threads' moments (Chan, Golub and LeVeque 1979). */
export function momentsFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MomentsArgs>(args);
  const cp = padded(a.c);
  const all = <usize>a.n * <usize>a.pixels;
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    let count: f64 = 0;
    let mean: f64 = 0;
    let squares: f64 = 0;
    for (let t = 0; t < threads; t++) {
      const more = <f64>(share(all, t + 1, threads) - share(all, t, threads));
      if (more == 0) continue;
      const total = shared + <usize>t * 16 * cp;
      const delta = load<f64>(total + (i << 3)) - mean;
      squares += load<f64>(total + ((cp + i) << 3)) + (delta * delta * count * more) / (count + more);
      count += more;
      mean += (delta * more) / count;
    }
    store<f32>(a.moments + (i << 2), <f32>mean);
    store<f32>(a.moments + ((cp + i) << 2), <f32>(squares / count));
  }
}

@unmanaged class NormForwardArgs {
  moments: usize;
  gamma: usize;
  beta: usize;
  scale: usize;
  shift: usize;
  rstd: usize;
  c: i32;
  eps: f32;
}

// @ts-ignore: decorator
@inline
function at(vector: usize, i: usize, fallback: f32): f64 {
  return <f64>(vector ? load<f32>(vector + (i << 2)) : fallback);
}

/** rstd = 1 / sqrt(variance + eps), scale = gamma rstd, shift = beta - mean scale. */
export function normForward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormForwardArgs>(args);
  const cp = padded(a.c);
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    const real = i < <usize>a.c;
    const mean = <f64>load<f32>(a.moments + (i << 2));
    const rstd = 1 / sqrt(<f64>load<f32>(a.moments + ((cp + i) << 2)) + <f64>a.eps);
    const scale = real ? at(a.gamma, i, 1) * rstd : 0;
    store<f32>(a.rstd + (i << 2), real ? <f32>rstd : 0);
    store<f32>(a.scale + (i << 2), <f32>scale);
    store<f32>(a.shift + (i << 2), real ? <f32>(at(a.beta, i, 0) - mean * scale) : 0);
  }
}

@unmanaged class NormInferenceArgs {
  mean: usize;
  variance: usize;
  gamma: usize;
  beta: usize;
  scale: usize;
  shift: usize;
  c: i32;
  eps: f32;
}

/** The same from running statistics, [c] floats each. */
export function normInference(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormInferenceArgs>(args);
  const cp = padded(a.c);
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    let scale: f64 = 0;
    let shift: f64 = 0;
    if (i < <usize>a.c) {
      scale = at(a.gamma, i, 1) / sqrt(at(a.variance, i, 1) + <f64>a.eps);
      shift = at(a.beta, i, 0) - at(a.mean, i, 0) * scale;
    }
    store<f32>(a.scale + (i << 2), <f32>scale);
    store<f32>(a.shift + (i << 2), <f32>shift);
  }
}

@unmanaged class RunningStatsArgs {
  moments: usize;
  runningMean: usize;
  runningVar: usize;
  c: i32;
  count: i32;
  momentum: f32;
}

/** running = (1 - momentum) running + momentum new, the new variance unbiased, as PyTorch has it. */
export function runningStats(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<RunningStatsArgs>(args);
  const cp = padded(a.c);
  const count = <f64><u32>a.count;
  const unbiased = count / max<f64>(1, count - 1);
  const m = <f64>a.momentum;
  const last = share(<usize>a.c, thread + 1, threads);
  for (let i = share(<usize>a.c, thread, threads); i < last; i++) {
    const mean = <f64>load<f32>(a.moments + (i << 2));
    const variance = <f64>load<f32>(a.moments + ((cp + i) << 2)) * unbiased;
    store<f32>(a.runningMean + (i << 2), <f32>((1 - m) * at(a.runningMean, i, 0) + m * mean));
    store<f32>(a.runningVar + (i << 2), <f32>((1 - m) * at(a.runningVar, i, 0) + m * variance));
  }
}

@unmanaged class NormBackwardArgs {
  g: usize;
  y: usize;
  scale: usize;
  shift: usize;
  act: i32;
  gate: usize;
  spread: usize;
  moments: usize;
  rstd: usize;
  gamma: usize;
  dGamma: usize;
  dBeta: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

/** (g gate + spread) act'(scale y + shift). */
// @ts-ignore: decorator
@inline
function throughActivation(act: i32, g: v128, y: v128, scale: v128, shift: v128, gate: v128, spread: v128): v128 {
  const outer = madd(g, gate, spread);
  return act == 0 ? outer : f32x4.mul(outer, activateGradient(act, madd(y, scale, shift)));
}

// @ts-ignore: decorator
@inline
function backwardLoop(act: i32, g: usize, y: usize, w: Work, gate: usize, spread: usize, rows: usize, stride: usize, acc: usize): void {
  const scale = w.scale;
  const shift = w.shift;
  const mean = w.pivot;
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const ga = v128.load(gate + v);
    const sp = v128.load(spread + v);
    const m = v128.load(mean + v);
    let sum = v128.load(acc + v);
    let product = v128.load(acc + stride + v);
    let from = v;
    let r: usize = 4;
    for (; r <= rows; r += 4) {
      const y0 = v128.load(y + from);
      const d0 = throughActivation(act, v128.load(g + from), y0, a, b, ga, sp);
      const y1 = v128.load(y + from + stride);
      const d1 = throughActivation(act, v128.load(g + from + stride), y1, a, b, ga, sp);
      const y2 = v128.load(y + from + 2 * stride);
      const d2 = throughActivation(act, v128.load(g + from + 2 * stride), y2, a, b, ga, sp);
      const y3 = v128.load(y + from + 3 * stride);
      const d3 = throughActivation(act, v128.load(g + from + 3 * stride), y3, a, b, ga, sp);
      from += 4 * stride;
      sum = f32x4.add(sum, f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3)));
      const p0 = madd(d0, f32x4.sub(y0, m), f32x4.mul(d1, f32x4.sub(y1, m)));
      const p1 = madd(d2, f32x4.sub(y2, m), f32x4.mul(d3, f32x4.sub(y3, m)));
      product = f32x4.add(product, f32x4.add(p0, p1));
    }
    for (r -= 4; r < rows; r++, from += stride) {
      const value = v128.load(y + from);
      const dz = throughActivation(act, v128.load(g + from), value, a, b, ga, sp);
      sum = f32x4.add(sum, dz);
      product = madd(dz, f32x4.sub(value, m), product);
    }
    v128.store(acc + v, sum);
    v128.store(acc + stride + v, product);
  }
}

/** backwardLoop for silu and four rows, whose sigmoids are taken together. four: 64 bytes of work space. */
function siluBackward4(g: usize, y: usize, w: Work, gate: usize, spread: usize, stride: usize, acc: usize, four: usize): void {
  const scale = w.scale;
  const shift = w.shift;
  const mean = w.pivot;
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const z0 = madd(v128.load(y + v), a, b);
    const z1 = madd(v128.load(y + v + stride), a, b);
    const z2 = madd(v128.load(y + v + 2 * stride), a, b);
    const z3 = madd(v128.load(y + v + 3 * stride), a, b);
    v128.store(four, z0, 0);
    v128.store(four, z1, 16);
    v128.store(four, z2, 32);
    v128.store(four, z3, 48);
    logistic4(four);
    const one = ones();
    const ga = v128.load(gate + v);
    const sp = v128.load(spread + v);
    const m = v128.load(mean + v);
    let sum = v128.load(acc + v);
    let product = v128.load(acc + stride + v);
    const s0 = v128.load(four, 0);
    const d0 = f32x4.mul(madd(f32x4.mul(z0, s0), f32x4.sub(one, s0), s0), madd(v128.load(g + v), ga, sp));
    sum = f32x4.add(sum, d0);
    product = madd(d0, f32x4.sub(v128.load(y + v), m), product);
    const s1 = v128.load(four, 16);
    const d1 = f32x4.mul(madd(f32x4.mul(z1, s1), f32x4.sub(one, s1), s1), madd(v128.load(g + v + stride), ga, sp));
    sum = f32x4.add(sum, d1);
    product = madd(d1, f32x4.sub(v128.load(y + v + stride), m), product);
    const s2 = v128.load(four, 32);
    const d2 = f32x4.mul(madd(f32x4.mul(z2, s2), f32x4.sub(one, s2), s2), madd(v128.load(g + v + 2 * stride), ga, sp));
    sum = f32x4.add(sum, d2);
    product = madd(d2, f32x4.sub(v128.load(y + v + 2 * stride), m), product);
    const s3 = v128.load(four, 48);
    const d3 = f32x4.mul(madd(f32x4.mul(z3, s3), f32x4.sub(one, s3), s3), madd(v128.load(g + v + 3 * stride), ga, sp));
    sum = f32x4.add(sum, d3);
    product = madd(d3, f32x4.sub(v128.load(y + v + 3 * stride), m), product);
    v128.store(acc + v, sum);
    v128.store(acc + stride + v, product);
  }
}

function backwardRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<NormBackwardArgs>(args);
  const w = changetype<Work>(work);
  const stride = padded(a.c) << 2;
  const gate = a.gate ? a.gate + image * stride : w.gate;
  const spread = a.spread ? a.spread + image * stride : w.spread;
  const g = a.g + offset;
  const y = a.y + offset;
  touch(w, g, rows * stride);
  touch(w, y, rows * stride);
  if (a.act == 2 && rows == 4) siluBackward4(g, y, w, gate, spread, stride, acc, work + WORK_BYTES - 64);
  else if (a.act == 0) backwardLoop(0, g, y, w, gate, spread, rows, stride, acc);
  else if (a.act == 2) backwardLoop(2, g, y, w, gate, spread, rows, stride, acc);
  else backwardLoop(a.act, g, y, w, gate, spread, rows, stride, acc);
}

/** Sums of dz and dz (y - mean) of each thread, to shared [threads][2][cp] float64. */
export function normBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormBackwardArgs>(args);
  const cp = padded(a.c);
  const w = changetype<Work>(scratch);
  const spare = scratch + WORK_BYTES;
  const bytes = cp << 2;
  w.scale = vectorOr(a.scale, 1, a.c, spare);
  w.shift = vectorOr(a.shift, 0, a.c, spare + bytes);
  w.gate = vectorOr(0, 1, a.c, spare + 2 * bytes);
  w.spread = vectorOr(0, 0, a.c, spare + 3 * bytes);
  w.pivot = a.moments;
  const acc = spare + 4 * bytes;
  const split = a.gate != 0 || a.spread != 0;
  const total = shared + <usize>thread * 16 * cp;
  batchSums(a.n, a.pixels, cp, 2, split, thread, threads, total, acc, args, scratch, backwardRows);
}

/** coefA = scale, coefB and coefC such that d = scale (dz - mean dz - xhat mean(dz xhat)); adds the parameters' gradients. */
// @ts-ignore: decorator
@inline
function writeCoefficients(
  i: usize, real: bool, scale: f64, mean: f64, rstd: f64, sum: f64, product: f64, count: f64,
  dGamma: usize, dBeta: usize, coefA: usize, coefB: usize, coefC: usize,
): void {
  const slope = (-scale * rstd * product) / count;
  store<f32>(coefA + (i << 2), real ? <f32>scale : 0);
  store<f32>(coefB + (i << 2), real ? <f32>slope : 0);
  store<f32>(coefC + (i << 2), real ? <f32>((-scale * sum) / count - slope * mean) : 0);
  if (!real) return;
  if (dGamma) store<f32>(dGamma + (i << 2), load<f32>(dGamma + (i << 2)) + <f32>product);
  if (dBeta) store<f32>(dBeta + (i << 2), load<f32>(dBeta + (i << 2)) + <f32>sum);
}

export function normBackwardFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormBackwardArgs>(args);
  const cp = padded(a.c);
  const count = <f64>a.n * <f64>a.pixels;
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let t = 0; t < threads; t++) {
      const total = shared + <usize>t * 16 * cp;
      sum += load<f64>(total + (i << 3));
      product += load<f64>(total + ((cp + i) << 3));
    }
    const real = i < <usize>a.c;
    const rstd = at(a.rstd, i, 1);
    const scale = real ? at(a.gamma, i, 1) * rstd : 0;
    writeCoefficients(
      i, real, scale, at(a.moments, i, 0), rstd, sum, product * rstd, count,
      a.dGamma, a.dBeta, a.coefA, a.coefB, a.coefC,
    );
  }
}

@unmanaged class NormBackwardReducedArgs {
  sums: usize;
  moments: usize;
  rstd: usize;
  scale: usize;
  dGamma: usize;
  dBeta: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

/** normBackward from its sums: of dz, and of dz (y - mean), [2][cp]. */
export function normBackwardReduced(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormBackwardReducedArgs>(args);
  const cp = padded(a.c);
  const count = <f64>a.n * <f64>a.pixels;
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    const rstd = at(a.rstd, i, 1);
    writeCoefficients(
      i, i < <usize>a.c, at(a.scale, i, 1), at(a.moments, i, 0), rstd, at(a.sums, i, 0), at(a.sums, cp + i, 0) * rstd, count,
      a.dGamma, a.dBeta, a.coefA, a.coefB, a.coefC,
    );
  }
}

@unmanaged class GateSumsArgs {
  g: usize;
  x: usize;
  xScale: usize;
  xShift: usize;
  xAct: i32;
  moments: usize;
  rstd: usize;
  sums: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

// @ts-ignore: decorator
@inline
function gateSumsLoop(act: i32, g: usize, x: usize, w: Work, rows: usize, stride: usize, acc: usize): void {
  const scale = w.scale;
  const shift = w.shift;
  const rstd = w.rstd;
  const offset = w.pivot;
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const ra = v128.load(rstd + v);
    const rb = v128.load(offset + v);
    let at = acc + v;
    let s0 = v128.load(at);
    let s1 = v128.load(at + stride);
    let s2 = v128.load(at + 2 * stride);
    let s3 = v128.load(at + 3 * stride);
    let s4 = v128.load(at + 4 * stride);
    let from = v;
    for (let r: usize = 0; r < rows; r++, from += stride) {
      const y = v128.load(x + from);
      const outer = v128.load(g + from);
      const z = madd(y, a, b);
      let s: v128;
      let slope: v128;
      if (act == 2) {
        const t = logistic(z);
        s = f32x4.mul(z, t);
        slope = madd(s, f32x4.sub(ones(), t), t);
      } else {
        s = activate(act, z);
        slope = activateGradient(act, z);
      }
      const xhat = madd(y, ra, rb);
      const gs = f32x4.mul(outer, slope);
      s0 = madd(outer, s, s0);
      s1 = f32x4.add(s1, gs);
      s2 = f32x4.add(s2, slope);
      s3 = madd(gs, xhat, s3);
      s4 = madd(slope, xhat, s4);
    }
    v128.store(at, s0);
    v128.store(at + stride, s1);
    v128.store(at + 2 * stride, s2);
    v128.store(at + 3 * stride, s3);
    v128.store(at + 4 * stride, s4);
  }
}

/** gateSumsLoop for silu and four rows, whose sigmoids are taken together. four: 64 bytes of work space. */
function gateSums4(g: usize, x: usize, w: Work, stride: usize, acc: usize, four: usize): void {
  const scale = w.scale;
  const shift = w.shift;
  const rstd = w.rstd;
  const offset = w.pivot;
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    const z0 = madd(v128.load(x + v), a, b);
    const z1 = madd(v128.load(x + v + stride), a, b);
    const z2 = madd(v128.load(x + v + 2 * stride), a, b);
    const z3 = madd(v128.load(x + v + 3 * stride), a, b);
    v128.store(four, z0, 0);
    v128.store(four, z1, 16);
    v128.store(four, z2, 32);
    v128.store(four, z3, 48);
    logistic4(four);
    const at = acc + v;
    let s0 = v128.load(at);
    let s1 = v128.load(at + stride);
    let s2 = v128.load(at + 2 * stride);
    let s3 = v128.load(at + 3 * stride);
    let s4 = v128.load(at + 4 * stride);
    const one = ones();
    const ra = v128.load(rstd + v);
    const rb = v128.load(offset + v);
    let from = v;
    let t = v128.load(four, 0);
    let s = f32x4.mul(z0, t);
    let slope = madd(s, f32x4.sub(one, t), t);
    let outer = v128.load(g + from);
    let xhat = madd(v128.load(x + from), ra, rb);
    s0 = madd(outer, s, s0);
    s2 = f32x4.add(s2, slope);
    s4 = madd(slope, xhat, s4);
    slope = f32x4.mul(slope, outer);
    s1 = f32x4.add(s1, slope);
    s3 = madd(slope, xhat, s3);
    from += stride;
    t = v128.load(four, 16);
    s = f32x4.mul(z1, t);
    slope = madd(s, f32x4.sub(one, t), t);
    outer = v128.load(g + from);
    xhat = madd(v128.load(x + from), ra, rb);
    s0 = madd(outer, s, s0);
    s2 = f32x4.add(s2, slope);
    s4 = madd(slope, xhat, s4);
    slope = f32x4.mul(slope, outer);
    s1 = f32x4.add(s1, slope);
    s3 = madd(slope, xhat, s3);
    from += stride;
    t = v128.load(four, 32);
    s = f32x4.mul(z2, t);
    slope = madd(s, f32x4.sub(one, t), t);
    outer = v128.load(g + from);
    xhat = madd(v128.load(x + from), ra, rb);
    s0 = madd(outer, s, s0);
    s2 = f32x4.add(s2, slope);
    s4 = madd(slope, xhat, s4);
    slope = f32x4.mul(slope, outer);
    s1 = f32x4.add(s1, slope);
    s3 = madd(slope, xhat, s3);
    from += stride;
    t = v128.load(four, 48);
    s = f32x4.mul(z3, t);
    slope = madd(s, f32x4.sub(one, t), t);
    outer = v128.load(g + from);
    xhat = madd(v128.load(x + from), ra, rb);
    s0 = madd(outer, s, s0);
    s2 = f32x4.add(s2, slope);
    s4 = madd(slope, xhat, s4);
    slope = f32x4.mul(slope, outer);
    s1 = f32x4.add(s1, slope);
    s3 = madd(slope, xhat, s3);
    v128.store(at, s0);
    v128.store(at + stride, s1);
    v128.store(at + 2 * stride, s2);
    v128.store(at + 3 * stride, s3);
    v128.store(at + 4 * stride, s4);
  }
}

function gateSumsRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<GateSumsArgs>(args);
  const w = changetype<Work>(work);
  const stride = padded(a.c) << 2;
  touch(w, a.g + offset, rows * stride);
  touch(w, a.x + offset, rows * stride);
  if (a.xAct == 2 && rows == 4) gateSums4(a.g + offset, a.x + offset, w, stride, acc, work + WORK_BYTES - 64);
  else if (a.xAct == 2) gateSumsLoop(2, a.g + offset, a.x + offset, w, rows, stride, acc);
  else gateSumsLoop(a.xAct, a.g + offset, a.x + offset, w, rows, stride, acc);
}

/** All sums that squeeze-excite and the batch norm before it want, in one pass: see normBackwardGated. */
export function gateSums(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GateSumsArgs>(args);
  const cp = padded(a.c);
  const w = changetype<Work>(scratch);
  const spare = scratch + WORK_BYTES;
  const bytes = cp << 2;
  w.scale = vectorOr(a.xScale, 1, a.c, spare);
  w.shift = vectorOr(a.xShift, 0, a.c, spare + bytes);
  w.rstd = a.rstd;
  w.pivot = spare + 2 * bytes;
  for (let i: usize = 0; i < cp; i++) {
    store<f32>(w.pivot + (i << 2), -load<f32>(a.moments + (i << 2)) * load<f32>(a.rstd + (i << 2)));
  }
  const acc = spare + 3 * bytes;
  imageSums(a.n, a.pixels, a.c, 5, 1, false, a.sums, thread, threads, shared, acc, args, scratch, gateSumsRows);
}

export function gateSumsFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GateSumsArgs>(args);
  imageSumsFinish(a.n, a.pixels, a.c, 5, 1, false, a.sums, thread, threads, shared);
}

@unmanaged class NormBackwardGatedArgs {
  sums: usize;
  gate: usize;
  spread: usize;
  moments: usize;
  rstd: usize;
  scale: usize;
  dGamma: usize;
  dBeta: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

/** normBackward for dz = (g gate + spread) act'(z), from gateSums: sum dz = sum over n of gate S1 + spread S2, and so on. */
export function normBackwardGated(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<NormBackwardGatedArgs>(args);
  const cp = padded(a.c);
  const plane = (<usize>a.n * cp) << 2;
  const count = <f64>a.n * <f64>a.pixels;
  const last = share(cp, thread + 1, threads);
  for (let i = share(cp, thread, threads); i < last; i++) {
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let image: usize = 0; image < <usize>a.n; image++) {
      const lane = image * cp + i;
      const s = a.sums + (lane << 2);
      const gate = at(a.gate, lane, 1);
      const spread = at(a.spread, lane, 0);
      sum += gate * <f64>load<f32>(s + plane) + spread * <f64>load<f32>(s + 2 * plane);
      product += gate * <f64>load<f32>(s + 3 * plane) + spread * <f64>load<f32>(s + 4 * plane);
    }
    const real = i < <usize>a.c;
    writeCoefficients(
      i, real, at(a.scale, i, 1), at(a.moments, i, 0), at(a.rstd, i, 1), sum, product, count,
      a.dGamma, a.dBeta, a.coefA, a.coefB, a.coefC,
    );
  }
}
