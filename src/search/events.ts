/**
 * The cadence's event filter: which hits of ON scans are transmitters that the OFF scans don't show. The field's three levels
 * (turboSETI's find_event names them), told apart by drift and time together. docs/events.md tells the rules and their reasons.
 */

import type { CadenceEvent, EventLevel, Hit, RejectedHit } from "../signal/hit.ts";
import { chainDriftHzPerS, chainLines } from "./events-chain.ts";
import {
  coveredLine,
  coveringLine,
  indexWide,
  isWide,
  type SortedLines,
  sortLines,
  type WideIndex,
} from "./events-cover.ts";
import { forEachMatch, indexLines, type LineIndex } from "./events-index.ts";
import { type Line, makeLine, pathMiss, type ScanClock, type ScanHits, scanClocks } from "./events-path.ts";
import {
  companionReason,
  coverReason,
  fastReason,
  pathReason,
  slowReason,
  weakReason,
  withinReason,
  zeroReason,
} from "./events-reasons.ts";

export type { ScanHits } from "./events-path.ts";

/** Level 1. A limit left out does not limit. */
export interface EventLimits {
  readonly minSnr?: number;
  readonly minDriftHzPerS?: number;
  /** A hit whose drift is within one standard deviation of the limit is kept. */
  readonly maxDriftHzPerS?: number;
  /** Keeps hits whose drift can't be told from zero, which most interference has. */
  readonly keepZeroDrift?: boolean;
}

export interface CadenceEvents {
  /** Level 3 first, then by S/N. */
  readonly events: CadenceEvent[];
  /** Every hit of an ON scan that is in no event, by scan, then by frequency. */
  readonly rejected: RejectedHit[];
  readonly notes: string[];
}

/** A hit whose drift is this many standard deviations from zero at most may be at rest. */
const ZERO_SIGMAS = 2;

/**
 * Events among the hits of scans given in the order of time. OFF hits count whatever their S/N, so OFF scans may be searched
 * down to a lower one. Without an OFF scan nothing can be told of levels 2 and 3: events are of level 1. A hit is in one
 * event or in `rejected`, never in both.
 */
export function findEvents(scans: readonly ScanHits[], limits: EventLimits = {}): CadenceEvents {
  const { clocks, notes } = scanClocks(scans);
  const lines = scans.map((scan, i) => scan.hits.map((hit) => makeLine(hit, i, scan, clocks[i]!)));
  const ons = lines.filter((_, i) => scans[i]!.role === "ON");
  const rejections = new Map<Line, RejectedHit>();
  const passed = ons.map((on) =>
    on.filter((line) => {
      const rejection = checkLimits(line.hit, line.driftErrorHzPerS, limits);
      if (rejection) rejections.set(line, rejection);
      return rejection === undefined;
    }),
  );
  const still = limits.keepZeroDrift ? new Map<Line, RejectedHit>() : findStill(passed.flat(), clocks);
  const seenOff = findSeenOff(passed, lines, scans, clocks);
  const events: CadenceEvent[] = [];
  for (const chain of chainLines(passed, clocks)) {
    const drifting = unlessMost(chain, still, (line) => {
      rejections.set(line, still.get(line)!);
    });
    const kept = settleSeenOff(drifting, seenOff, scans.length, rejections);
    if (kept.length === 0) continue;
    const level: EventLevel = ons.length === scans.length ? 1 : kept.length === ons.length ? 3 : 2;
    events.push(makeEvent(kept, level, clocks));
  }
  events.sort((a, b) => b.level - a.level || b.snr - a.snr || a.frequencyMHz - b.frequencyMHz);
  const rejected = ons.flatMap((on) =>
    on
      .toSorted((a, b) => a.hit.frequencyMHz - b.hit.frequencyMHz)
      .flatMap((line) => rejections.get(line) ?? []),
  );
  return { events, rejected, notes };
}

