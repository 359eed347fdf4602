/** What a search found beside what was put in. */

import type { CadenceEvent, Hit, RejectedHit } from "../signal/hit.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import { profileWidthHz } from "../simulate/frequency-profiles.ts";
import type { SimulatedObservation, Truth } from "../simulate/observation.ts";
import { signalFrequencyMHz } from "../simulate/signals.ts";

export interface NeedleResult {
  readonly needle: Truth;
  /** Index in the record's events of the best event that is this needle. */
  readonly event?: number;
  /** Of a needle without an event: the strongest of its hits that the filter rejected. */
  readonly rejected?: RejectedHit;
}

export interface TruthComparison {
  readonly needles: readonly NeedleResult[];
  /** One item an event of the record: what it is. Undefined where nothing was put there. */
  readonly events: readonly (Truth | undefined)[];
  readonly falseEvents: number;
}

/**
 * Matches events to what was put in. An event is a needle's, or an interferer's, where more than half of its hits lie on that
 * signal's path: at the first row and at the last no further away than three channels, the signal's width and half of what its drift
 * smears over that row together.
 */
export function compareWithTruth(record: SearchRecord, observation: SimulatedObservation): TruthComparison {
  const { truth } = observation;
  const events = record.events.map((event) => nearestLine(event, record, observation));
  const needles = truth
    .filter(({ kind }) => kind === "needle")
    .map((needle): NeedleResult => {
      const event = events.indexOf(needle);
      if (event >= 0) return { needle, event };
      const rejected = record.rejected
        .filter(({ hit }) => onPath(hit, needle, record, observation))
        .sort((a, b) => b.hit.snr - a.hit.snr)[0];
      return { needle, rejected };
    });
  return { needles, events, falseEvents: events.filter((line) => line?.kind !== "needle").length };
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
