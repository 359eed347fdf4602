/** What a search found beside what was put in. */

import type { CadenceEvent, Hit, RejectedHit } from "../signal/hit.ts";
import type { DetectorCandidate, SearchRecord } from "../signal/search-record.ts";
import { profileWidthHz } from "../simulate/frequency-profiles.ts";
import type { SimulatedObservation, Truth } from "../simulate/observation.ts";
import { signalFrequencyMHz } from "../simulate/signals.ts";

export interface NeedleResult {
  readonly needle: Truth;
  /** Index in the record's events of the best event that is this needle. */
  readonly event?: number;
  /** Of a needle without an event: index among the detector's candidates of the best one that its path lies in. */
  readonly candidate?: number;
  /** Of a needle without an event: the strongest of its hits that the filter rejected. */
  readonly rejected?: RejectedHit;
}

export interface TruthComparison {
  readonly needles: readonly NeedleResult[];
  /** One item an event of the record: what it is. Undefined where nothing was put there. */
  readonly events: readonly (Truth | undefined)[];
  readonly falseEvents: number;
  /** One item a candidate of the detector's: what it is. None where there was no detector. */
  readonly candidates: readonly (Truth | undefined)[];
  readonly falseCandidates: number;
}

/**
 * Matches events to what was put in. An event is a needle's, or an interferer's, where more than half of its hits lie on that
 * signal's path: at the first row and at the last no further away than three channels, the signal's width and half of what its drift
 * smears over that row together. A candidate of the detector's is the signal that is within its frequencies for at least half of the rows which that
 * signal is in: a needle that no event explains before others.
 */
export function compareWithTruth(record: SearchRecord, observation: SimulatedObservation): TruthComparison {
  const { truth } = observation;
  const events = record.events.map((event) => nearestLine(event, record, observation));
  const found = record.detector?.candidates ?? [];
  const rank = (line: Truth) => (line.kind !== "needle" ? 2 : events.includes(line) ? 1 : 0);
  const inOrder = [...truth].sort((a, b) => rank(a) - rank(b));
  const candidates = found.map((candidate) =>
    inOrder.find((line) => liesWithin(candidate, line, record, observation)),
  );
  const needles = truth
    .filter(({ kind }) => kind === "needle")
    .map((needle): NeedleResult => {
      const event = events.indexOf(needle);
      if (event >= 0) return { needle, event };
      const rejected = record.rejected
        .filter(({ hit }) => onPath(hit, needle, record, observation))
        .sort((a, b) => b.hit.snr - a.hit.snr)[0];
      const candidate = found.findIndex((one) => liesWithin(one, needle, record, observation));
      return { needle, rejected, ...(candidate >= 0 && { candidate }) };
    });
  const countFalse = (lines: readonly (Truth | undefined)[]) =>
    lines.filter((line) => line?.kind !== "needle").length;
  return {
    needles,
    events,
    falseEvents: countFalse(events),
    candidates,
    falseCandidates: countFalse(candidates),
  };
}

/** Whether a signal is between a candidate's edges for half of the rows that it is in, or more. */
function liesWithin(
  { lowMHz, highMHz }: DetectorCandidate,
  { signal, snrByScan }: Truth,
  record: SearchRecord,
  { scanStartS }: SimulatedObservation,
): boolean {
  const inside = record.scans.flatMap(({ time: { tsampS, nsamples } }, scan) => {
    if (!(snrByScan[scan]! > 0)) return [];
    return Array.from({ length: nsamples }, (_, row) => {
      const at = signalFrequencyMHz(signal, tsampS, scanStartS[scan]! + (row + 0.5) * tsampS);
      return at >= lowMHz && at <= highMHz;
    });
  });
  return inside.length > 0 && 2 * inside.filter(Boolean).length >= inside.length;
}

function nearestLine(
  { hits }: CadenceEvent,
  record: SearchRecord,
  observation: SimulatedObservation,
): Truth | undefined {
  const counted = observation.truth.map((line) => ({
    line,
    count: hits.filter((hit) => onPath(hit, line, record, observation)).length,
  }));
  const best = counted.reduce((a, b) => (b.count > a.count ? b : a), { line: undefined, count: 0 } as {
    line: Truth | undefined;
    count: number;
  });
  return 2 * best.count > hits.length ? best.line : undefined;
}

function onPath(
  hit: Hit,
  { signal, snrByScan }: Truth,
  record: SearchRecord,
  { scanStartS }: SimulatedObservation,
) {
  if (!(snrByScan[hit.scan]! > 0)) return false;
  const { time, frequency } = record.scans[hit.scan]!;
  const { tsampS } = time;
  const spanS = (time.nsamples - 1) * tsampS;
  return [0, spanS].every((sinceFirstRowS) => {
    const timeS = scanStartS[hit.scan]! + 0.5 * tsampS + sinceFirstRowS;
    const [before, at, after] = [-0.5, 0, 0.5].map((rows) =>
      signalFrequencyMHz(signal, tsampS, timeS + rows * tsampS),
    ) as [number, number, number];
    const allowedHz =
      3e6 * Math.abs(frequency.foffMHz) + profileWidthHz(signal.profile) + 0.5e6 * Math.abs(after - before);
    const hitMHz = hit.frequencyMHz + hit.driftHzPerS * sinceFirstRowS * 1e-6;
    return Math.abs(hitMHz - at) * 1e6 <= allowedHz;
  });
}
