/** A convolution's gradients for its input and its weights, and with the parts exchanged a transposed convolution. */

import {
  BAND_BYTES,
  Band,
  bandBytes,
  bandColumns,
  bandLines,
  bandPartFloats,
  bandPlace,
  fillBand,
  multiplyBand,
  openBand,
  usesBand,
} from "./conv-band";
import { GateSums, addGateSums, closeGateSums } from "./conv-gate-sums";
import { SLACK, SMALL } from "./conv-patches";
import { ConvSize, align, chunkRows, denseGroups, isPointwise, padded, share } from "./conv-size";
import { Source, copyPixels } from "./conv-source";
import { FROM_C, FROM_ZERO, multiply, multiplyTransposed } from "./gemm";
import { gatherPatches, scatterPatches } from "./im2col";

/** What a thread's backward pass works with; in scratch. */
@unmanaged
export class Backward {
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
  band: Band;
  /** The sums to take with dx; 0: none. Only where the convolution is 1x1 without groups, its input a silu and dW wanted. */
  sums: usize;
}

/** Sets up all but the sources, in scratch from `at` on; returns where it ends. Nothing is asked for: `dx`, `part` and `biasPart` are 0. */
export function openBackward(b: Backward, s: ConvSize, at: usize): usize {
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? padded(s.k) : s.k / groups;
  const depth = s.kh * s.kw * (groups == 1 ? padded(s.c) : s.c / groups);
  b.zeros = at;
  b.temp = at + 64;
  memory.fill(at, 0, SMALL);
  b.dStrips = at + SMALL;
  b.w = 0;
  b.dx = 0;
  b.sums = 0;
  b.from = FROM_ZERO;
  b.part = 0;
  b.biasPart = 0;
  b.begun = 0;
  if (usesBand(s)) {
    const columns = bandColumns(s);
    const lines = bandLines(s, columns * kd);
    const bandAt = align(b.dStrips + <usize>((kd + 7) >> 3) * (<usize>(lines * columns) << 5) + SLACK);
    b.xStrips = bandAt + BAND_BYTES;
    b.band = openBand(bandAt, s, b.xStrips);
    b.patches = align(b.xStrips + bandBytes(s, lines) + SLACK);
    return align(b.patches + (<usize>columns * <usize>depth << 2));
  }
  const step = <usize>chunkRows(depth + kd) << 5;
  b.xStrips = b.dStrips + <usize>((kd + 7) >> 3) * step + SLACK;
  b.patches = b.xStrips + <usize>((depth + 7) >> 3) * step + SLACK;
  return align(b.patches + (step >> 3) * <usize>depth);
}

/** Sums of d's channels over the chunk, added in f64. */
export function addBias(d: usize, step: usize, rows: i32, channels: i32, sums: usize): void {
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
  if (usesBand(s)) {
    backwardLines(b, s, row0 / s.ow, row1 / s.ow, weights, line0, line1);
    return;
  }
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
        if (b.sums) b.x.sigmoids = b.patches;
        gatherPatches(b.x, s, row, rows, group * cd, cd >> 2, b.xStrips, step);
        const part = b.part + (<usize>group * <usize>(((depth + 7) & ~7) * kd) << 2);
        multiplyTransposed(b.dStrips, step, kd, b.xStrips, step, depth, rows, b.begun != 0, b.zeros, part);
      }
      if (!b.dx) continue;
      const w = b.w + (<usize>(group * kd) * <usize>depth << 2);
      if (pointwise) {
        const out = b.dx + <usize>row * pixel + (<usize>(group * cd) << 2);
        multiply(b.dStrips, step, rows, kd, w, depth, b.from, b.zeros, out, pixel, b.temp);
        if (b.sums) addGateSums(changetype<GateSums>(b.sums), s, b.dx, row, rows, b.patches);
      } else if (line0 < line1) {
        const patch = <usize>depth << 2;
        multiply(b.dStrips, step, rows, kd, w, depth, FROM_ZERO, b.zeros, b.patches, patch, b.temp);
        scatterPatches(b.patches, s, row, rows, group * cd, cd >> 2, b.dx, pixel, line0, line1);
      }
    }
    if (weights) b.begun = 1;
  }
}

