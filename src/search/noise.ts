/**
 * Takes a segment's pixels to noise of mean 0 and deviation 1. A baseline and a deviation are measured in blocks of
 * about 256 channels, each row by itself, by moments clipped about medians so that lines don't move them; the baseline is
 * the sum of the bandpass (the blocks' means over time) and of each row's offset (broadband gain, smooth over 8,192 channels).
 * Both are interpolated between blocks. A mean and a variance, not a median and a MAD, because the S/N of a sum over rows needs the
 * moments of the pixels whatever their distribution: on chi-squared noise of 8 degrees of freedom a MAD is wrong by 7 %.
 */

import { BLOCK_CHANNELS, KNOT_PAD, type Workspace } from "./workspace.ts";

const OFFSET_BLOCKS = 32;
/** A block's deviation is the median over so many blocks, its own in the middle, so that a crowded block takes its neighbours'. */
const SMOOTHED_BLOCKS = 9;

/** Normalises channels `start` to `stop` of the segment in place; the rest must hold zeros. */
export function normaliseSegment(workspace: Workspace, start: number, stop: number): void {
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

  const bandpass = meanOverRows(means, rows, blocks);
  const gains = blockGains(meanOverRows(variances, rows, blocks), bandpass);
  const knots = blocks + 2 * KNOT_PAD;
  const baseline = floats.subarray(knotsAt / 4, knotsAt / 4 + knots);
  const gain = floats.subarray(knotsAt / 4 + knots, knotsAt / 4 + 2 * knots);
  gain.set(gains, KNOT_PAD);
  gain.fill(gains[0]!, 0, KNOT_PAD);
  gain.fill(gains[blocks - 1]!, KNOT_PAD + blocks);
  for (let row = 0; row < rows; row++) {
    rowKnots(baseline.subarray(KNOT_PAD), means.subarray(row * blocks, (row + 1) * blocks), bandpass);
    extendLine(baseline, blocks);
    kernels.run.normaliseRow(rowAt(row), n, blocks, knotsAt, knotsAt + knots * 4);
  }
}

function meanOverRows(values: Float32Array, rows: number, blocks: number): Float64Array {
  const mean = new Float64Array(blocks);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < blocks; b++) mean[b]! += values[row * blocks + b]! / rows;
  }
  return mean;
}

/**
 * One over the deviation of each block, without what the bandpass's slope adds to it over the block. Where power is above its own
 * noise everywhere, as a receiver's is, the deviation follows the bandpass, and it is their ratio that is smoothed over the blocks.
 */
function blockGains(variances: Float64Array, bandpass: Float64Array): Float64Array {
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
  return relative.map((_, b) => {
    const reach = Math.min(half, b, last - b);
    const variance = median(relative.slice(b - reach, b + reach + 1)) * shape(b);
    return variance > 0 ? 1 / Math.sqrt(variance) : 0;
  });
}

/** A row's knots: the bandpass and how far the row lies above it, medians over runs of blocks, linear between the runs' middles. */
function rowKnots(knots: Float32Array, means: Float32Array, bandpass: Float64Array): void {
  const blocks = means.length;
  const runs = Math.max(1, Math.round(blocks / OFFSET_BLOCKS));
  const middles = new Float64Array(runs + 1);
  for (let run = 0; run < runs; run++) {
    const start = Math.floor((run * blocks) / runs);
    const stop = Math.floor(((run + 1) * blocks) / runs);
    const offsets = new Float64Array(stop - start);
    for (let b = start; b < stop; b++) offsets[b - start] = means[b]! - bandpass[b]!;
    middles[run] = median(offsets);
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

function median(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : 0.5 * (values[half - 1]! + values[half]!);
}
