/** What windows of high score come to, once those are put aside that the drift search explains. */

import type { DetectorCandidate } from "../signal/search-record.ts";
import type { ScoredWindow } from "./detect.ts";

export interface Stretch {
  readonly lowMHz: number;
  readonly highMHz: number;
}

/**
 * Merges windows into candidates, best first:
 * 1. A window that one of the `explained` stretches reaches into is explained, and left out.
 * 2. Of windows of the same scale those that overlap are one candidate; its score is the highest of them.
 * 3. One of a coarser scale that overlaps one of a finer scale is the same thing seen again, and left out.
 */
export function mergeWindows(
  windows: readonly ScoredWindow[],
  explained: readonly Stretch[] = [],
): DetectorCandidate[] {
  const known = joined(explained);
  const open = windows.filter((window) => !overlapsAny(window, known));
  const scales = [...new Set(open.map(({ channelsPerPixel }) => channelsPerPixel))].sort((a, b) => a - b);
  const candidates: DetectorCandidate[] = [];
  for (const scale of scales) {
    const finer = joined(candidates);
    const runs = mergeRuns(open.filter(({ channelsPerPixel }) => channelsPerPixel === scale));
    candidates.push(...runs.filter((run) => !overlapsAny(run, finer)));
  }
  return candidates.sort((a, b) => b.score - a.score || a.lowMHz - b.lowMHz);
}

/** Whether two stretches share frequencies; those that only touch don't. */
export function overlaps(a: Stretch, b: Stretch): boolean {
  return a.lowMHz < b.highMHz && b.lowMHz < a.highMHz;
}

function mergeRuns(windows: readonly ScoredWindow[]): DetectorCandidate[] {
  const runs: DetectorCandidate[] = [];
  for (const window of [...windows].sort((a, b) => a.lowMHz - b.lowMHz)) {
    const { lowMHz, highMHz, score, channelsPerPixel } = window;
    const last = runs.at(-1);
    if (last === undefined || !overlaps(last, window)) {
      const best = { lowMHz, highMHz };
      runs.push({ lowMHz, highMHz, score, best, windows: 1, channelsPerPixel });
      continue;
    }
    runs[runs.length - 1] = {
      ...last,
      highMHz,
      windows: last.windows + 1,
      ...(score > last.score ? { score, best: { lowMHz, highMHz } } : {}),
    };
  }
  return runs;
}

/** The same frequencies as stretches that don't overlap, ascending. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const result: { lowMHz: number; highMHz: number }[] = [];
  for (const { lowMHz, highMHz } of [...stretches].sort((a, b) => a.lowMHz - b.lowMHz)) {
    const last = result.at(-1);
    if (last !== undefined && lowMHz <= last.highMHz) last.highMHz = Math.max(last.highMHz, highMHz);
    else result.push({ lowMHz, highMHz });
  }
  return result;
}

/** `sorted` as `joined` gives them. */
function overlapsAny(stretch: Stretch, sorted: readonly Stretch[]): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.highMHz <= stretch.lowMHz) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low]!.lowMHz < stretch.highMHz;
}
