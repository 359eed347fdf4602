/** The observation that `npm start` makes: six scans of one coarse channel at Green Bank, X band. */

import type { FrequencyProfile } from "./frequency-profiles.ts";
import {
  type Emitter,
  greenBankHeader,
  type ObservationSpec,
  type SimulatedObservation,
  simulateObservation,
} from "./observation.ts";
import { randomStream, streamKey } from "./random.ts";
import type { Signal } from "./signals.ts";
import type { TimeProfile } from "./time-profiles.ts";

const FOFF_MHZ = -2.7939677238464355e-6;
const TSAMP_S = 18.253611008;
const ROWS = 16;
const GAP_S = 25;
const SCENE = 2;

/** Each has about 60 % of its S/N in a scan, of which a straight line finds less than half: under the 10 that a hit needs. */
const notStraight: readonly (Pick<Signal, "path" | "timeProfile"> & { label: string; snr: number })[] = [
  {
    label: "S shape",
    snr: 34,
    path: { shape: "sine", driftHzPerS: 0.05, amplitudeHz: 150, periodS: 640 },
    timeProfile: { shape: "steady" },
  },
  {
    label: "random walk",
    snr: 33,
    path: { shape: "random-walk", driftHzPerS: 0.1, stepHz: 35, stepS: 30, seed: 57 },
    timeProfile: { shape: "steady" },
  },
  {
    label: "pulses",
    snr: 26,
    path: { shape: "linear", driftHzPerS: -0.12 },
    timeProfile: { shape: "pulsed", periodS: 97, duty: 0.08, startS: 20 },
  },
];

/**
 * Nine needles and ten interferers. Six needles drift evenly: one of them across a line that only the OFF scans have, one 300 Hz from far
 * stronger interference. Three are of the kinds that a search along straight lines misses, though over the cadence they have more
 * S/N than it asks for: no straight path gathers enough of them in any scan. `nchans` (32,768 or more) is the width; every emitter has a sixteenth of it to
 * itself, in an order drawn from the seed, but for those three, which share one.
 */
export function exampleObservation(seed: number, nchans = 65_536): SimulatedObservation {
  return simulateObservation(exampleSpec(seed, nchans), seed);
}

export function exampleSpec(seed: number, nchans = 65_536): ObservationSpec {
  const random = randomStream(streamKey(seed, SCENE));
  const fch1MHz = 8419.921875;
  const scanS = ROWS * TSAMP_S;

  // 14 places between the steep edges of the band.
  const places = Array.from({ length: 14 }, (_, i) => 1 + i);
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  // The centre of each path through the observation's time lies in the middle of its place, give or take a quarter.
  const middleS = 0.5 * (6 * scanS + 5 * GAP_S);
  const nextStartMHz = (driftHzPerS: number) => {
    const place = places.pop()! + 0.5 + 0.5 * (random.uniform() - 0.5);
    return fch1MHz + FOFF_MHZ * place * (nchans / 16) - driftHzPerS * middleS * 1e-6;
  };
  const either = (drift: number) => (random.uniform() < 0.5 ? -drift : drift);

  const emitters: Emitter[] = [];
  const add = (
    kind: Emitter["kind"],
    label: string,
    [frequencyMHz, driftHzPerS]: readonly [number, number],
    snr: number,
    scans: Emitter["scans"],
    profile: FrequencyProfile = { shape: "tone" },
    timeProfile: TimeProfile = { shape: "steady" },
  ) => {
    const signal = { frequencyMHz, path: { shape: "linear", driftHzPerS } as const, profile, timeProfile };
    emitters.push({ kind, label, signal, strength: { snr }, scans });
    return { frequencyMHz, driftHzPerS };
  };
  const path = (driftHzPerS: number) => [nextStartMHz(driftHzPerS), driftHzPerS] as const;

  add("needle", "slow", path(either(0.34)), 40, "on");
  add("needle", "faint", path(either(0.62)), 14, "on");
  add("needle", "fast", path(either(3.85)), 100, "on");
  add("needle", "broad", path(either(1.27)), 30, "on", { shape: "gaussian", fwhmHz: 9 });

  const crossing = add("needle", "across an OFF line", path(either(1.71)), 45, "on");
  const secondScanMiddleS = scanS + GAP_S + 0.5 * scanS;
  const crossingMHz = crossing.frequencyMHz + crossing.driftHzPerS * secondScanMiddleS * 1e-6;
  add("interference", "in OFF scans only", [crossingMHz, 0], 80, "off");

  const strong = add("interference", "strong carrier", path(0), 900, "all");
  add("needle", "beside a strong carrier", [strong.frequencyMHz + 300e-6, 0.45], 25, "on");

  add("interference", "carrier", path(0), 60, "all");
  add("interference", "slow oscillator", path(either(0.21)), 150, "all");
  add("interference", "oscillator", path(either(1.1)), 35, "all");
  add("interference", "satellite", path(either(3.1)), 80, "all");
  add("interference", "broad carrier", path(0), 90, "all", { shape: "box", widthHz: 60 });
  add("interference", "from the second scan on", path(either(0.8)), 50, [1, 2, 3, 4, 5]);
  add(
    "interference",
    "pulsed",
    path(either(0.05)),
    120,
    "all",
    { shape: "tone" },
    { shape: "pulsed", periodS: 47, duty: 0.4 },
  );

  // A quarter of a place apart: they hardly drift.
  const shared = places.pop()!;
  for (const [i, { label, snr, path, timeProfile }] of notStraight.entries()) {
    const middleMHz = fch1MHz + FOFF_MHZ * (shared + 0.25 * (i + 1)) * (nchans / 16);
    const frequencyMHz = middleMHz - path.driftHzPerS * middleS * 1e-6;
    emitters.push({
      kind: "needle",
      label,
      signal: { frequencyMHz, path, profile: { shape: "tone" }, timeProfile },
      strength: { snr, convention: "cadence" },
      scans: "on",
    });
  }

  // Begins 500 channels before the band's last and leaves it in the third scan.
  add("interference", "out of the band", [fch1MHz + FOFF_MHZ * (nchans - 500), -2], 200, "all");

  return {
    pattern: "ABACAD",
    rowsPerScan: ROWS,
    gapS: GAP_S,
    frequency: { fch1MHz, foffMHz: FOFF_MHZ, nchans },
    tsampS: TSAMP_S,
    tstartMjd: 61_041.25,
    noise: { distribution: "chi-squared", mean: 2.5e10 },
    bandpass: {
      channelsPerCoarse: nchans,
      slope: 0.1,
      ripple: { amplitude: 0.03, cycles: 3.5 },
      dcSpike: 8,
    },
    emitters,
    header: greenBankHeader,
    pointings: {
      A: { source_name: "HIP113357", src_raj: 22.957769, src_dej: 20.768833 },
      B: { source_name: "HIP113357_OFF_B", src_raj: 22.957769, src_dej: 21.768833 },
      C: { source_name: "HIP113357_OFF_C", src_raj: 23.057769, src_dej: 20.768833 },
      D: { source_name: "HIP113357_OFF_D", src_raj: 22.957769, src_dej: 19.768833 },
    },
  };
}
