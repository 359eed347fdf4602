/** The matrix of patches times packed weights: a convolution's forward pass, and a transposed convolution's gradient for its input. */

import { BAND_BYTES, bandColumns, bandLines, bandTaps, fillBand, openBand, usesBand } from "./conv-band";
import { addMoments, clearMoments } from "./conv-moments";
import { ConvSize, align, chunkRows, denseGroups, padded, share } from "./conv-size";
import { Source } from "./conv-source";
import { FROM_ROW, multiplyPanel, multiplyTaps } from "./gemm";
import { gatherPatches } from "./im2col";

/** Zeros (64 bytes), then the tile of rows that are not all wanted (12 x 8 floats). */
export const SMALL: usize = 64 + 384;
/** A tile may read up to eleven rows past a strip's last. */
export const SLACK: usize = 384;
/** Rows whose moments are added in float32. */
const MOMENT_ROWS: i32 = 90;
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
  if (usesBand(s)) {
    multiplyBands(source, s, w, biasRow, from, y, part, thread, threads, zeros, temp, strips);
    return;
  }

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

/** The same from bands of lines. */
function multiplyBands(
  source: Source,
  s: ConvSize,
  w: usize,
  biasRow: usize,
  from: i32,
  y: usize,
  part: usize,
  thread: i32,
  threads: i32,
  zeros: usize,
  temp: usize,
  at: usize,
): void {
  const kp = padded(s.k);
  const depth = padded(s.c);
  const stride = <usize>kp << 2;
  const taps = s.kh * s.kw;
  const columns = bandColumns(s);
  const capacity = bandLines(s, 0);
  const band = openBand(at, s, at + BAND_BYTES);
  const line1 = share(s.n * s.oh, thread + 1, threads);
  let line = share(s.n * s.oh, thread, threads);
  /** The first row whose moments aren't taken yet. */
  let counted = line * s.ow;
  while (line < line1) {
    const image = line / s.oh;
    const oy = line - image * s.oh;
    const lines = min(min(capacity, line1 - line), s.oh - oy);
    for (let ox = 0; ox < s.ow; ox += columns) {
      const rows = min(columns, s.ow - ox);
      fillBand(band, source, s, image, oy, lines, ox, rows);
      for (let column = 0; column < kp; column += 8) {
        const width = min(8, kp - column);
        const panel = w + (<usize>(column * taps) * <usize>depth << 2);
        const init = from == FROM_ROW ? biasRow + (<usize>column << 2) : zeros;
        for (let i = 0; i < lines; i++) {
          const a = band.strip + <usize>i * band.down;
          const out = y + <usize>((line + i) * s.ow + ox) * stride + (<usize>column << 2);
          multiplyTaps(a, bandTaps(band), taps, rows, depth, panel, width, from, init, out, stride, temp);
        }
      }
    }
    line += lines;
    if (!part) continue;
    const end = line * s.ow;
    while (end - counted >= MOMENT_ROWS || (line == line1 && counted < end)) {
      const rows = min(MOMENT_ROWS, end - counted);
      addMoments(part, kp, 0, y + <usize>counted * stride, stride, rows, kp);
      counted += rows;
    }
  }
}