/** backwardRows for whole output lines [oy0, oy1), counted over all images, from bands of lines. */
function backwardLines(
  b: Backward,
  s: ConvSize,
  oy0: i32,
  oy1: i32,
  weights: bool,
  line0: i32,
  line1: i32,
): void {
  const kd = padded(s.k);
  const cd = padded(s.c);
  const depth = s.kh * s.kw * cd;
  const columns = bandColumns(s);
  const capacity = bandLines(s, columns * kd);
  const step = <usize>(capacity * columns) << 5;
  const pixel = <usize>cd << 2;
  const sums = weights && b.part != 0;
  const scatters = b.dx != 0 && line0 < line1;
  while (oy0 < oy1) {
    const image = oy0 / s.oh;
    const oy = oy0 - image * s.oh;
    const lines = min(min(capacity, oy1 - oy0), s.oh - oy);
    for (let ox = 0; ox < s.ow; ox += columns) {
      const rows = min(columns, s.ow - ox);
      if (sums) fillBand(b.band, b.x, s, image, oy, lines, ox, rows);
      for (let i = 0; i < lines; i++) {
        const row = (oy0 + i) * s.ow + ox;
        const d = b.dStrips + (<usize>(i * columns) << 5);
        copyPixels(b.d, s.oh * s.ow, row, rows, 0, kd >> 2, d, step);
        if (weights && b.biasPart) addBias(d, step, rows, kd, b.biasPart);
        if (sums) {
          const a = b.xStrips + <usize>i * b.band.down;
          multiplyBand(b.band, s, a, d, step, kd, rows, b.begun != 0, b.zeros, b.part);
          b.begun = 1;
        }
        if (!scatters) continue;
        multiply(d, step, rows, kd, b.w, depth, FROM_ZERO, b.zeros, b.patches, <usize>depth << 2, b.temp);
        scatterPatches(b.patches, s, row, rows, 0, cd >> 2, b.dx, pixel, line0, line1);
      }
    }
    oy0 += lines;
  }
}

/** This thread's share of a backward pass. Whole images where there are enough; the rest by lines, so that no two threads add to one place. */
export function backwardShare(b: Backward, s: ConvSize, thread: i32, threads: i32): void {
  if (isPointwise(s)) {
    const m = s.n * s.oh * s.ow;
    backwardRows(b, s, share(m, thread, threads), share(m, thread + 1, threads), true, 0, 0);
    if (b.sums) closeGateSums(changetype<GateSums>(b.sums), s);
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
export function partFloats(s: ConvSize): usize {
  const groups = denseGroups(s.groups, s.c, s.k);
  const kd = groups == 1 ? padded(s.k) : s.k / groups;
  const cd = groups == 1 ? padded(s.c) : s.c / groups;
  if (usesBand(s)) return bandPartFloats(s, kd);
  return <usize>groups * <usize>((s.kh * s.kw * cd + 7) & ~7) * <usize>kd;
}

/** Adds all threads' parts to dW (OIHW), output channels [k0, k1). */
export function addParts(s: ConvSize, parts: usize, bytes: usize, threads: i32, k0: i32, k1: i32, dW: usize): void {
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
    const band = usesBand(s);
    for (let c = firstC; c < firstC + cGroup; c++) {
      for (let tap = 0; tap < taps; tap++) {
        const j = c + (band ? bandPlace(s, tap / s.kw, tap % s.kw) : tap * cd);
        const from = part + <usize>(j >> 3) * panel + (<usize>(j & 7) << 2);
        let sum = load<f32>(from);
        for (let t = 1; t < threads; t++) sum += load<f32>(from + <usize>t * bytes);
        store<f32>(out, load<f32>(out) + sum);
        out += 4;
      }
    }
  }
}
