/** Signals put into scans that were recorded: their strength by the noise that the scans have where the path leads. */

import { cadenceRoles } from "../signal/cadence.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import { clippedStatistics, median } from "../signal/robust.ts";
import {
  bandEdgesMHz,
  frequencyChannel,
  SECONDS_PER_DAY,
  type SpectrogramSource,
} from "../signal/spectrogram.ts";
import { type Emitter, emitterRowPower, scansPresent, type Truth } from "./observation.ts";
import { addSignal, matchedSnr, type ScanGrid, type Signal, signalFrequencyMHz } from "./signals.ts";

export interface InjectOptions {
  /** Seconds from the end of a scan to the start of the next, whatever their headers say. */
  readonly gapS?: number;
  /** The IF that the signals are put into, 0 if not given; the others stay as they are. */
  readonly ifIndex?: number;
  /** Told how much of the noise is measured, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

export interface InjectedTruth extends Truth {
  /** What a row in which the signal is on throughout gets, in the files' units. */
  readonly rowPower: number;
  /** Standard deviation of a pixel's noise near the path, one number a scan; NaN where the signal isn't in the scan or leaves the band. */
  readonly sigmaByScan: readonly number[];
}

export interface Injection {
  /** The scans with the signals in them: pixels are made when they are read. Closing them closes the scans. */
  readonly sources: readonly SpectrogramSource[];
  readonly truth: readonly InjectedTruth[];
  /** Seconds from the start of the first scan to the start of each. */
  readonly scanStartS: readonly number[];
}

/**
 * Puts emitters into scans in the order of time, `pattern` having a letter for each. Paths go on through the time in which an emitter isn't in
 * a scan. Nothing but the noise near the paths is read here. Throws a UsageError where scans don't fit together or a signal lies
 * outside the band, a FileError where there is no noise to measure by.
 */
export async function injectSignals(
  pattern: string,
  sources: readonly SpectrogramSource[],
  emitters: readonly Emitter[],
  options: InjectOptions = {},
): Promise<Injection> {
  const roles = cadenceRoles(pattern);
  const ifIndex = options.ifIndex ?? 0;
  const scanStartS = scanStarts(sources, options.gapS);
  const grids = sources.map(
    ({ time, frequency }, i): ScanGrid => ({ time, frequency, startS: scanStartS[i]! }),
  );
  const truth: InjectedTruth[] = [];
  for (const [e, emitter] of emitters.entries()) {
    const { kind, label, signal } = emitter;
    const present = scansPresent(emitter.scans, roles);
    const sigmaByScan: number[] = [];
    for (const [i, source] of sources.entries()) {
      sigmaByScan.push(present[i] ? await noiseNearPath(source, grids[i]!, signal, ifIndex) : Number.NaN);
      options.onProgress?.((e + (i + 1) / sources.length) / emitters.length);
    }
    const reached = grids.flatMap((grid, i) =>
      sigmaByScan[i]! > 0 ? [{ grid, sigma: sigmaByScan[i]! }] : [],
    );
    if (reached.length === 0) throw outsideBand(emitter, present, sources);
    const rowPower = emitterRowPower(
      emitter,
      reached.map(({ grid }) => grid),
      reached.map(({ sigma }) => sigma),
    );
    truth.push({
      kind,
      label,
      frequencyMHz: signal.frequencyMHz,
      driftHzPerS: signal.path.driftHzPerS,
      snrByScan: grids.map((grid, i) =>
        sigmaByScan[i]! > 0 ? matchedSnr(grid, signal, rowPower, sigmaByScan[i]!) : 0,
      ),
      signal,
      rowPower,
      sigmaByScan,
    });
  }
  return {
    scanStartS,
    truth,
    sources: sources.map((source, i) =>
      withSignals(
        source,
        grids[i]!,
        truth.filter(({ snrByScan }) => snrByScan[i]! > 0),
        ifIndex,
      ),
    ),
  };
}

function outsideBand(
  { label }: Emitter,
  present: readonly boolean[],
  sources: readonly SpectrogramSource[],
): UsageError {
  const first = sources[Math.max(0, present.indexOf(true))]!;
  if (!present.includes(true)) {
    return new UsageError(
      `${label}: it is in none of the ${sources.length} scans. Name scans from 0 to ${sources.length - 1}.`,
    );
  }
  const { low, high } = bandEdgesMHz(first.frequency);
  return new UsageError(
    `${label}: it lies outside the band in all of its scans; ${first.name} has ${low.toFixed(6)} to ${high.toFixed(6)} MHz. Give another frequency or drift.`,
  );
}

/** Seconds from the start of the first scan to that of each: by their headers, or one after another where these don't tell. */
export function scanStarts(sources: readonly SpectrogramSource[], gapS?: number): number[] {
  const first = sources[0]!;
  const known = gapS === undefined && sources.every(({ time }) => time.tstartMjd > 0);
  const starts: number[] = [];
  for (const [i, { name, time }] of sources.entries()) {
    if (Math.abs(time.tsampS / first.time.tsampS - 1) > 1e-6) {
      throw new UsageError(
        `${name}: its rows last ${time.tsampS} s, those of ${first.name} ${first.time.tsampS} s. Give scans of one product.`,
      );
    }
    const before = sources[i - 1];
    if (!before) starts.push(0);
    else if (!known) starts.push(starts[i - 1]! + before.time.nsamples * before.time.tsampS + (gapS ?? 0));
    else {
      const startS = (time.tstartMjd - first.time.tstartMjd) * SECONDS_PER_DAY;
      if (startS < starts[i - 1]!) {
        throw new UsageError(
          `${name}: it starts before ${before.name}. Give the scans in the order of time.`,
        );
      }
      starts.push(startS);
    }
  }
  return starts;
}

