/** Scans with lines of known place, for measuring what a search finds. Each is a coarse channel as Green Bank's fine product has it. */

import { memorySource } from "../src/signal/memory-source.ts";
import type { SpectrogramSource } from "../src/signal/spectrogram.ts";
import { type BandpassSpec, bandGain } from "../src/simulate/bandpass.ts";
import { type Emitter, type ObservationSpec, simulateObservation } from "../src/simulate/observation.ts";
import { type RandomStream, randomStream, streamKey } from "../src/simulate/random.ts";

export const ROWS = 16;
export const CHANNELS = 2 ** 20;
export const TSAMP_S = 18.253611008;
export const FOFF_MHZ = -2.7939677238464355e-6;
const FCH1_MHZ = 8421.386;
const MEAN_POWER = 1e9;
/** The receiver's gain over the band. */
export const bands: Record<string, BandpassSpec> = {
  flat: {},
  /** Edges as a polyphase filter bank makes them, and the DC spike. */
  edges: { channelsPerCoarse: CHANNELS, dcSpike: 8 },
  /** These with a slope of 10 % and a ripple of 3 %. */
  rippled: { channelsPerCoarse: CHANNELS, dcSpike: 8, slope: 0.1, ripple: { amplitude: 0.03, cycles: 3.5 } },
};
/** Of a pixel's noise at gain 1: chi-squared with 204 degrees of freedom. */
const SIGMA = MEAN_POWER * Math.sqrt(2 / 204);
const MAX_DRIFT_HZ_PER_S = 4;
const SCENE = 4;

export interface Injection {
  readonly role: "needle" | "interference";
  /** `smeared`: a carrier, integrated over each row as it moves. `one channel`: all of a row's power in the channel nearest to its middle. */
  readonly kind: "smeared" | "one channel";
  /** At the centre of the first row. */
  readonly frequencyMHz: number;
  readonly driftHzPerS: number;
  /** Under the best weights, those of a search that knows path and shape. */
  readonly snr: number;
}

export interface Truth {
  readonly scene: string;
  readonly seed: number;
  readonly fch1MHz: number;
  readonly foffMHz: number;
  readonly nchans: number;
  readonly rows: number;
  readonly tsampS: number;
  readonly injections: readonly Injection[];
}

export interface Scene {
  readonly truth: Truth;
  readonly source: SpectrogramSource;
}

/** The scenes by name; each is made with a seed and one of `bands`. */
export const scenes: Record<string, (seed: number, bandpass: BandpassSpec) => Promise<Scene>> = {
  /** 300 lines, 4 kHz and more from each other, S/N 8 to 200, half of them smeared. */
  apart: (seed, bandpass) => scene("apart", seed, bandpass, linesApart(300, random(seed))),
  /** 100 strong lines 5.7 kHz from each other, 60 of them carriers, each with a needle within 2 kHz of it. */
  crowded: (seed, bandpass) => scene("crowded", seed, bandpass, linesCrowded(100, random(seed))),
  /** Eight coarse channels of noise. */
  noise: (seed, bandpass) => scene("noise", seed, bandpass, [], 8),
};

function random(seed: number): RandomStream {
  return randomStream(streamKey(seed, SCENE));
}

function linesApart(count: number, { uniform }: RandomStream): Injection[] {
  const cell = CHANNELS / count;
  return Array.from({ length: count }, (_, i) => {
    const driftHzPerS = MAX_DRIFT_HZ_PER_S * (2 * uniform() - 1);
    const middle = (i + 0.5) * cell + 700 * (2 * uniform() - 1);
    return {
      role: "needle",
      kind: i % 2 === 0 ? "smeared" : "one channel",
      frequencyMHz: startOfPath(middle, driftHzPerS),
      driftHzPerS,
      snr: between(uniform(), 8, 200),
    };
  });
}

