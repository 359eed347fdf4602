/**
 * Convolution as a product of the matrix of patches (never stored whole) with packed weights; Chellapilla 2006, with Goto's panels (2008).
 * Each thread takes rows of patches, chunk by chunk, through its first and second cache.
 */

import { addMoments, clearMoments, joinMoments, momentsBytes } from "./conv-moments";
import { ConvSize, align, chunkRows, denseGroups, isPointwise, padded, share } from "./conv-size";
import { GradView, Source, View, copyPixels, openGrad, openView, prepare, sourceBytes } from "./conv-source";
import { FROM_C, FROM_ROW, FROM_ZERO, multiply, multiplyPanel, multiplyTransposed } from "./gemm";
import { gatherPatches, scatterPatches } from "./im2col";

@unmanaged
class ConvForwardArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  w: usize;
  bias: usize;
  y: usize;
  moments: usize;
  n: i32;
}

@unmanaged
class ConvBackwardArgs {
  g: usize;
  y: usize;
  scale: usize;
  shift: usize;
  act: i32;
  gate: usize;
  spread: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  w: usize;
  dx: usize;
  accumulate: i32;
  dW: usize;
  dBias: usize;
  n: i32;
}

/** Zeros (64 bytes), then the tile of rows that are not all wanted (12 x 8 floats). */
const SMALL: usize = 64 + 384;
/** A tile may read up to eleven rows past a strip's last. */
const SLACK: usize = 384;
/** Below so many rows a thread, the threads share output channels instead. */
const FEW_ROWS: i32 = 48;

/** One row of `k` floats padded with zeros; zeros where there is no bias. */
function copyBias(bias: usize, k: i32, kp: i32, to: usize): void {
  memory.fill(to, 0, <usize>kp << 2);
  if (bias) memory.copy(to, bias, <usize>k << 2);
}

/** y = patches * forward panels for this thread's share; the moments of its rows go to `part` (0: none). */
export function multiplyPatches(
  source: Source,
  s: ConvSize,
  w: usize,
  bias: usize,
  from: i32,
  y: usize,
  part: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
): void {
  const kp = padded(s.k);
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? kp : s.k / groups;
  const cd = groups == 1 ? padded(s.c) : s.c / groups;
  const depth = s.kh * s.kw * cd;
  const m = s.n * s.oh * s.ow;
  const panels = (kd + 7) >> 3;
  const byPanel = m < threads * FEW_ROWS && panels >= threads;
  const row0 = byPanel ? 0 : share(m, thread, threads);
  const row1 = byPanel ? m : share(m, thread + 1, threads);
  const column0 = byPanel ? share(panels, thread, threads) << 3 : 0;
  const column1 = byPanel ? min(kd, share(panels, thread + 1, threads) << 3) : kd;

  const zeros = scratch;
  const temp = scratch + 64;
  const biasRow = scratch + SMALL;
  const strips = align(biasRow + (<usize>kp << 2));
  memory.fill(zeros, 0, SMALL);
  copyBias(bias, s.k, kp, biasRow);
  if (part) clearMoments(part, kp);

  const capacity = chunkRows(depth);
  const step = <usize>capacity << 5;
  const stride = <usize>kp << 2;
  for (let row = row0; row < row1; row += capacity) {
    const rows = min(capacity, row1 - row);
    for (let group = 0; group < groups; group++) {
      gatherPatches(source, s, row, rows, group * cd, cd >> 2, strips, step);
      for (let column = column0; column < column1; column += 8) {
        const width = min(8, kd - column);
        const channel = group * kd + column;
        const out = y + <usize>row * stride + (<usize>channel << 2);
        multiplyPanel(
          strips,
          step,
          rows,
          depth,
          w + (<usize>channel * <usize>depth << 2),
          width,
          from,
          from == FROM_ROW ? biasRow + (<usize>channel << 2) : zeros,
          out,
          stride,
          temp,
        );
        if (part) addMoments(part, kp, channel, out, stride, rows, width);
      }
    }
  }
}

export function convForward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvForwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvForwardArgs>("n"));
  const cp = padded(s.c);
  const source = openView(scratch, changetype<View>(args), cp);
  multiplyPatches(
    source,
    s,
    a.w,
    a.bias,
    FROM_ROW,
    a.y,
    a.moments ? shared + <usize>thread * momentsBytes(padded(s.k)) : 0,
    thread,
    threads,
    align(scratch + sourceBytes(cp)),
  );
}

export function convForwardMoments(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvForwardArgs>(args);
  if (!a.moments) return;
  const s = changetype<ConvSize>(args + offsetof<ConvForwardArgs>("n"));
  const kp = padded(s.k);
  joinMoments(shared, threads, kp, share(kp, thread, threads), share(kp, thread + 1, threads), a.moments);
}

/** What a thread's backward pass works with; in scratch. */
@unmanaged
class Backward {
  d: Source;
  x: Source;
  w: usize;
  dx: usize;
  from: i32;
  part: usize;
  biasPart: usize;
  /** The part holds sums already. */
  begun: i32;
  zeros: usize;
  temp: usize;
  dStrips: usize;
  xStrips: usize;
  patches: usize;
}

