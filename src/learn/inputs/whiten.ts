/**
 * A cadence in deviations of its noise, with the receiver taken out. What a panel's channels have in common with its band, and its rows
 * with each other, is most of its variance, and multiplies: power(row, channel) = offset(row) + gain(row) * band(channel) + signals + noise.
 * So each row is fitted by the panel's band, robustly, and what is left is divided by each channel's deviation. A line that stays in its
 * channel would vanish with the band; it comes back as the difference of a panel's band from what the panels have in common.
 */

import type { PanelShape, Panels } from "../../signal/panels.ts";
import { MAD_TO_DEVIATION, medianInPlace } from "../../signal/robust.ts";
import type { InputKernels } from "./kernels.ts";

/**
 * Writes the whitened panels into `into`, [panels, rows, channels], which may be the cadence's own data: median 0, deviation 1 where there is
 * noise alone, in whole steps of `WHITE_STEP` from -127 to 127 of them.
 */
export type Whitener = (cadence: Panels, into: Float32Array) => void;

/** Steps of whitened values, in deviations: fine beside the noise, and so that a value fits a byte. */
export const WHITE_STEP = 1 / 8;
const MOST_STEPS = 127;

/** A channel's deviation counts as at least this share of the typical one's, so that dead channels stay quiet. */
const QUIET_SHARE = 0.3;
/** Rows whose deviation is larger than this are brought down to it: bursts over the whole band. */
const LOUD_ROW = 1.15;
/** The fit sees the band's profile clipped here, in its own robust deviations, so that a few carriers don't rule it. */
const PROFILE_CLIP = 4;
const ROUNDS = 5;
/** Channels on either side that the difference between panels' bands is smoothed over, as pointings differ a little. */
const SMOOTH_CHANNELS = 20;
/** A difference in level counts from so many of its own deviations on. */
const LEVEL_LIMIT = 2.5;
const HIGHEST_LEVEL = 6;
const LOWEST_LEVEL = -3;

export function createWhitener(kernels: InputKernels, shape: PanelShape): Whitener {
  const { panels, rows, channels } = shape;
  const lanes = Math.ceil(channels / 4) * 4;
  const across = Math.ceil(rows / 4) * 4;
  const [sourceAt, panelAt, turnedAt, profileAt, centreAt, gainAt, rowAt] = kernels.reserve([
    rows * lanes,
    rows * lanes,
    lanes * across,
    lanes,
    lanes,
    lanes,
    across,
  ]) as [number, number, number, number, number, number, number];
  const { run } = kernels;
  const vector = (at: number, length = channels) => kernels.floats().subarray(at / 4, at / 4 + length);
  const bands: Band[] = Array.from({ length: panels }, () => ({
    levels: new Float32Array(channels),
    deviations: new Float32Array(channels),
  }));

  const whitenPanel = (data: Float32Array, { levels, deviations }: Band) => {
    copyRows(data, vector(sourceAt, rows * lanes), rows, channels, lanes);
    run.medians(sourceAt, rows, lanes, 0, profileAt);
    const profile = vector(profileAt, lanes);
    const centre = medianOf(vector(profileAt));
    for (let c = 0; c < channels; c++) profile[c]! -= centre;
    profile.fill(0, channels);
    const spread = robustSpread(vector(profileAt));
    const ridge = 0.02 * channels * spread * spread + 1e-9;
    run.removeProfile(sourceAt, rows, lanes, profileAt, PROFILE_CLIP * spread, ridge, ROUNDS, panelAt);

    run.medians(panelAt, rows, lanes, 0, centreAt);
    vector(gainAt, lanes).fill(1);
    run.scaleColumns(panelAt, rows, lanes, centreAt, gainAt);
    for (let c = 0; c < channels; c++) levels[c] = profile[c]! + vector(centreAt)[c]!;
    run.medians(panelAt, rows, lanes, 1, gainAt);
    const gain = vector(gainAt, lanes);
    const typical = medianOf(vector(gainAt));
    for (let c = 0; c < channels; c++) {
      deviations[c] = MAD_TO_DEVIATION * Math.max(gain[c]!, QUIET_SHARE * typical);
      gain[c] = deviations[c]! > 0 ? 1 / deviations[c]! : 0;
    }
    vector(centreAt, lanes).fill(0);
    run.scaleColumns(panelAt, rows, lanes, centreAt, gainAt);
    run.transpose(panelAt, rows, lanes, across, turnedAt);
    run.medians(turnedAt, channels, across, 1, rowAt);
  };

  return (cadence, into) => {
    const size = rows * channels;
    for (let panel = 0; panel < panels; panel++) {
      whitenPanel(cadence.data.subarray(panel * size, (panel + 1) * size), bands[panel]!);
      const loud = vector(rowAt, rows);
      const white = vector(panelAt, rows * lanes);
      for (let row = 0; row < rows; row++) {
        const gain = Math.min(1, LOUD_ROW / (MAD_TO_DEVIATION * loud[row]!));
        const to = panel * size + row * channels;
        for (let c = 0; c < channels; c++) into[to + c] = white[row * lanes + c]! * gain;
      }
    }
    addLevels(into, bands, shape);
    roundToSteps(into);
  };
}

