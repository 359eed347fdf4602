/**
 * A whole observation that was never made: the scans of a cadence, with noise, needles and interference of known place.
 * Nothing is kept: each scan makes the pixels of a range when they are read, the same bits for the same seed however they
 * are cut into ranges, in whatever order.
 */

import { type Cadence, cadenceRoles, makeCadence, type ScanRole } from "../signal/cadence.ts";
import { grouped } from "../signal/describe.ts";
import { UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import {
  type FrequencyAxis,
  type ObservationHeader,
  SECONDS_PER_DAY,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
} from "../signal/spectrogram.ts";
import { type BandpassSpec, bandGain } from "./bandpass.ts";
import { fillNoise, pixelDof } from "./noise.ts";
import { chiSquaredQuantiles, normalQuantiles, type QuantileTable } from "./quantiles.ts";
import { streamKey } from "./random.ts";
import {
  addSignal,
  matchedSnr,
  rowPowerBySetigen,
  rowPowerForSnr,
  type ScanGrid,
  type Signal,
} from "./signals.ts";

/**
 * What an S/N means. `matched`: by matched filter in one scan, if the signal were on throughout (see `rowPowerForSnr`); `setigen`: by its peak level
 * (see `rowPowerBySetigen`); both set in the first scan that the signal is in. `cadence`: by matched filter over all that there is of it, in
 * all of its scans (see `rowPowerForCadenceSnr`).
 */
export type SnrConvention = "matched" | "setigen" | "cadence";

/**
 * The noise meant is that of a channel of gain 1; bandpass and signal share the gain, so the S/N holds across the band. `convention` is
 * `matched` where it is left out.
 */
export interface Strength {
  readonly snr: number;
  readonly convention?: SnrConvention;
}

/** Something that transmits: a needle from the target's direction, or interference. */
export interface Emitter {
  readonly kind: "needle" | "interference";
  readonly label: string;
  readonly signal: Signal;
  readonly strength: Strength;
  /** The scans that it reaches the receiver in. Its path goes on through the others' time. */
  readonly scans: "on" | "off" | "all" | readonly number[];
}

export interface ObservationSpec {
  readonly pattern: string;
  readonly rowsPerScan: number;
  /** From the end of a scan to the start of the next. */
  readonly gapS: number;
  readonly frequency: FrequencyAxis;
  readonly tsampS: number;
  /** Of the first scan. */
  readonly tstartMjd: number;
  /** Of a pixel at gain 1. Chi-squared has the degrees of freedom of `pixelDof`, unless `dof` gives others. */
  readonly noise:
    | { readonly distribution: "chi-squared"; readonly mean: number; readonly dof?: number }
    | { readonly distribution: "gaussian"; readonly mean: number; readonly sigma: number };
  readonly bandpass?: BandpassSpec;
  readonly emitters: readonly Emitter[];
  /** Header fields of all scans. */
  readonly header?: ObservationHeader;
  /** Header fields by the pattern's letter: name and place of what the telescope points at. */
  readonly pointings?: Readonly<Record<string, ObservationHeader>>;
}

/** What was put in. */
export interface Truth {
  readonly kind: Emitter["kind"];
  readonly label: string;
  /** At the centre of the first row of the first scan, whether it is in that scan or not. */
  readonly frequencyMHz: number;
  /** The path's own drift; what its shape adds is not in it. */
  readonly driftHzPerS: number;
  /** One number a scan: the `matchedSnr` of what lies in the scan and in the band, 0 where it is not there. */
  readonly snrByScan: readonly number[];
  readonly signal: Signal;
}

export interface SimulatedObservation {
  readonly cadence: Cadence<SpectrogramSource>;
  readonly truth: readonly Truth[];
  /** Seconds from the start of the observation to the start of each scan. */
  readonly scanStartS: readonly number[];
}

/** What files of the Green Bank Telescope say of themselves, the same in each. */
export const greenBankHeader: ObservationHeader = {
  telescope_id: 6,
  machine_id: 20,
  data_type: 1,
  nbits: 32,
  nbeams: 1,
  ibeam: 1,
  az_start: 0,
  za_start: 0,
};

/** Of a scan. Signals are measured row by row before a pixel is read. */
const MOST_ROWS = 2 ** 24;
const MOST_PIXELS = 2 ** 40;

/**
 * `seed`: a whole number from 0 below 2 ** 53. Throws a UsageError where the pattern isn't one, for scans of more than 2 ** 24 rows or
 * 2 ** 40 pixels, and for a signal that can't have its strength.
 */
export function simulateObservation(spec: ObservationSpec, seed: number): SimulatedObservation {
  const roles = cadenceRoles(spec.pattern);
  checkSize(spec.rowsPerScan, spec.frequency.nchans);
  const noise = noiseOf(spec);
  const scanS = spec.rowsPerScan * spec.tsampS;
  const grids = roles.map((_, i): ScanGrid => {
    const startS = i * (scanS + spec.gapS);
    const tstartMjd = spec.tstartMjd + startS / SECONDS_PER_DAY;
    const time = { tstartMjd, tsampS: spec.tsampS, nsamples: spec.rowsPerScan };
    return { frequency: spec.frequency, time, startS };
  });
  const present = spec.emitters.map(({ scans }) => scansPresent(scans, roles));
  const powers = spec.emitters.map((emitter, e) => {
    const seen = grids.filter((_, i) => present[e]![i]);
    return emitterRowPower(
      emitter,
      seen,
      seen.map(() => noise.sigma),
    );
  });
  const sources = grids.map((grid, i) => {
    const signals = spec.emitters.flatMap(({ signal }, e) =>
      present[e]![i] ? [{ signal, rowPower: powers[e]! }] : [],
    );
    return scanSource(spec, seed, i, grid, noise, signals);
  });
  const truth = spec.emitters.map(
    ({ kind, label, signal }, e): Truth => ({
      kind,
      label,
      frequencyMHz: signal.frequencyMHz,
      driftHzPerS: signal.path.driftHzPerS,
      snrByScan: grids.map((grid, i) =>
        present[e]![i] ? matchedSnr(grid, signal, powers[e]!, noise.sigma) : 0,
      ),
      signal,
    }),
  );
  return {
    cadence: makeCadence(spec.pattern, sources),
    truth,
    scanStartS: grids.map(({ startS }) => startS),
  };
}

function checkSize(rows: number, channels: number): void {
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 1;
  if (isCount(rows) && isCount(channels) && rows <= MOST_ROWS && rows * channels <= MOST_PIXELS) return;
  throw new UsageError(
    `A scan of ${rows} rows x ${channels} channels can't be simulated: rows may be 1 to ${grouped(MOST_ROWS)}, and pixels ${grouped(MOST_PIXELS)} at most.`,
  );
}

/** Of each scan whether something is in it. */
export function scansPresent(scans: Emitter["scans"], roles: readonly ScanRole[]): boolean[] {
  return roles.map((role, i) => {
    if (typeof scans === "string") return scans === "all" || scans === role.toLowerCase();
    return scans.includes(i);
  });
}

/**
 * The power of a row that gives an emitter its strength in the scans that it is in, each with a noise of `sigmas`; 0 where there are no scans.
 * Throws a UsageError where there is nothing of it to have one.
 */
export function emitterRowPower(
  { signal, strength, label }: Pick<Emitter, "signal" | "strength" | "label">,
  grids: readonly ScanGrid[],
  sigmas: readonly number[],
): number {
  const { snr, convention = "matched" } = strength;
  if (grids.length === 0) return 0;
  if (convention === "setigen") return rowPowerBySetigen(grids[0]!, signal, snr, sigmas[0]!);
  if (convention === "matched") return rowPowerForSnr(grids[0]!, signal, snr, sigmas[0]!);
  const unit = Math.hypot(...grids.map((grid, i) => matchedSnr(grid, signal, 1, sigmas[i]!)));
  if (unit > 0) return snr / unit;
  throw new UsageError(
    `${label}: nothing of this signal lies in the band and the time of its scans, so it can't have an S/N of ${snr} there. Move it, or state its S/N as "matched" in one scan.`,
  );
}

interface Noise {
  readonly quantiles: QuantileTable;
  readonly offset: number;
  readonly scale: number;
  /** Standard deviation of a pixel at gain 1. */
  readonly sigma: number;
}

function noiseOf({ noise, frequency, tsampS }: ObservationSpec): Noise {
  if (noise.distribution === "gaussian") {
    return { quantiles: normalQuantiles(), offset: noise.mean, scale: noise.sigma, sigma: noise.sigma };
  }
  const dof = noise.dof ?? pixelDof(frequency.foffMHz, tsampS);
  return {
    quantiles: chiSquaredQuantiles(dof),
    offset: 0,
    scale: noise.mean,
    sigma: noise.mean * Math.sqrt(2 / dof),
  };
}

/** The first part of a noise stream's name, so that other things drawn from the same seed are unrelated to it. */
const NOISE = 1;

function scanSource(
  spec: ObservationSpec,
  seed: number,
  scan: number,
  grid: ScanGrid,
  noise: Noise,
  signals: readonly { signal: Signal; rowPower: number }[],
): SpectrogramSource {
  const { time, frequency } = grid;
  const letter = spec.pattern[scan]!.toUpperCase();
  const header = { ...spec.header, ...spec.pointings?.[letter] };
  const name = `simulated scan ${scan + 1} (${letter})`;
  const key = streamKey(seed, NOISE, scan);
  return {
    name,
    time,
    frequency,
    header,
    nifs: 1,
    async read(range, into) {
      const r = resolveRange(this, range);
      const width = r.channelStop - r.channelStart;
      const data = into ?? new Float32Array((r.rowStop - r.rowStart) * width);
      const gain = bandGain(spec.bandpass ?? {}, frequency.nchans, r.channelStart, r.channelStop);
      fillNoise(data, r, key, noise.quantiles, noise, gain.noise);
      for (const { signal, rowPower } of signals) addSignal(data, r, grid, signal, rowPower, gain.line);
      return {
        data,
        time: sliceTime(time, r.rowStart, r.rowStop),
        frequency: sliceFrequency(frequency, r.channelStart, r.channelStop),
        header,
        source: name,
      };
    },
    async close() {},
  };
}