function checkLimits(hit: Hit, driftErrorHzPerS: number, limits: EventLimits): RejectedHit | undefined {
  const { minSnr = 0, minDriftHzPerS = 0, maxDriftHzPerS = Number.POSITIVE_INFINITY } = limits;
  const drift = Math.abs(hit.driftHzPerS);
  if (!(hit.snr >= minSnr)) return { hit, level: 0, rule: "snr-limit", reason: weakReason(hit, minSnr) };
  if (!(drift - driftErrorHzPerS <= maxDriftHzPerS)) {
    return { hit, level: 0, rule: "drift-limit", reason: fastReason(hit, maxDriftHzPerS) };
  }
  if (drift < minDriftHzPerS) {
    return { hit, level: 0, rule: "drift-limit", reason: slowReason(hit, minDriftHzPerS) };
  }
  return undefined;
}

/**
 * Lines whose drift can't be told from zero: less than half a channel from the first row to the last, or less than two standard
 * deviations.
 */
function findStill(lines: readonly Line[], clocks: readonly ScanClock[]): Map<Line, RejectedHit> {
  const still = new Map<Line, RejectedHit>();
  for (const line of lines) {
    const halfChannel = line.channelHz / 2 / clocks[line.scan]!.spanS;
    const resolution = Math.max(halfChannel, ZERO_SIGMAS * line.driftErrorHzPerS);
    if (Math.abs(line.driftHzPerS) >= resolution) continue;
    const { hit } = line;
    still.set(line, { hit, level: 0, rule: "zero-drift", reason: zeroReason(hit, resolution) });
  }
  return still;
}

/**
 * Lines that another of these scans has on the same path without any change of drift. Such a transmitter's drift is steady, and so a
 * line that would take a changing one to meet it is another's.
 */
function findSteady(scans: readonly (readonly Line[])[], clocks: readonly ScanClock[]): Set<Line> {
  const steady = new Set<Line>();
  for (const [i, first] of scans.entries()) {
    for (const second of scans.slice(i + 1)) {
      if (first.length === 0 || second.length === 0) continue;
      const dtS = clocks[second[0]!.scan]!.midS - clocks[first[0]!.scan]!.midS;
      const index = indexLines(second, dtS);
      for (const line of first) {
        forEachMatch(line, index, (other) => {
          if (pathMiss(line, other, dtS, false) !== undefined) steady.add(line).add(other);
        });
      }
    }
  }
  return steady;
}

/** Lines that the OFF scans show, each by itself. The OFF scan nearest in time is the one named. */
function findSeenOff(
  ons: readonly (readonly Line[])[],
  lines: readonly (readonly Line[])[],
  scans: readonly ScanHits[],
  clocks: readonly ScanClock[],
): Map<Line, RejectedHit> {
  const seenOff = new Map<Line, RejectedHit>();
  const offLines = lines.filter((_, scan) => scans[scan]!.role === "OFF");
  const steady = new Set([...findSteady(ons, clocks), ...findSteady(offLines, clocks)]);
  const offs = lines.flatMap((off, scan) => {
    if (scans[scan]!.role === "ON" || off.length === 0) return [];
    const wide = off.filter((line) => isWide(line, scans[scan]!.time.tsampS));
    return { scan, lines: off, sorted: sortLines(off), wide };
  });
  for (const on of ons) {
    if (on.length === 0) continue;
    const { scan } = on[0]!;
    const { midS, spanS } = clocks[scan]!;
    const near = offs
      .map((off): OffScan => {
        const clock = clocks[off.scan]!;
        const dtS = clock.midS - midS;
        return {
          index: indexLines(off.lines, dtS),
          wide: indexWide(off.wide, -dtS),
          sorted: off.sorted,
          spanS: clock.spanS,
        };
      })
      .sort((a, b) => Math.abs(a.index.dtS) - Math.abs(b.index.dtS));
    for (const line of on) {
      const wide = isWide(line, scans[scan]!.time.tsampS);
      const seen =
        onPathOfOff(line, near, steady, scans.length) ?? amongWide(line, wide, near, spanS, scans.length);
      if (seen) seenOff.set(line, { hit: line.hit, level: 1, rule: "in-off-scan", ...seen });
    }
  }
  return seenOff;
}

