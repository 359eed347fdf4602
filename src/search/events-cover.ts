/**
 * Wide lines and the narrow ones within them: noise and modulation inside a wide line look like narrow lines of any drift, so
 * there the drift says nothing and the place does.
 */

import { firstAtLeast, shelve } from "./events-index.ts";
import type { Line } from "./events-path.ts";

/** A line is wide where its bandwidth is over this many channels, beside what its drift smears. */
const WIDE_CHANNELS = 10;
/** Interference grows and fades by about ten times as the telescope moves; an ON hit that is stronger than that is no piece of it. */
const LARGEST_CONTRAST = 10;

export function isWide(line: Line, tsampS: number): boolean {
  return line.hit.bandwidthHz > WIDE_CHANNELS * line.channelHz + 2 * Math.abs(line.driftHzPerS) * tsampS;
}

/** Whether `inner` lies within `wide`, carried `dtS` by its own drift, from the first row to the last of the scan of `inner`. */
function liesWithin(inner: Line, wide: Line, dtS: number, spanS: number): boolean {
  const apartHz = Math.abs(inner.midHz - (wide.midHz + wide.driftHzPerS * dtS));
  const crossingHz = (Math.abs(inner.driftHzPerS - wide.driftHzPerS) * spanS) / 2;
  return apartHz + crossingHz <= wide.hit.bandwidthHz / 2;
}

function comparable(on: Line, off: Line): boolean {
  return on.hit.snr <= LARGEST_CONTRAST * off.hit.snr;
}

interface WideShelf {
  /** Where its own drift puts each line in the middle of the ON scan. */
  readonly midHz: Float64Array;
  readonly lines: readonly Line[];
  readonly maxHalfHz: number;
}

export type WideIndex = readonly WideShelf[];

/** Wide lines of an OFF scan by their frequency `dtS` later, the narrower before the wider. */
export function indexWide(lines: readonly Line[], dtS: number): WideIndex {
  const shelves = shelve(
    lines,
    (line) => line.midHz + line.driftHzPerS * dtS,
    (line) => line.hit.bandwidthHz,
  );
  return shelves.map(({ at, items }) => ({
    midHz: at,
    lines: items,
    maxHalfHz: items.reduce((max, line) => Math.max(max, line.hit.bandwidthHz / 2), 0),
  }));
}

/** A wide line of an OFF scan that an ON line lies within; `dtS` from the OFF scan to the ON scan, which is `spanS` long. */
export function coveringLine(on: Line, index: WideIndex, dtS: number, spanS: number): Line | undefined {
  for (const { midHz, lines, maxHalfHz } of index) {
    for (let i = firstAtLeast(midHz, on.midHz - maxHalfHz); i < lines.length; i++) {
      if (midHz[i]! > on.midHz + maxHalfHz) break;
      const off = lines[i]!;
      if (liesWithin(on, off, dtS, spanS) && comparable(on, off)) return off;
    }
  }
  return undefined;
}

/** A line of an OFF scan, given by frequency, that lies within a wide ON line; `dtS` and `spanS` as for the ON scan above, the other way. */
export function coveredLine(on: Line, offs: SortedLines, dtS: number, spanS: number): Line | undefined {
  const carried = on.midHz + on.driftHzPerS * dtS;
  const half = on.hit.bandwidthHz / 2;
  const { midHz, lines } = offs;
  for (let i = firstAtLeast(midHz, carried - half); i < lines.length && midHz[i]! <= carried + half; i++) {
    const off = lines[i]!;
    if (liesWithin(off, on, dtS, spanS) && comparable(on, off)) return off;
  }
  return undefined;
}

/** Lines by their frequency in mid-scan. */
export interface SortedLines {
  readonly midHz: Float64Array;
  readonly lines: readonly Line[];
}

export function sortLines(lines: readonly Line[]): SortedLines {
  const sorted = lines.toSorted((a, b) => a.midHz - b.midHz);
  return { midHz: Float64Array.from(sorted, (line) => line.midHz), lines: sorted };
}
