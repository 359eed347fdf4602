/**
 * Signals as a spectrogram's pixels see them: a path through time and frequency, how strong it is when, and how wide it is,
 * integrated over each row's time and each channel's width. The power of a row goes where the path leads in that row, smeared
 * along it (Doppler smearing), for either direction of drift and of the frequency axis.
 *
 * A row is cut into pieces in which the path is straight and the strength constant; each is integrated in closed form
 * (frequency-profiles.ts). Straight, bent and broken paths of constant strength are exact.
 */

import { UsageError } from "../signal/errors.ts";
import type { FrequencyAxis, TimeAxis } from "../signal/spectrogram.ts";
import { type FrequencyProfile, peakPerHz, type ResponsePart, responseParts } from "./frequency-profiles.ts";
import { followPath, type Path, pathOffsetHz } from "./paths.ts";
import { addPiece, createPieces } from "./pieces.ts";
import { followTime, type TimeProfile } from "./time-profiles.ts";

/** Plain JSON. */
export interface Signal {
  /** At the centre of the first row of the observation's first scan. */
  readonly frequencyMHz: number;
  readonly path: Path;
  readonly profile: FrequencyProfile;
  readonly timeProfile: TimeProfile;
}

/** The pixels of one scan. */
export interface ScanGrid {
  readonly frequency: FrequencyAxis;
  readonly time: TimeAxis;
  /** Seconds from the start of the observation to the start of this scan. */
  readonly startS: number;
}

export interface PixelRange {
  readonly rowStart: number;
  readonly rowStop: number;
  readonly channelStart: number;
  readonly channelStop: number;
}

/** Where the signal is at a time, seconds from the start of the observation. */
export function signalFrequencyMHz(signal: Signal, tsampS: number, timeS: number): number {
  return signal.frequencyMHz + pathOffsetHz(signal.path)(timeS - 0.5 * tsampS) * 1e-6;
}

/**
 * Adds a signal to the pixels of `range` (`into` is rows x channels). `rowPower` is what a row in which the signal is on
 * throughout, at its mean strength, gets over all channels; `gain`, one number a channel of the range, multiplies it. What lies
 * outside the band is lost. A pixel's sum is the same whatever the range.
 */
export function addSignal(
  into: Float32Array,
  range: PixelRange,
  grid: ScanGrid,
  signal: Signal,
  rowPower: number,
  gain?: ArrayLike<number>,
): void {
  const width = range.channelStop - range.channelStart;
  forEachRow(grid, signal, range, (row, channel, shares, count) => {
    const column = channel - range.channelStart;
    const at = (row - range.rowStart) * width + column;
    if (gain) for (let i = 0; i < count; i++) into[at + i]! += shares[i]! * rowPower * gain[column + i]!;
    else for (let i = 0; i < count; i++) into[at + i]! += shares[i]! * rowPower;
  });
}

/**
 * The S/N of a signal in a scan under the best weights, those of a search that knows its path and shape: the root of the
 * summed squares of its power in each pixel, over `sigma`, the standard deviation of a pixel's noise. Sums with equal weights along
 * the path give less. Over several scans: the root of the sum of their S/N's squares.
 */
export function matchedSnr(
  grids: ScanGrid | readonly ScanGrid[],
  signal: Signal,
  rowPower: number,
  sigma: number,
): number {
  const scans = "time" in grids ? [grids] : grids;
  const squares = scans.reduce((sum, grid) => sum + sumOfSquaredShares(grid, signal, wholeScan(grid)), 0);
  return (rowPower / sigma) * Math.sqrt(squares);
}

/** The row power at which a signal has this `matchedSnr` in a scan, if it were on throughout and the band had no ends. */
export function rowPowerForSnr(grid: ScanGrid, signal: Signal, snr: number, sigma: number): number {
  const endless = {
    rowStart: 0,
    rowStop: grid.time.nsamples,
    channelStart: Number.NEGATIVE_INFINITY,
    channelStop: Number.POSITIVE_INFINITY,
  };
  const steady: Signal = { ...signal, timeProfile: { shape: "steady" } };
  return (snr * sigma) / Math.sqrt(sumOfSquaredShares(grid, steady, endless));
}

/**
 * The row power at which what there is of a signal in these scans (those that it is present in) and in the band has this `matchedSnr`,
 * all taken together. Infinity where nothing of it is there.
 */
export function rowPowerForCadenceSnr(
  grids: readonly ScanGrid[],
  signal: Signal,
  snr: number,
  sigma: number,
): number {
  return snr / matchedSnr(grids, signal, 1, sigma);
}

/**
 * The row power that setigen's `get_intensity` stands for: it gives a profile the peak level snr * sigma / sqrt(rows), drift
 * and width left out of account. Equal to `rowPowerForSnr` for a signal that fills just one channel and doesn't drift.
 */
export function rowPowerBySetigen(grid: ScanGrid, signal: Signal, snr: number, sigma: number): number {
  const channelHz = Math.abs(grid.frequency.foffMHz) * 1e6;
  const level = (snr * sigma) / Math.sqrt(grid.time.nsamples);
  return level / (peakPerHz(signal.profile, channelHz) * channelHz);
}

