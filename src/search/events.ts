/**
 * The cadence's event filter: which hits of ON scans are transmitters that the OFF scans don't show. The field's three levels
 * (turboSETI's find_event names them), told apart by drift and time together. docs/events.md tells the rules and their reasons.
 */

import type { CadenceEvent, EventLevel, Hit, RejectedHit } from "../signal/hit.ts";
import { chainDriftHzPerS, chainLines } from "./events-chain.ts";
import { coveringLine, indexWide, isWide } from "./events-cover.ts";
import { forEachMatch, indexLines } from "./events-index.ts";
import { type Line, makeLine, type ScanClock, type ScanHits, scanClocks } from "./events-path.ts";
import {
  companionReason,
  coverReason,
  fastReason,
  pathReason,
  slowReason,
  weakReason,
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
  const rejections = new Map<Line, RejectedHit>();
  const lines = scans.map((scan, i) => scan.hits.map((hit) => makeLine(hit, i, scan, clocks[i]!)));
  const ons = lines.filter((_, i) => scans[i]!.role === "ON");
  const passed = ons.map((on) =>
    on.filter((line) => {
      const rejection = checkLimits(line, clocks[line.scan]!, limits);
      if (rejection) rejections.set(line, rejection);
      return rejection === undefined;
    }),
  );
  rejectSeenOff(passed, lines, scans, clocks, rejections);
  const events: CadenceEvent[] = [];
  const offScans = scans.length - ons.length;
  for (const chain of chainLines(passed, clocks)) {
    const kept = settleChain(chain, scans.length, rejections);
    if (kept.length === 0) continue;
    const level: EventLevel = offScans === 0 ? 1 : kept.length === ons.length ? 3 : 2;
    events.push(makeEvent(kept, level, clocks));
  }
  events.sort((a, b) => b.level - a.level || b.snr - a.snr || a.frequencyMHz - b.frequencyMHz);
  const rejected = [...rejections]
    .sort(([a], [b]) => a.scan - b.scan || a.hit.frequencyMHz - b.hit.frequencyMHz)
    .map(([, rejection]) => rejection);
  return { events, rejected, notes };
}

/**
 * The least drift that a scan can tell from zero for a hit, Hz/s: half a channel from the first row to the last, or two standard
 * deviations of the hit's drift if that is more.
 */
function zeroResolutionHzPerS(line: Line, clock: ScanClock): number {
  return Math.max(line.channelHz / 2 / clock.spanS, ZERO_SIGMAS * line.driftErrorHzPerS);
}

function checkLimits(line: Line, clock: ScanClock, limits: EventLimits): RejectedHit | undefined {
  const { hit } = line;
  const { minSnr = 0, minDriftHzPerS = 0, maxDriftHzPerS = Number.POSITIVE_INFINITY } = limits;
  const drift = Math.abs(hit.driftHzPerS);
  if (!(hit.snr >= minSnr)) return { hit, level: 0, rule: "snr-limit", reason: weakReason(hit, minSnr) };
  if (!(drift - line.driftErrorHzPerS <= maxDriftHzPerS)) {
    return { hit, level: 0, rule: "drift-limit", reason: fastReason(hit, maxDriftHzPerS) };
  }
  const resolution = zeroResolutionHzPerS(line, clock);
  if (!limits.keepZeroDrift && drift < resolution) {
    return { hit, level: 0, rule: "zero-drift", reason: zeroReason(hit, resolution) };
  }
  if (drift < minDriftHzPerS) {
    return { hit, level: 0, rule: "drift-limit", reason: slowReason(hit, minDriftHzPerS) };
  }
  return undefined;
}

/** Level 2, hit by hit: on the path of an OFF hit, or within a wide one. The OFF scan nearest in time is the one named. */
function rejectSeenOff(
  ons: readonly (readonly Line[])[],
  lines: readonly (readonly Line[])[],
  scans: readonly ScanHits[],
  clocks: readonly ScanClock[],
  rejections: Map<Line, RejectedHit>,
): void {
  const offs = lines.flatMap((off, scan) =>
    scans[scan]!.role === "OFF" && off.length > 0
      ? [{ scan, index: indexLines(off), wide: off.filter((line) => isWide(line, scans[scan]!.time.tsampS)) }]
      : [],
  );
  for (const on of ons) {
    if (on.length === 0) continue;
    const { scan } = on[0]!;
    const clock = clocks[scan]!;
    const near = offs
      .map((off) => ({ ...off, dtS: clocks[off.scan]!.midS - clock.midS }))
      .sort((a, b) => Math.abs(a.dtS) - Math.abs(b.dtS) || a.scan - b.scan);
    const covers = near.map(({ wide, dtS }) => indexWide(wide, -dtS));
    for (const line of on) {
      const rejection =
        onPathOfOff(line, near, scans.length) ?? coveredByOff(line, covers, clock, scans.length);
      if (rejection) rejections.set(line, rejection);
    }
  }
}

function onPathOfOff(
  line: Line,
  offs: readonly { index: ReturnType<typeof indexLines>; dtS: number }[],
  scans: number,
): RejectedHit | undefined {
  for (const { index, dtS } of offs) {
    let best: Line | undefined;
    let missHz = Number.POSITIVE_INFINITY;
    forEachMatch(line, index, dtS, (match) => {
      if (match.missHz < missHz) ({ line: best, missHz } = match);
    });
    if (best === undefined) continue;
    const reason = pathReason(line.hit, best, scans, missHz, dtS);
    return { hit: line.hit, level: 1, rule: "in-off-scan", reason, offHit: best.hit };
  }
  return undefined;
}

function coveredByOff(
  line: Line,
  covers: readonly ReturnType<typeof indexWide>[],
  clock: ScanClock,
  scans: number,
): RejectedHit | undefined {
  for (const cover of covers) {
    const wide = coveringLine(line, cover, clock);
    if (wide === undefined) continue;
    return {
      hit: line.hit,
      level: 1,
      rule: "in-off-scan",
      reason: coverReason(wide, scans),
      offHit: wide.hit,
    };
  }
  return undefined;
}

/**
 * The lines of a chain that make an event. Where the OFF scans show as many of a chain's lines as not, it is one transmitter that
 * they show, and the other lines are rejected with it.
 */
function settleChain(chain: readonly Line[], scans: number, rejections: Map<Line, RejectedHit>): Line[] {
  const seenOff = chain.filter((line) => rejections.has(line));
  const kept = chain.filter((line) => !rejections.has(line));
  if (seenOff.length < kept.length || kept.length === 0) return kept;
  for (const line of kept) {
    const companion = seenOff.reduce((best, other) =>
      Math.abs(other.scan - line.scan) < Math.abs(best.scan - line.scan) ? other : best,
    );
    const { reason, offHit } = rejections.get(companion)!;
    rejections.set(line, {
      hit: line.hit,
      level: 1,
      rule: "in-off-scan",
      reason: companionReason(companion, scans, reason),
      offHit: offHit!,
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