/** Sums of d's channels over the chunk, added in f64. */
function addBias(d: usize, step: usize, rows: i32, channels: i32, sums: usize): void {
  for (let channel: i32 = 0; channel < channels; channel += 4) {
    let at = d + <usize>(channel >> 3) * step + (<usize>(channel & 4) << 2);
    let sum = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      sum = f32x4.add(sum, v128.load(at));
      at += 32;
    }
    const out = sums + (<usize>channel << 3);
    v128.store(out, f64x2.add(v128.load(out), f64x2.promote_low_f32x4(sum)));
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(sum, sum, 2, 3, 2, 3));
    v128.store(out, f64x2.add(v128.load(out, 16), high), 16);
  }
}

/** Rows [row0, row1) of patches: their weights' gradient if `weights`, and what they give to the input's lines [line0, line1). */
function backwardRows(
  b: Backward,
  s: ConvSize,
  row0: i32,
  row1: i32,
  weights: bool,
  line0: i32,
  line1: i32,
): void {
  if (row0 >= row1) return;
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? padded(s.k) : s.k / groups;
  const cd = groups == 1 ? padded(s.c) : s.c / groups;
  const depth = s.kh * s.kw * cd;
  const pointwise = isPointwise(s);
  const capacity = chunkRows(depth + kd);
  const step = <usize>capacity << 5;
  const pixel = <usize>padded(s.c) << 2;
  for (let row = row0; row < row1; row += capacity) {
    const rows = min(capacity, row1 - row);
    for (let group = 0; group < groups; group++) {
      copyPixels(b.d, s.oh * s.ow, row, rows, group * kd, kd >> 2, b.dStrips, step);
      if (weights && b.biasPart)
        addBias(b.dStrips, step, rows, kd, b.biasPart + (<usize>(group * kd) << 3));
      if (weights && b.part) {
        gatherPatches(b.x, s, row, rows, group * cd, cd >> 2, b.xStrips, step);
        const part = b.part + (<usize>group * <usize>(((depth + 7) & ~7) * kd) << 2);
        multiplyTransposed(b.dStrips, step, kd, b.xStrips, step, depth, rows, b.begun != 0, b.zeros, part);
      }
      if (!b.dx) continue;
      const w = b.w + (<usize>(group * kd) * <usize>depth << 2);
      if (pointwise) {
        const out = b.dx + <usize>row * pixel + (<usize>(group * cd) << 2);
        multiply(b.dStrips, step, rows, kd, w, depth, b.from, b.zeros, out, pixel, b.temp);
      } else if (line0 < line1) {
        const patch = <usize>depth << 2;
        multiply(b.dStrips, step, rows, kd, w, depth, FROM_ZERO, b.zeros, b.patches, patch, b.temp);
        scatterPatches(b.patches, s, row, rows, group * cd, cd >> 2, b.dx, pixel, line0, line1);
      }
    }
    if (weights) b.begun = 1;
  }
}

/** This thread's share of a backward pass. Whole images where there are enough; the rest by lines, so that no two threads add to one place. */
function backwardShare(b: Backward, s: ConvSize, thread: i32, threads: i32): void {
  if (isPointwise(s)) {
    const m = s.n * s.oh * s.ow;
    backwardRows(b, s, share(m, thread, threads), share(m, thread + 1, threads), true, 0, 0);
    return;
  }
  const line = <usize>padded(s.c) * <usize>s.wd << 2;
  const each = s.n / threads;
  const clear = b.dx != 0 && b.from != FROM_C;
  for (let image = thread * each; image < (thread + 1) * each; image++) {
    if (clear) memory.fill(b.dx + <usize>(image * s.h) * line, 0, <usize>s.h * line);
    const row = image * s.oh * s.ow;
    backwardRows(b, s, row, row + s.oh * s.ow, true, image * s.h, (image + 1) * s.h);
  }
  const line0 = share(s.h, thread, threads);
  const line1 = share(s.h, thread + 1, threads);
  const out0 = share(s.oh, thread, threads);
  const out1 = share(s.oh, thread + 1, threads);
  const reach = (s.kh - 1) * s.dh;
  /** Output lines that touch the thread's input lines: oy * sh - ph <= line1 - 1 and oy * sh - ph + reach >= line0. */
  const touch0 = max(0, (line0 + s.ph - reach + s.sh - 1) / s.sh);
  const touch1 = min(s.oh, (line1 - 1 + s.ph) / s.sh + 1);
  const dx = b.dx;
  for (let image = threads * each; image < s.n; image++) {
    const base = image * s.oh;
    b.dx = 0;
    backwardRows(b, s, (base + out0) * s.ow, (base + out1) * s.ow, true, 0, 0);
    b.dx = dx;
    if (!dx || line0 >= line1) continue;
    const top = image * s.h;
    if (clear) memory.fill(dx + <usize>(top + line0) * line, 0, <usize>(line1 - line0) * line);
    backwardRows(b, s, (base + touch0) * s.ow, (base + touch1) * s.ow, false, top + line0, top + line1);
  }
}

