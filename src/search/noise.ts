/**
 * Takes a segment's pixels to noise of mean 0 and deviation 1. A baseline and a deviation are measured in blocks of
 * about 256 channels, each row by itself, by moments clipped about medians so that lines don't move them; the baseline is
 * the sum of the bandpass (the blocks' means over time) and of each row's offset (broadband gain, smooth over 8,192 channels).
 * Both are interpolated between blocks. A mean and a variance, not a median and a MAD, because the S/N of a sum over rows needs the
 * moments of the pixels whatever their distribution: on chi-squared noise of 8 degrees of freedom a MAD is wrong by 7 %. A row's block
 * whose pixels are all the same or none of them finite is missing: it counts for nothing and becomes 0.
 */

import { MAD_TO_DEVIATION } from "../signal/robust.ts";
import { BLOCK_CHANNELS, KNOT_PAD, type Workspace } from "./workspace.ts";

const OFFSET_BLOCKS = 32;
/** A block's deviation is the median over so many blocks, its own in the middle, so that a crowded block takes its neighbours'. */
const SMOOTHED_BLOCKS = 9;

/**
 * Normalises channels `start` to `stop` of the segment in place; the rest must hold zeros. Gives the degrees of freedom that the
 * pixels' mean and deviation tell of chi-squared power, Infinity where power isn't above its noise throughout, as received power is.
 */
export function normaliseSegment(workspace: Workspace, start: number, stop: number): number {
  const { kernels, bank, originAt, rowBytes, momentsAt, knotsAt } = workspace;
  const { rows } = bank;
  const n = stop - start;
  const blocks = Math.min(workspace.blocks, Math.max(1, Math.round(n / BLOCK_CHANNELS)));
  const rowAt = (row: number) => originAt + row * rowBytes + start * 4;
  for (let row = 0; row < rows; row++) {
    const at = momentsAt + row * blocks * 4;
    kernels.run.rowMoments(rowAt(row), n, blocks, at, at + rows * blocks * 4);
  }
  const floats = kernels.floats();
  const means = floats.subarray(momentsAt / 4, momentsAt / 4 + rows * blocks);
  const variances = floats.subarray(momentsAt / 4 + rows * blocks, momentsAt / 4 + 2 * rows * blocks);
  const blockPixels = (row: number, block: number) => {
    const edge = (b: number) => rowAt(row) / 4 + Math.floor((b * n) / blocks);
    return floats.subarray(edge(block), edge(block + 1));
  };
  const remeasure = (row: number, block: number, isLoss: (variance: number) => boolean) => {
    const { mean, variance } = robustMoments(blockPixels(row, block));
    if (isLoss(variance)) return;
    means[row * blocks + block] = mean;
    variances[row * blocks + block] = variance;
  };
  for (let b = 0; b < blocks; b++) {
    const sample = b % rows;
    const i = sample * blocks + b;
    const crowded = isCrowded(blockPixels(sample, b), means[i]!, variances[i]!);
    for (let row = 0; row < rows; row++) {
      const at = row * blocks + b;
      if (!(variances[at]! > 0 && Number.isFinite(means[at]! + variances[at]!)))
        remeasure(row, b, () => false);
      else if (crowded) remeasure(row, b, (variance) => variance === 0);
    }
  }

  const there = countRows(variances, rows, blocks);
  const bandpass = clippedMeanOverRows(means, variances, there);
  fillMissing(bandpass, there);
  const { gains, pixelDof } = measureDeviations(meanOverRows(variances, variances, there), bandpass);
  sharpen(bandpass);
  const knots = blocks + 2 * KNOT_PAD;
  const baseline = floats.subarray(knotsAt / 4, knotsAt / 4 + knots);
  const gain = floats.subarray(knotsAt / 4 + knots, knotsAt / 4 + 2 * knots);
  gain.set(gains, KNOT_PAD);
  gain.fill(gains[0]!, 0, KNOT_PAD);
  gain.fill(gains[blocks - 1]!, KNOT_PAD + blocks);
  for (let row = 0; row < rows; row++) {
    const own = variances.subarray(row * blocks, (row + 1) * blocks);
    rowKnots(baseline.subarray(KNOT_PAD), means.subarray(row * blocks, (row + 1) * blocks), own, bandpass);
    extendLine(baseline, blocks);
    kernels.run.normaliseRow(rowAt(row), n, blocks, knotsAt, knotsAt + knots * 4);
    for (let b = 0; b < blocks; b++) if (own[b] === 0) blockPixels(row, b).fill(0);
  }
  return pixelDof;
}

