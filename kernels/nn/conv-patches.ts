/** The matrix of patches times packed weights: a convolution's forward pass, and a transposed convolution's gradient for its input. */

import { addMoments, clearMoments } from "./conv-moments";
import { ConvSize, align, chunkRows, denseGroups, padded, share } from "./conv-size";
import { Source } from "./conv-source";
import { FROM_ROW, multiplyPanel } from "./gemm";
import { gatherPatches } from "./im2col";

/** Zeros (64 bytes), then the tile of rows that are not all wanted (12 x 8 floats). */
export const SMALL: usize = 64 + 384;
/** A tile may read up to eleven rows past a strip's last. */
export const SLACK: usize = 384;
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