/** The noise is measured in so many stretches of the scan at most, each of so many rows, evenly spaced. */
const STRETCHES = 16;
const STRETCH_ROWS = 64;
/** So far to both sides of the path; a path that turns or hops widely is measured in the middle of its places. */
const SIDE_CHANNELS = 128;
const MOST_CHANNELS = 4096;
const CLIP_SIGMAS = 3.5;
/** What repeated cuts at 3.5 deviations leave of normal noise's: the d for which noise cut at 3.5 d has the deviation d. */
const LEFT_BY_CLIPS = 0.99683;

/**
 * Standard deviation of a pixel's noise near a signal's path; NaN where the path never lies in the band. Each row of a stretch is taken from the next and what
 * both have in common left out, so that neither gains, nor the shape of the band, nor steady carriers count; what stands out is
 * clipped. The median of the stretches. Throws a FileError where the power there doesn't vary.
 */
export async function noiseNearPath(
  source: SpectrogramSource,
  grid: ScanGrid,
  signal: Signal,
  ifIndex = 0,
): Promise<number> {
  const { nsamples, tsampS } = grid.time;
  const stretches = Math.min(STRETCHES, Math.ceil(nsamples / STRETCH_ROWS));
  const deviations: number[] = [];
  for (let i = 0; i < stretches; i++) {
    const rows = Math.min(STRETCH_ROWS, nsamples);
    const rowStart = stretches === 1 ? 0 : Math.round((i * (nsamples - rows)) / (stretches - 1));
    const channels = channelsNear(rowStart, rows);
    if (!channels) continue;
    const { data } = await source.read({ rowStart, rowStop: rowStart + rows, ...channels, ifIndex });
    deviations.push(deviationOfRows(data, rows));
  }
  if (deviations.length === 0) return Number.NaN;
  const sigma = median(Float32Array.from(deviations));
  if (sigma > 0) return sigma;
  throw new FileError(
    source.name,
    `the power near ${signal.frequencyMHz} MHz doesn't vary, so there is no noise to state an S/N by. Choose another frequency.`,
  );

  function channelsNear(rowStart: number, rows: number) {
    const { nchans } = grid.frequency;
    const places: number[] = [];
    for (let row = rowStart; row < rowStart + rows; row++) {
      const timeS = grid.startS + (row + 0.5) * tsampS;
      const channel = Math.round(frequencyChannel(grid.frequency, signalFrequencyMHz(signal, tsampS, timeS)));
      if (channel >= 0 && channel < nchans) places.push(channel);
    }
    if (places.length === 0) return undefined;
    places.sort((a, b) => a - b);
    const middle = places[places.length >> 1]!;
    const from = Math.max(places[0]! - SIDE_CHANNELS, middle - MOST_CHANNELS / 2);
    const to = Math.min(places.at(-1)! + SIDE_CHANNELS, middle + MOST_CHANNELS / 2);
    return { channelStart: Math.max(0, from), channelStop: Math.min(nchans, to + 1) };
  }
}

/** Of pixels, rows x channels, apart from what whole rows and whole channels have in common. */
function deviationOfRows(data: Float32Array, rows: number): number {
  const width = data.length / rows;
  // A single row has no other to be taken from: its channels are.
  const [step, steps, across] = rows > 1 ? [width, rows - 1, width] : [1, 1, Math.max(0, width - 1)];
  const differences = new Float32Array(steps * across);
  for (let i = 0; i < steps; i++) {
    const row = differences.subarray(i * across, (i + 1) * across);
    for (let j = 0; j < across; j++) row[j] = data[i * across + j + step]! - data[i * across + j]!;
    const common = median(row);
    for (let j = 0; j < across; j++) row[j]! -= common;
  }
  const { deviation } = clippedStatistics(differences, { sigmas: CLIP_SIGMAS, maxRounds: 30 });
  return deviation / (LEFT_BY_CLIPS * Math.SQRT2);
}

function withSignals(
  source: SpectrogramSource,
  grid: ScanGrid,
  signals: readonly Pick<InjectedTruth, "signal" | "rowPower">[],
  ifIndex: number,
): SpectrogramSource {
  const { name, time, frequency, header, nifs, blockChannels } = source;
  return {
    name,
    time,
    frequency,
    header,
    nifs,
    blockChannels,
    async read(range, into) {
      const spectrogram = await source.read(range, into);
      const part = resolveRange(source, range);
      if (part.ifIndex === ifIndex) {
        for (const { signal, rowPower } of signals) addSignal(spectrogram.data, part, grid, signal, rowPower);
      }
      return spectrogram;
    },
    close: () => source.close(),
  };
}