/** An OFF scan as an ON scan sees it. */
interface OffScan {
  /** Its `dtS` is from the middle of the ON scan to the middle of this. */
  readonly index: LineIndex;
  readonly wide: WideIndex;
  readonly sorted: SortedLines;
  readonly spanS: number;
}

type SeenOff = Required<Pick<RejectedHit, "reason" | "offHit">>;

function onPathOfOff(
  line: Line,
  offs: readonly OffScan[],
  steady: ReadonlySet<Line>,
  scans: number,
): SeenOff | undefined {
  for (const { index } of offs) {
    let best: Line | undefined;
    let bestHz = Number.POSITIVE_INFINITY;
    forEachMatch(line, index, (off, missHz) => {
      const changes = !steady.has(line) && !steady.has(off);
      if (!changes && pathMiss(line, off, index.dtS, false) === undefined) return;
      if (missHz < bestHz) [best, bestHz] = [off, missHz];
    });
    if (best) return { reason: pathReason(line.hit, best, scans, bestHz, index.dtS), offHit: best.hit };
  }
  return undefined;
}

function amongWide(
  line: Line,
  wide: boolean,
  offs: readonly OffScan[],
  spanS: number,
  scans: number,
): SeenOff | undefined {
  for (const off of offs) {
    const { dtS } = off.index;
    const covering = coveringLine(line, off.wide, -dtS, spanS);
    if (covering) return { reason: coverReason(covering, scans), offHit: covering.hit };
    const covered = wide ? coveredLine(line, off.sorted, dtS, off.spanS) : undefined;
    if (covered) return { reason: withinReason(covered, scans), offHit: covered.hit };
  }
  return undefined;
}

/**
 * All lines of a chain where fewer than half of them are marked, else those that aren't; calls back with each that is left out.
 */
function unlessMost(
  chain: readonly Line[],
  marked: ReadonlyMap<Line, unknown>,
  leaveOut: (line: Line) => void,
): readonly Line[] {
  const rest = chain.filter((line) => !marked.has(line));
  if (chain.length < 2 * rest.length) return chain;
  for (const line of chain) if (marked.has(line)) leaveOut(line);
  return rest;
}

/**
 * The lines of a chain that make an event. Where the OFF scans show as many of a chain's lines as not, it is one transmitter that
 * they show, and the other lines are rejected with it.
 */
function settleSeenOff(
  chain: readonly Line[],
  seenOff: ReadonlyMap<Line, RejectedHit>,
  scans: number,
  rejections: Map<Line, RejectedHit>,
): readonly Line[] {
  const seen = chain.filter((line) => seenOff.has(line));
  const kept = chain.filter((line) => !seenOff.has(line));
  for (const line of seen) rejections.set(line, seenOff.get(line)!);
  if (seen.length < kept.length) return kept;
  for (const line of kept) {
    const companion = seen.reduce((best, other) =>
      Math.abs(other.scan - line.scan) < Math.abs(best.scan - line.scan) ? other : best,
    );
    const { reason, offHit } = seenOff.get(companion)!;
    rejections.set(line, {
      hit: line.hit,
      level: 1,
      rule: "in-off-scan",
      reason: companionReason(companion, scans, reason),
      offHit,
    });
  }
  return [];
}

function makeEvent(chain: readonly Line[], level: EventLevel, clocks: readonly ScanClock[]): CadenceEvent {
  const hits: Hit[] = chain.map((line) => line.hit);
  return {
    frequencyMHz: hits[0]!.frequencyMHz,
    driftHzPerS: chainDriftHzPerS(chain, clocks),
    snr: Math.hypot(...hits.map((hit) => hit.snr)),
    level,
    hits,
  };
}
