/**
 * Normalisations of a panel: power of `rows` x `channels`, one row of time after another. Each keeps NaN, a missing value, as
 * NaN; what isn't finite counts in no statistic. `bench/prepare.ts` measures them.
 */

import { columnMedians } from "./column-medians.ts";
import { MAD_TO_DEVIATION, medianInPlace } from "./robust.ts";

/** Writes the result into `into`, which may be `data` itself, or into a new array, and returns it. */
export type Normalisation = (
  data: Float32Array,
  rows: number,
  channels: number,
  into?: Float32Array,
) => Float32Array;

/** Divides by the largest absolute value, so that the result lies in -1 to 1. A panel of zeros stays so. */
export const normaliseByMax: Normalisation = (data, _rows, _channels, into = emptyLike(data)) => {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  const divisor = largest || 1;
  for (let i = 0; i < data.length; i++) into[i] = data[i]! / divisor;
  return into;
};

/** Mean 0 and standard deviation 1 (of the population) over the whole panel. A constant panel becomes zeros. */
export const zScorePanel: Normalisation = (data, _rows, _channels, into = emptyLike(data)) => {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) continue;
    count++;
    sum += data[i]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) squares += (data[i]! - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count) || 1;
  for (let i = 0; i < data.length; i++) into[i] = (data[i]! - mean) / deviation;
  return into;
};

/**
 * Each channel by its own median and robust deviation (1.4826 times the median absolute deviation): brings out what moves or
 * blinks, hides what stays in one channel. A channel that is constant in over half of its rows has no deviation and becomes zeros.
 */
export const zScoreColumns: Normalisation = (data, rows, channels, into = emptyLike(data)) => {
  const { medians, deviations } = columnMedians(data, rows, channels);
  // A finite number over infinity is 0.
  const divisors = deviations.map((deviation) => MAD_TO_DEVIATION * deviation || Number.POSITIVE_INFINITY);
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) into[at + c] = (data[at + c]! - medians[c]!) / divisors[c]!;
  }
  return into;
};

/**
 * Divides by the receiver's bandpass, so that noise lies about 1 and lines, even ones that stay in their channel, keep their
 * height. The bandpass is each channel's median over time, then the median of blocks of `blockChannels` of these (a 64th of the band,
 * 16 at least, unless given), joined by straight lines between the blocks' centres and continued to the band's edges. Where it isn't above 0 the result is NaN.
 */
export function removeBandpass(
  data: Float32Array,
  rows: number,
  channels: number,
  { blockChannels = Math.max(16, Math.ceil(channels / 64)) }: { readonly blockChannels?: number } = {},
): Float32Array {
  const bandpass = smoothBandpass(data, rows, channels, blockChannels);
  const divisors = bandpass.map((level) => (level > 0 ? level : Number.NaN));
  const result = emptyLike(data);
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) result[at + c] = data[at + c]! / divisors[c]!;
  }
  return result;
}

/** Power in decibels, 10 log10. What isn't above 0 gets the decibels of the smallest value that is. */
export const toDecibels: Normalisation = (data, _rows, _channels, into = emptyLike(data)) => {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    if (data[i]! > 0 && data[i]! < smallest) smallest = data[i]!;
  }
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    into[i] = 10 * Math.log10(value <= 0 ? smallest : value);
  }
  return into;
};

function emptyLike({ length }: Float32Array): Float32Array {
  return new Float32Array(length);
}

function smoothBandpass(
  data: Float32Array,
  rows: number,
  channels: number,
  blockChannels: number,
): Float64Array {
  const blocks = Math.max(1, Math.round(channels / blockChannels));
  const centres = new Float64Array(blocks);
  const levels = new Float64Array(blocks);
  const { medians } = columnMedians(data, rows, channels);
  const present = new Float32Array(Math.ceil(channels / blocks) + 1);
  for (let b = 0; b < blocks; b++) {
    const start = Math.floor((b * channels) / blocks);
    const stop = Math.floor(((b + 1) * channels) / blocks);
    let count = 0;
    for (let channel = start; channel < stop; channel++) {
      if (!Number.isNaN(medians[channel]!)) present[count++] = medians[channel]!;
    }
    centres[b] = (start + stop - 1) / 2;
    levels[b] = medianInPlace(present, count);
  }
  return joinByLines(centres, levels, channels);
}

/** Straight lines through (centres, levels), the outer ones continued; a level that is NaN makes its stretch NaN. */
function joinByLines(centres: Float64Array, levels: Float64Array, channels: number): Float64Array {
  const joined = new Float64Array(channels);
  if (centres.length === 1) return joined.fill(levels[0]!);
  let b = 0;
  for (let channel = 0; channel < channels; channel++) {
    while (b < centres.length - 2 && channel > centres[b + 1]!) b++;
    const part = (channel - centres[b]!) / (centres[b + 1]! - centres[b]!);
    joined[channel] = levels[b]! * (1 - part) + levels[b + 1]! * part;
  }
  return joined;
}