/** Of noise, 0.38 lie within half a deviation of the mean. */
const CROWDED_SHARE = 0.55;

/**
 * Whether lines in all parts of a block (a comb of them) have blown its deviation up: most pixels then lie close together. One row
 * of a block is looked at for all of them.
 */
function isCrowded(pixels: Float32Array, mean: number, variance: number): boolean {
  const reach = 0.5 * Math.sqrt(variance);
  let close = 0;
  for (let i = 0; i < pixels.length; i++) if (Math.abs(pixels[i]! - mean) < reach) close++;
  return pixels.length >= LEAST_CROWD && close > CROWDED_SHARE * pixels.length;
}

const LEAST_CROWD = 64;
/** Past this, a pixel isn't a measurement. */
const LARGEST_PIXEL = 1e30;
const CLIP_DEVIATIONS = 6.5;

/** Moments of pixels among which some aren't finite, or so large that their squares aren't. Variance 0 where there is none. */
function robustMoments(pixels: Float32Array): { mean: number; variance: number } {
  const missing = { mean: 0, variance: 0 };
  if (pixels.every((pixel) => pixel === pixels[0])) return missing;
  const values = Float64Array.from(pixels).filter((pixel) => Math.abs(pixel) < LARGEST_PIXEL);
  if (values.length < pixels.length / 2) return missing;
  const middle = median(values);
  const mad = median(values.map((value) => Math.abs(value - middle)));
  const kept = values.filter((value) => Math.abs(value - middle) <= CLIP_DEVIATIONS * MAD_TO_DEVIATION * mad);
  const mean = kept.reduce((sum, value) => sum + value / kept.length, 0);
  const squares = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = Math.fround(squares / Math.max(1, kept.length - 1));
  return Number.isFinite(variance) ? { mean, variance } : missing;
}

/** How many rows of each block are there. */
function countRows(variances: Float32Array, rows: number, blocks: number): Int32Array {
  const there = new Int32Array(blocks);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < blocks; b++) if (variances[row * blocks + b]! > 0) there[b]!++;
  }
  return there;
}

function meanOverRows(values: Float32Array, variances: Float32Array, there: Int32Array): Float64Array {
  const blocks = there.length;
  const mean = new Float64Array(blocks);
  for (let i = 0; i < values.length; i++) {
    const b = i % blocks;
    if (variances[i]! > 0) mean[b]! += values[i]! / there[b]!;
  }
  return mean;
}

/** As `meanOverRows`, without rows that lie far off the others: a burst in one would move the baseline of all. */
function clippedMeanOverRows(values: Float32Array, variances: Float32Array, there: Int32Array): Float64Array {
  const blocks = there.length;
  const column = new Float64Array(values.length / blocks);
  const distances = new Float64Array(column.length);
  return Float64Array.from(there, (count, b) => {
    if (count === 0) return 0;
    let k = 0;
    for (let i = b; i < values.length; i += blocks) if (variances[i]! > 0) column[k++] = values[i]!;
    const middle = median(column.subarray(0, count));
    for (let i = 0; i < count; i++) distances[i] = Math.abs(column[i]! - middle);
    const reach = CLIP_DEVIATIONS * MAD_TO_DEVIATION * median(distances.subarray(0, count));
    let sum = 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (Math.abs(column[i]! - middle) > reach) continue;
      sum += column[i]!;
      kept++;
    }
    return sum / kept;
  });
}

/** Where no row is there, a straight line between the blocks on either side. */
function fillMissing(bandpass: Float64Array, there: Int32Array): void {
  const blocks = there.length;
  for (let start = 0; start < blocks; start++) {
    if (there[start]! > 0) continue;
    let stop = start;
    while (stop < blocks && there[stop] === 0) stop++;
    const right = stop < blocks ? bandpass[stop]! : start > 0 ? bandpass[start - 1]! : 0;
    const left = start > 0 ? bandpass[start - 1]! : right;
    for (let b = start; b < stop; b++) {
      bandpass[b] = left + ((right - left) * (b - start + 1)) / (stop - start + 1);
    }
    start = stop;
  }
}

