/**
 * Normalisations of a panel: power of `rows` x `channels`, one row of time after another. Each returns a new array and keeps
 * NaN, a missing value, as NaN; what isn't finite counts in no statistic.
 */

import { MAD_TO_DEVIATION, medianInPlace } from "./robust.ts";

export type Normalisation = (data: Float32Array, rows: number, channels: number) => Float32Array;

/** Divides by the largest absolute value, so that the result lies in -1 to 1. A panel of zeros stays so. */
export const normaliseByMax: Normalisation = (data) => {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest === 0 ? data.slice() : data.map((value) => value / largest);
};

/** Mean 0 and standard deviation 1 (of the population) over the whole panel. A constant panel becomes zeros. */
export const zScorePanel: Normalisation = (data) => {
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
  const deviation = Math.sqrt(squares / count);
  return data.map((value) => (value - mean) / (deviation || 1));
};

/**
 * Each channel by its own median and robust deviation (1.4826 times the median absolute deviation): brings out what moves or
 * blinks, hides what stays in one channel. A channel that is constant in over half of its rows has no deviation and becomes zeros.
 */
export const zScoreColumns: Normalisation = (data, rows, channels) => {
  const result = new Float32Array(data.length);
  const scratch = new Float32Array(rows);
  for (let channel = 0; channel < channels; channel++) {
    const centre = columnMedian(data, rows, channels, channel, scratch);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * channels + channel]!;
      if (Number.isFinite(value)) scratch[count++] = Math.abs(value - centre);
    }
    const deviation = MAD_TO_DEVIATION * medianInPlace(scratch, count);
    for (let row = 0; row < rows; row++) {
      const at = row * channels + channel;
      const offset = data[at]! - centre;
      result[at] = deviation > 0 ? offset / deviation : offset * 0;
    }
  }
  return result;
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
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let channel = 0; channel < channels; channel++) {
      const level = bandpass[channel]!;
      const at = row * channels + channel;
      result[at] = level > 0 ? data[at]! / level : Number.NaN;
    }
  }
  return result;
}

/** Power in decibels, 10 log10. What isn't above 0 gets the decibels of the smallest value that is. */
export const toDecibels: Normalisation = (data) => {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    if (data[i]! > 0 && data[i]! < smallest) smallest = data[i]!;
  }
  return data.map((value) => 10 * Math.log10(value <= 0 ? smallest : value));
};

function columnMedian(
  data: Float32Array,
  rows: number,
  channels: number,
  channel: number,
  scratch: Float32Array,
): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = data[row * channels + channel]!;
    if (Number.isFinite(value)) scratch[count++] = value;
  }
  return medianInPlace(scratch, count);
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
  const scratch = new Float32Array(rows);
  const medians = new Float32Array(Math.ceil(channels / blocks) + 1);
  for (let b = 0; b < blocks; b++) {
    const start = Math.floor((b * channels) / blocks);
    const stop = Math.floor(((b + 1) * channels) / blocks);
    let count = 0;
    for (let channel = start; channel < stop; channel++) {
      const level = columnMedian(data, rows, channels, channel, scratch);
      if (!Number.isNaN(level)) medians[count++] = level;
    }
    centres[b] = (start + stop - 1) / 2;
    levels[b] = medianInPlace(medians, count);
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
