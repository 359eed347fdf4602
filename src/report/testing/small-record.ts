/** A small simulated cadence and the record of a search of it, made by hand from what was put in. */

import type { CadenceEvent, Hit, RejectedHit } from "../../signal/hit.ts";
import type { SearchRecord } from "../../signal/search-record.ts";
import {
  type Emitter,
  type SimulatedObservation,
  simulateObservation,
  type Truth,
} from "../../simulate/observation.ts";
import { signalFrequencyMHz } from "../../simulate/signals.ts";

const TSAMP_S = 18;
const FOFF_MHZ = -3e-6;

const emitter = (
  kind: Emitter["kind"],
  label: string,
  kHz: number,
  driftHzPerS: number,
  scans: Emitter["scans"],
) => ({
  kind,
  label,
  scans,
  strength: { snr: 50 },
  signal: {
    frequencyMHz: 1420 - kHz * 1e-3,
    path: { shape: "linear", driftHzPerS } as const,
    profile: { shape: "tone" } as const,
    timeProfile: { shape: "steady" } as const,
  },
});

export function smallObservation(): SimulatedObservation {
  return simulateObservation(
    {
      pattern: "ABAC",
      rowsPerScan: 8,
      gapS: 10,
      frequency: { fch1MHz: 1420, foffMHz: FOFF_MHZ, nchans: 4096 },
      tsampS: TSAMP_S,
      tstartMjd: 60_000,
      noise: { distribution: "chi-squared", mean: 100 },
      emitters: [
        emitter("needle", "first needle", 4, 1.1, "on"),
        emitter("needle", "second needle", 7, -0.4, "on"),
        emitter("needle", "third needle", 9, -0.9, "on"),
        emitter("interference", "oscillator", 2, 0.3, "all"),
      ],
      pointings: { A: { source_name: 'STAR <1> & "more"' } },
    },
    1,
  );
}

/** The hit that a faultless search would make of a signal in a scan, `offHz` aside. */
export function hitOf(
  observation: SimulatedObservation,
  { signal, driftHzPerS, snrByScan }: Truth,
  scan: number,
  offHz = 0,
): Hit {
  const startS = observation.scanStartS[scan]!;
  const frequencyMHz = signalFrequencyMHz(signal, TSAMP_S, startS + 0.5 * TSAMP_S) + offHz * 1e-6;
  return {
    file: observation.cadence.scans[scan]!.source.name,
    scan,
    frequencyMHz,
    midFrequencyMHz: frequencyMHz + driftHzPerS * 3.5 * TSAMP_S * 1e-6,
    driftHzPerS,
    driftUncertaintyHzPerS: 0.01,
    snr: snrByScan[scan]!,
    widthHz: 3,
    bandwidthHz: 9,
    coarseChannel: 0,
    channel: Math.round((frequencyMHz - 1420) / FOFF_MHZ),
  };
}

export function eventOf(hits: Hit[]): CadenceEvent {
  return {
    frequencyMHz: hits[0]!.frequencyMHz,
    driftHzPerS: hits[0]!.driftHzPerS,
    snr: Math.hypot(...hits.map(({ snr }) => snr)),
    level: hits.length === 2 ? 3 : 2,
    hits,
  };
}

export function recordOf(
  { cadence }: SimulatedObservation,
  events: CadenceEvent[],
  rejected: RejectedHit[],
): SearchRecord {
  return {
    program: { name: "lodestone", version: "1.2.3" },
    parameters: { maxDriftHzPerS: 4, snr: 10, offSnr: null },
    scans: cadence.scans.map(({ role, pointing, source }) => ({
      file: source.name,
      role,
      pointing,
      time: source.time,
      frequency: source.frequency,
      header: source.header,
    })),
    hits: [...events.flatMap(({ hits }) => hits), ...rejected.map(({ hit }) => hit)],
    events,
    rejected,
    expectedFalseHits: 0.25,
    notes: ["a note"],
  };
}
