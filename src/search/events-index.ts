/** Lines of a scan by frequency, so that those near a path are found without looking at the rest. */

import { type Line, pathMiss, widestTolerance } from "./events-path.ts";

/** Drift errors under this are looked up together. */
const SMALL_DRIFT_ERROR_HZ_PER_S = 0.005;

/** Lines of about one error of drift, so that a few uncertain ones don't widen the look-up for all. */
interface Shelf {
  /** Where each line's own drift puts it half way to the other scan. */
  readonly halfWayHz: Float64Array;
  readonly driftHzPerS: Float64Array;
  readonly lines: readonly Line[];
  readonly channelHz: number;
  readonly maxDriftErrorHzPerS: number;
}

/** Lines of one scan as another scan, `dtS` earlier, looks for them. */
export interface LineIndex {
  readonly dtS: number;
  readonly shelves: readonly Shelf[];
}

export function indexLines(lines: readonly Line[], dtS: number): LineIndex {
  const shelves = shelve(
    lines,
    (line) => line.midHz - (line.driftHzPerS * dtS) / 2,
    (line) => Math.max(line.driftErrorHzPerS, SMALL_DRIFT_ERROR_HZ_PER_S),
  );
  return {
    dtS,
    shelves: shelves.map(({ at, items }) => ({
      halfWayHz: at,
      driftHzPerS: Float64Array.from(items, (line) => line.driftHzPerS),
      lines: items,
      channelHz: items[0]!.channelHz,
      maxDriftErrorHzPerS: items.reduce((max, line) => Math.max(max, line.driftErrorHzPerS), 0),
    })),
  };
}

/** Calls back with each line of the index on the path of `a`, and how far they miss each other. */
export function forEachMatch(a: Line, index: LineIndex, found: (line: Line, missHz: number) => void): void {
  const { dtS } = index;
  const halfWay = a.midHz + (a.driftHzPerS * dtS) / 2;
  const rounding = 1e-3;
  for (const { halfWayHz, driftHzPerS, lines, channelHz, maxDriftErrorHzPerS } of index.shelves) {
    const widest = widestTolerance(a, dtS, channelHz, maxDriftErrorHzPerS);
    const start = halfWay - widest.frequencyHz - rounding;
    const stop = halfWay + widest.frequencyHz + rounding;
    for (let i = firstAtLeast(halfWayHz, start); i < lines.length && halfWayHz[i]! <= stop; i++) {
      if (Math.abs(driftHzPerS[i]! - a.driftHzPerS) > widest.driftHzPerS + rounding) continue;
      const missHz = pathMiss(a, lines[i]!, dtS);
      if (missHz !== undefined) found(lines[i]!, missHz);
    }
  }
}

/** Items by the power of two of their size, each shelf in the order of their place. */
export function shelve<T>(
  items: readonly T[],
  place: (item: T) => number,
  size: (item: T) => number,
): { at: Float64Array; items: T[] }[] {
  const shelves = new Map<number, T[]>();
  for (const item of items) {
    const exponent = Math.ceil(Math.log2(size(item)));
    const shelf = shelves.get(exponent);
    if (shelf) shelf.push(item);
    else shelves.set(exponent, [item]);
  }
  const exponents = [...shelves.keys()].sort((a, b) => a - b);
  return exponents.map((exponent) => {
    const shelf = shelves.get(exponent)!;
    const places = Float64Array.from(shelf, place);
    const order = Uint32Array.from(shelf.keys()).sort((a, b) => places[a]! - places[b]! || a - b);
    return { at: Float64Array.from(order, (i) => places[i]!), items: Array.from(order, (i) => shelf[i]!) };
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