/** Floats of one thread's weight gradient: for each group [depth/8][k][8]. */
function partFloats(s: ConvSize): usize {
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? padded(s.k) : s.k / groups;
  const cd = groups == 1 ? padded(s.c) : s.c / groups;
  return <usize>groups * <usize>((s.kh * s.kw * cd + 7) & ~7) * <usize>kd;
}

export function convBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvBackwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvBackwardArgs>("n"));
  const cp = padded(s.c);
  const kp = padded(s.k);
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? kp : s.k / groups;
  const depth = s.kh * s.kw * (groups == 1 ? cp : s.c / groups);
  const capacity = chunkRows(depth + kd);
  const step = <usize>capacity << 5;
  const floats = partFloats(s);

  const b = changetype<Backward>(scratch);
  let at = align(scratch + offsetof<Backward>());
  b.d = openGrad(at, changetype<GradView>(args), kp);
  at = align(at + sourceBytes(kp));
  b.x = openView(at, changetype<View>(args + offsetof<ConvBackwardArgs>("x")), cp);
  at = align(at + sourceBytes(cp));
  b.zeros = at;
  b.temp = at + 64;
  memory.fill(at, 0, SMALL);
  at += SMALL;
  b.dStrips = at;
  at += <usize>((kd + 7) >> 3) * step + SLACK;
  b.xStrips = at;
  at += <usize>((depth + 7) >> 3) * step + SLACK;
  b.patches = at;
  b.w = a.w;
  b.dx = a.dx;
  b.from = a.accumulate ? FROM_C : FROM_ZERO;
  b.part = a.dW ? shared + <usize>thread * (floats << 2) : 0;
  b.biasPart = a.dBias ? shared + <usize>threads * (floats << 2) + <usize>thread * (<usize>kp << 3) : 0;
  b.begun = 0;
  if (b.biasPart) memory.fill(b.biasPart, 0, <usize>kp << 3);
  backwardShare(b, s, thread, threads);
  if (b.part && !b.begun) memory.fill(b.part, 0, floats << 2);
}

/** Adds all threads' parts to dW (OIHW) and dBias. */
export function convBackwardWeights(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<ConvBackwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvBackwardArgs>("n"));
  const k0 = share(s.k, thread, threads);
  const k1 = share(s.k, thread + 1, threads);
  const bytes = partFloats(s) << 2;
  if (a.dW) addParts(s, shared, bytes, threads, k0, k1, a.dW);
  if (!a.dBias) return;
  const wide = <usize>padded(s.k) << 3;
  for (let k = k0; k < k1; k++) {
    let sum: f64 = 0;
    for (let t = 0; t < threads; t++)
      sum += load<f64>(shared + <usize>threads * bytes + <usize>t * wide + (<usize>k << 3));
    const at = a.dBias + (<usize>k << 2);
    store<f32>(at, <f32>(<f64>load<f32>(at) + sum));
  }
}

function addParts(s: ConvSize, parts: usize, bytes: usize, threads: i32, k0: i32, k1: i32, dW: usize): void {
  const groups = denseGroups(s.groups, s.c, s.k);
  const kGroup = s.k / s.groups;
  const cGroup = s.c / s.groups;
  const kd = groups == 1 ? padded(s.k) : kGroup;
  const cd = groups == 1 ? padded(s.c) : cGroup;
  const taps = s.kh * s.kw;
  const groupBytes = bytes / <usize>groups;
  const panel = <usize>kd << 5;
  for (let k = k0; k < k1; k++) {
    const group = k / kGroup;
    const part =
      groups == 1 ? parts + (<usize>k << 5) : parts + <usize>group * groupBytes + (<usize>(k - group * kGroup) << 5);
    const firstC = groups == 1 ? group * cGroup : 0;
    let out = dW + (<usize>k * <usize>(cGroup * taps) << 2);
    if (taps == 1 && (firstC & 3) == 0 && (cGroup & 3) == 0) {
      for (let c = firstC; c < firstC + cGroup; c += 4) {
        const from = part + <usize>(c >> 3) * panel + (<usize>(c & 4) << 2);
        let sum = v128.load(from);
        for (let t = 1; t < threads; t++) sum = f32x4.add(sum, v128.load(from + <usize>t * bytes));
        v128.store(out, f32x4.add(v128.load(out), sum));
        out += 16;
      }
      continue;
    }
    for (let c = firstC; c < firstC + cGroup; c++) {
      for (let tap = 0; tap < taps; tap++) {
        const j = tap * cd + c;
        const from = part + <usize>(j >> 3) * panel + (<usize>(j & 7) << 2);
        let sum = load<f32>(from);
        for (let t = 1; t < threads; t++) sum += load<f32>(from + <usize>t * bytes);
        store<f32>(out, load<f32>(out) + sum);
        out += 4;
      }
    }
  }
}
