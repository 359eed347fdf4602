/** Lines of a scan by frequency, so that those near a path are found without looking at the rest. */

import { driftReachHzPerS, type Line, pathMiss, reachHz, searchHalfWidthHz } from "./events-path.ts";

/** Lines of about one reach: so a few wide ones don't widen the look-up for all. */
interface Shelf {
  readonly midHz: Float64Array;
  readonly lines: readonly Line[];
  readonly maxReachHz: number;
  readonly maxDriftReachHzPerS: number;
}

export type LineIndex = readonly Shelf[];

export function indexLines(lines: readonly Line[]): LineIndex {
  return shelve(
    lines,
    (line) => line.midHz,
    (line) => reachHz(line) + driftReachHzPerS(line) * 1000,
  ).map(({ at, items }) => ({
    midHz: at,
    lines: items,
    maxReachHz: items.reduce((max, line) => Math.max(max, reachHz(line)), 0),
    maxDriftReachHzPerS: items.reduce((max, line) => Math.max(max, driftReachHzPerS(line)), 0),
  }));
}

export interface Match {
  readonly line: Line;
  readonly missHz: number;
}

/** Calls back with each line of the index on the path of `a`, `dtS` seconds later. */
export function forEachMatch(a: Line, index: LineIndex, dtS: number, found: (match: Match) => void): void {
  const carried = a.midHz + a.driftHzPerS * dtS;
  for (const shelf of index) {
    const half = searchHalfWidthHz(a, dtS, shelf.maxReachHz, shelf.maxDriftReachHzPerS);
    for (let i = firstAtLeast(shelf.midHz, carried - half); i < shelf.midHz.length; i++) {
      if (shelf.midHz[i]! > carried + half) break;
      const line = shelf.lines[i]!;
      const missHz = pathMiss(a, line, dtS);
      if (missHz !== undefined) found({ line, missHz });
    }
  }
}

/** Items by the power of two of their size, each shelf in the order of their place. */
export function shelve<T>(
  items: readonly T[],
  place: (item: T) => number,
  size: (item: T) => number,
): { at: Float64Array; items: T[] }[] {
  const shelves = new Map<number, { at: number; item: T }[]>();
  for (const item of items) {
    const shelf = Math.ceil(Math.log2(size(item)));
    const entry = { at: place(item), item };
    const entries = shelves.get(shelf);
    if (entries) entries.push(entry);
    else shelves.set(shelf, [entry]);
  }
  return [...shelves]
    .sort(([a], [b]) => a - b)
    .map(([, entries]) => {
      entries.sort((a, b) => a.at - b.at);
      return { at: Float64Array.from(entries, (e) => e.at), items: entries.map((e) => e.item) };
    });
}

/** The first index whose value is at least `value`, in an array that rises. */
export function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (sorted[mid]! < value) low = mid + 1;
    else high = mid;
  }
  return low;
}
