/**
 * Wide lines of OFF scans, which cover the narrow hits within them: noise and modulation inside a wide line look like narrow
 * lines of any drift, so the drift says nothing there.
 */

import { firstAtLeast, shelve } from "./events-index.ts";
import type { Line, ScanClock } from "./events-path.ts";

/** A line is wide where its bandwidth is over this many channels, beside what its drift smears. */
const WIDE_CHANNELS = 10;
/** Interference grows and fades by about ten times as the telescope moves; what is stronger than that is no piece of it. */
const LARGEST_CONTRAST = 10;

interface Wide {
  readonly line: Line;
  /** Where its own drift puts it in the middle of the ON scan. */
  readonly midHz: number;
  readonly halfHz: number;
}

interface WideShelf {
  readonly at: Float64Array;
  readonly items: readonly Wide[];
  readonly maxHalfHz: number;
}

export type WideIndex = readonly WideShelf[];

export function isWide(line: Line, tsampS: number): boolean {
  return line.hit.bandwidthHz > WIDE_CHANNELS * line.channelHz + 2 * Math.abs(line.driftHzPerS) * tsampS;
}

/** Wide lines carried by their own drift through `dtS` seconds, to the middle of an ON scan. */
export function indexWide(lines: readonly Line[], dtS: number): WideIndex {
  const wide = lines.map((line) => ({
    line,
    midHz: line.midHz + line.driftHzPerS * dtS,
    halfHz: line.hit.bandwidthHz / 2,
  }));
  const shelves = shelve(
    wide,
    (w) => w.midHz,
    (w) => w.halfHz,
  );
  return shelves.map(({ at, items }) => ({
    at,
    items,
    maxHalfHz: items.reduce((max, { halfHz }) => Math.max(max, halfHz), 0),
  }));
}

/** A wide line that `line` lies within from its first row to its last, one of the narrowest that do. */
export function coveringLine(line: Line, index: WideIndex, clock: ScanClock): Line | undefined {
  for (const { at, items, maxHalfHz } of index) {
    const stop = line.midHz + maxHalfHz;
    for (let i = firstAtLeast(at, line.midHz - maxHalfHz); i < at.length && at[i]! <= stop; i++) {
      const wide = items[i]!;
      const crossing = (Math.abs(line.driftHzPerS - wide.line.driftHzPerS) * clock.spanS) / 2;
      const inside = Math.abs(line.midHz - wide.midHz) + crossing <= wide.halfHz;
      if (inside && line.hit.snr <= LARGEST_CONTRAST * wide.line.hit.snr) return wide.line;
    }
  }
  return undefined;
}