function linesCrowded(count: number, { uniform }: RandomStream): Injection[] {
  const cell = 2048;
  const firstMiddle = 0.25 * CHANNELS;
  return Array.from({ length: count }, (_, i): Injection[] => {
    const strongMiddle = firstMiddle + i * cell;
    const strongDrift = i % 5 < 3 ? 0 : MAX_DRIFT_HZ_PER_S * (2 * uniform() - 1);
    const driftHzPerS = MAX_DRIFT_HZ_PER_S * (2 * uniform() - 1);
    const awayHz = (uniform() < 0.5 ? -1 : 1) * (20 + 1980 * uniform());
    const middle = strongMiddle + awayHz / (FOFF_MHZ * 1e6);
    return [
      {
        role: "interference",
        kind: "smeared",
        frequencyMHz: startOfPath(strongMiddle, strongDrift),
        driftHzPerS: strongDrift,
        snr: between(uniform(), 100, 3000),
      },
      {
        role: "needle",
        kind: i % 2 === 0 ? "smeared" : "one channel",
        frequencyMHz: startOfPath(middle, driftHzPerS),
        driftHzPerS,
        snr: between(uniform(), 10, 100),
      },
    ];
  }).flat();
}

/** Logarithmically uniform. */
function between(share: number, low: number, high: number): number {
  return low * (high / low) ** share;
}

function startOfPath(middleChannel: number, driftHzPerS: number): number {
  return FCH1_MHZ + middleChannel * FOFF_MHZ - driftHzPerS * 0.5 * (ROWS - 1) * TSAMP_S * 1e-6;
}

async function scene(
  name: string,
  seed: number,
  bandpass: BandpassSpec,
  injections: Injection[],
  coarseChannels = 1,
): Promise<Scene> {
  const frequency = { fch1MHz: FCH1_MHZ, foffMHz: FOFF_MHZ, nchans: coarseChannels * CHANNELS };
  const spec: ObservationSpec = {
    pattern: "A",
    rowsPerScan: ROWS,
    gapS: 0,
    frequency,
    tsampS: TSAMP_S,
    tstartMjd: 60_000,
    noise: { distribution: "chi-squared", mean: MEAN_POWER },
    bandpass,
    emitters: injections.filter(({ kind }) => kind === "smeared").map(emitter),
    header: {
      source_name: `INJECTED_${name.toUpperCase()}`,
      telescope_id: 6,
      machine_id: 20,
      data_type: 1,
      // turboSETI reads no file without a place.
      src_raj: 17.211,
      src_dej: 12.183,
    },
  };
  const background = simulateObservation(spec, seed).cadence.scans[0]!.source;
  const narrow = injections.filter(({ kind }) => kind === "one channel");
  return {
    truth: { scene: name, seed, ...frequency, rows: ROWS, tsampS: TSAMP_S, injections },
    source: narrow.length === 0 ? background : await withNarrowLines(background, narrow, bandpass),
  };
}

function emitter({ frequencyMHz, driftHzPerS, snr, role }: Injection): Emitter {
  return {
    kind: role,
    label: role,
    signal: {
      frequencyMHz,
      path: { shape: "linear", driftHzPerS },
      profile: { shape: "tone" },
      timeProfile: { shape: "steady" },
    },
    strength: { snr },
    scans: "all",
  };
}

/** setigen's default: no smearing within a row, one channel wide. */
async function withNarrowLines(
  background: SpectrogramSource,
  lines: readonly Injection[],
  bandpass: BandpassSpec,
): Promise<SpectrogramSource> {
  const whole = await background.read();
  const { nchans } = whole.frequency;
  const gain = bandGain(bandpass, nchans, 0, nchans).line;
  for (const { frequencyMHz, driftHzPerS, snr } of lines) {
    for (let row = 0; row < ROWS; row++) {
      const atMHz = frequencyMHz + driftHzPerS * row * TSAMP_S * 1e-6;
      const channel = Math.round((atMHz - whole.frequency.fch1MHz) / whole.frequency.foffMHz);
      if (channel < 0 || channel >= nchans) continue;
      whole.data[row * nchans + channel]! += (gain[channel]! * snr * SIGMA) / Math.sqrt(ROWS);
    }
  }
  return memorySource(whole);
}