/** A block's mean is the bandpass averaged over the block; this takes it to the value at the block's middle, for parabolas exactly. */
function sharpen(bandpass: Float64Array): void {
  let before = bandpass[0]!;
  for (let b = 1; b < bandpass.length - 1; b++) {
    const here = bandpass[b]!;
    bandpass[b] = here - (before - 2 * here + bandpass[b + 1]!) / 24;
    before = here;
  }
}

function measureDeviations(variances: Float64Array, bandpass: Float64Array) {
  const last = bandpass.length - 1;
  const level = variances.map((variance, b) => {
    const [left, right] = [Math.max(0, b - 1), Math.min(last, b + 1)];
    const rise = left < right ? (bandpass[right]! - bandpass[left]!) / (right - left) : 0;
    return Math.max(variance - rise ** 2 / 12, variance / 4);
  });
  const received = bandpass.every((power, b) => power > Math.sqrt(level[b]!));
  const shape = (b: number) => (received ? bandpass[b]! ** 2 : 1);
  const relative = level.map((variance, b) => variance / shape(b));
  const half = SMOOTHED_BLOCKS >> 1;
  const gains = relative.map((own, b) => {
    if (!(own > 0)) return 0;
    const reach = Math.min(half, b, last - b);
    const known = relative.slice(b - reach, b + reach + 1).filter((other) => other > 0);
    return 1 / Math.sqrt(median(known) * shape(b));
  });
  const known = relative.filter((own) => own > 0);
  const scatter = known.length > 0 ? median(known) : 0;
  return { gains, pixelDof: received && scatter > 0 ? 2 / scatter : Number.POSITIVE_INFINITY };
}

/** A row's knots: the bandpass and how far the row lies above it, medians over runs of blocks, linear between the runs' middles. */
function rowKnots(
  knots: Float32Array,
  means: Float32Array,
  variances: Float32Array,
  bandpass: Float64Array,
): void {
  const blocks = means.length;
  const runs = Math.max(1, Math.round(blocks / OFFSET_BLOCKS));
  const middles = new Float64Array(runs + 1);
  for (let run = 0; run < runs; run++) {
    const start = Math.floor((run * blocks) / runs);
    const stop = Math.floor(((run + 1) * blocks) / runs);
    const offsets = new Float64Array(stop - start);
    let count = 0;
    for (let b = start; b < stop; b++) if (variances[b]! > 0) offsets[count++] = means[b]! - bandpass[b]!;
    middles[run] = count > 0 ? median(offsets.subarray(0, count)) : 0;
  }
  middles[runs] = middles[runs - 1]!;
  for (let b = 0; b < blocks; b++) {
    const at = Math.min(runs - 1, Math.max(0, ((b + 0.5) * runs) / blocks - 0.5));
    const left = Math.floor(at);
    knots[b] = bandpass[b]! + middles[left]! + (at - left) * (middles[left + 1]! - middles[left]!);
  }
}

function extendLine(knots: Float32Array, blocks: number): void {
  const first = KNOT_PAD;
  const last = KNOT_PAD + blocks - 1;
  const startSlope = blocks > 1 ? knots[first + 1]! - knots[first]! : 0;
  const stopSlope = blocks > 1 ? knots[last]! - knots[last - 1]! : 0;
  for (let i = 1; i <= KNOT_PAD; i++) {
    knots[first - i] = knots[first]! - i * startSlope;
    knots[last + i] = knots[last]! + i * stopSlope;
  }
}

/** Sorts the values. */
function median(values: Float64Array): number {
  if (values.length > SHORT) values.sort();
  else insertionSort(values);
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : 0.5 * (values[half - 1]! + values[half]!);
}

/** Up to this many values, the engine's own sort takes longer to call than to run. */
const SHORT = 32;

function insertionSort(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let j = i;
    for (; j > 0 && values[j - 1]! > value; j--) values[j] = values[j - 1]!;
    values[j] = value;
  }
}