/** A panel's median power by channel, the panel's middle at 0, and the noise's deviation. */
interface Band {
  readonly levels: Float32Array;
  readonly deviations: Float32Array;
}

/** Rows of `channels` into rows of `lanes`; what is missing becomes 0, the panels' mean. */
function copyRows(from: Float32Array, to: Float32Array, rows: number, channels: number, lanes: number): void {
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c++) {
      const value = from[row * channels + c]!;
      to[row * lanes + c] = Number.isFinite(value) ? value : 0;
    }
    to.fill(0, row * lanes + channels, (row + 1) * lanes);
  }
}

/**
 * Adds to every channel of a panel by how much it stands over what the panels have in common, in deviations. In common they have the
 * third lowest of six levels (a third of the panels lie below it): a line in the ON panels lifts three.
 */
function addLevels(into: Float32Array, bands: readonly Band[], { rows, channels }: PanelShape): void {
  const alike = bands.map(({ levels }) => {
    const centre = medianOf(levels);
    const spread = robustSpread(levels) || 1e-3;
    return levels.map((level) => (level - centre) / spread);
  });
  const common = new Float32Array(channels);
  const column = new Float32Array(bands.length);
  for (let c = 0; c < channels; c++) {
    for (const [panel, levels] of alike.entries()) column[panel] = levels[c]!;
    common[c] = column.sort()[Math.floor((bands.length - 1) / 2)]!;
  }
  for (const [panel, { levels, deviations }] of bands.entries()) {
    const excess = excessOver(common, levels);
    for (let c = 0; c < channels; c++) excess[c]! /= deviations[c]! || Number.POSITIVE_INFINITY;
    const smooth = runningMedian(excess, SMOOTH_CHANNELS);
    for (let c = 0; c < channels; c++) excess[c]! -= smooth[c]!;
    const limit = LEVEL_LIMIT * robustSpread(excess);
    for (let c = 0; c < channels; c++) {
      const level = pastLimit(excess[c]!, limit);
      if (level === 0) continue;
      for (let row = 0; row < rows; row++) into[(panel * rows + row) * channels + c]! += level;
    }
  }
}

function roundToSteps(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    const steps = Math.max(-MOST_STEPS, Math.min(MOST_STEPS, values[i]! / WHITE_STEP));
    // The sum is positive, so that cutting off rounds, and no 0 is negative.
    values[i] = (((steps + MOST_STEPS + 0.5) | 0) - MOST_STEPS) * WHITE_STEP;
  }
}

function pastLimit(excess: number, limit: number): number {
  if (excess > limit) return Math.min(HIGHEST_LEVEL, excess - limit);
  return excess < -limit ? Math.max(LOWEST_LEVEL, excess + limit) : 0;
}

/** What is left of `levels` after the best a + b * common, with weights that fall past two and a half mean residuals. */
function excessOver(common: Float32Array, levels: Float32Array): Float32Array {
  const clip = PROFILE_CLIP * (robustSpread(common) || 1);
  let [offset, slope, limit] = [0, 1, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    let [w, wx, wy, wxx, wxy, wr] = [0, 0, 0, 0, 0, 0];
    for (const [c, level] of levels.entries()) {
      const x = Math.max(-clip, Math.min(clip, common[c]!));
      const residual = Math.abs(level - offset - slope * x);
      const weight = Math.min(1, limit / residual) ** 2;
      w += weight;
      wx += weight * x;
      wy += weight * level;
      wxx += weight * x * x;
      wxy += weight * x * level;
      if (round > 0) wr += weight * residual;
    }
    const variance = wxx - (wx * wx) / w;
    slope = variance > 0 ? (wxy - (wx * wy) / w) / variance : 1;
    offset = (wy - slope * wx) / w;
    if (round > 0) limit = (2.5 * wr) / w + Number.MIN_VALUE;
  }
  return levels.map((level, c) => level - offset - slope * common[c]!);
}

function runningMedian(values: Float32Array, reach: number): Float32Array {
  const scratch = new Float32Array(2 * reach + 1);
  return values.map((_, i) => {
    const window = values.subarray(Math.max(0, i - reach), i + reach + 1);
    scratch.set(window);
    return medianInPlace(scratch, window.length);
  });
}

function medianOf(values: Float32Array): number {
  return medianInPlace(values.slice(), values.length);
}

function robustSpread(values: Float32Array): number {
  const centre = medianOf(values);
  return MAD_TO_DEVIATION * medianOf(values.map((value) => Math.abs(value - centre)));
}