/** All pixels of a scan. */
export function wholeScan({ time, frequency }: ScanGrid): PixelRange {
  return { rowStart: 0, rowStop: time.nsamples, channelStart: 0, channelStop: frequency.nchans };
}

function sumOfSquaredShares(grid: ScanGrid, signal: Signal, range: PixelRange): number {
  let sum = 0;
  forEachRow(grid, signal, range, (_row, _channel, shares, count) => {
    for (let i = 0; i < count; i++) sum += shares[i]! * shares[i]!;
  });
  return sum;
}

/** How far a straight piece may leave a curved path, in units of the response's finest scale: R changes by 0.2 % of its peak at most. */
const TOLERANCE = 1 / 1024;
/** Most channels that the path may cross in one row. */
const MOST_CHANNELS = 1 << 22;

const onTimes = createPieces();
const straight = createPieces();
const moves = createPieces();
let shares = new Float64Array(1024);

/**
 * Calls `visit` with the channels of each row that the signal reaches: the first, their shares of the row's power, how many. The
 * shares are in memory that the next row uses again.
 */
export function forEachRow(
  { frequency, time, startS }: ScanGrid,
  signal: Signal,
  range: PixelRange,
  visit: (row: number, channel: number, shares: Float64Array, count: number) => void,
): void {
  const foffHz = frequency.foffMHz * 1e6;
  const firstHz = (signal.frequencyMHz - frequency.fch1MHz) * 1e6;
  const parts = responseParts(signal.profile, foffHz);
  const path = followPath(signal.path);
  const { pieces: piecesOn } = followTime(signal.timeProfile);
  const toleranceHz = TOLERANCE * Math.min(...parts.map(({ response }) => response.scaleHz));
  const lowest = Math.min(...parts.map(({ offsetHz, response }) => offsetHz - response.reachHz));
  const highest = Math.max(...parts.map(({ offsetHz, response }) => offsetHz + response.reachHz));

  for (let row = range.rowStart; row < range.rowStop; row++) {
    const rowStartS = startS + row * time.tsampS;
    onTimes.count = 0;
    piecesOn(rowStartS, rowStartS + time.tsampS, onTimes);
    // Each move: offsets at its start and end, share of the row's power.
    moves.count = 0;
    for (let i = 0; i < onTimes.count; i++) {
      const on = onTimes.values;
      const fromS = on[3 * i]! - 0.5 * time.tsampS;
      const toS = on[3 * i + 1]! - 0.5 * time.tsampS;
      const strength = on[3 * i + 2]! / time.tsampS;
      straight.count = 0;
      path.straightPieces(fromS, toS, toleranceHz, straight);
      let beganS = fromS;
      for (let j = 0; j < straight.count; j++) {
        const piece = straight.values;
        const endS = piece[3 * j]!;
        addPiece(moves, firstHz + piece[3 * j + 1]!, firstHz + piece[3 * j + 2]!, strength * (endS - beganS));
        beganS = endS;
      }
    }
    if (moves.count === 0) continue;

    let lowHz = Number.POSITIVE_INFINITY;
    let highHz = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < moves.count; i++) {
      const a = moves.values[3 * i]!;
      const b = moves.values[3 * i + 1]!;
      lowHz = Math.min(lowHz, a, b);
      highHz = Math.max(highHz, a, b);
    }
    const first = firstChannel(lowHz + lowest, highHz + highest, foffHz, range);
    const last = lastChannel(lowHz + lowest, highHz + highest, foffHz, range);
    if (first > last) continue;
    const count = last - first + 1;
    if (count > shares.length) {
      if (count > MOST_CHANNELS) {
        throw new UsageError(
          `A signal at ${signal.frequencyMHz} MHz covers ${count} channels in one row; ${MOST_CHANNELS} are the most. Give it a smaller width, drift or step.`,
        );
      }
      shares = new Float64Array(2 ** Math.ceil(Math.log2(count)));
    }
    shares.fill(0, 0, count);
    for (const part of parts) addPart(part, foffHz, range, first);
    visit(row, first, shares, count);
  }
}

function addPart(
  { offsetHz, weight, response }: ResponsePart,
  foffHz: number,
  range: PixelRange,
  base: number,
) {
  for (let i = 0; i < moves.count; i++) {
    const a = moves.values[3 * i]! + offsetHz;
    const b = moves.values[3 * i + 1]! + offsetHz;
    const low = Math.min(a, b) - response.reachHz;
    const high = Math.max(a, b) + response.reachHz;
    const first = firstChannel(low, high, foffHz, range);
    const last = lastChannel(low, high, foffHz, range);
    if (first <= last) response.add(shares, base, first, last, a, b, weight * moves.values[3 * i + 2]!);
  }
}

/** The first of the range's channels whose centres lie between two offsets. */
function firstChannel(lowHz: number, highHz: number, foffHz: number, { channelStart }: PixelRange): number {
  return Math.max(channelStart, Math.ceil((foffHz > 0 ? lowHz : highHz) / foffHz));
}

function lastChannel(lowHz: number, highHz: number, foffHz: number, { channelStop }: PixelRange): number {
  return Math.min(channelStop - 1, Math.floor((foffHz > 0 ? highHz : lowHz) / foffHz));
}
