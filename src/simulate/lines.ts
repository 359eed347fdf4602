/**
 * Drifting lines as a spectrogram's pixels see them: exactly integrated over each row's time and each channel's width.
 *
 * A line of constant frequency puts the share R(u) of its power into a channel whose centre lies u Hz from it. Where the
 * line drifts from one offset to another during a row, the channel gets the mean of R between the two, so the
 * antiderivative C of R gives it in closed form: (C(u1) - C(u0)) / (u1 - u0), for either direction of drift or of the axis.
 */

import type { FrequencyAxis, TimeAxis } from "../signal/spectrogram.ts";
import { normalBelow, sineIntegral } from "./special-functions.ts";

/**
 * `tone`: a pure carrier seen through a Fourier transform without a window, R(u) = sinc(u / foff) ** 2, cut 256 channels
 * out (which loses 0.04 % of it). `box` and `gaussian`: a line with a width of its own, whose power counts where it lies.
 */
export type LineProfile =
  | { readonly shape: "tone" }
  | { readonly shape: "box"; readonly widthHz: number }
  | { readonly shape: "gaussian"; readonly fwhmHz: number };

/** When the line is on, in seconds from the start of the observation. Pulses start at `startS` + n * `periodS`. */
export type TimeProfile =
  | { readonly shape: "steady" }
  | {
      readonly shape: "pulsed";
      readonly periodS: number;
      /** Share of the period that it is on. */
      readonly duty: number;
      readonly startS?: number;
    }
  | { readonly shape: "partial"; readonly startS: number; readonly stopS: number };

/** A straight path. */
export interface Line {
  /** At the centre of the first row of the observation's first scan. */
  readonly frequencyMHz: number;
  readonly driftHzPerS: number;
  readonly profile: LineProfile;
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

/** Where the line is at a time, seconds from the start of the observation. */
export function lineFrequencyMHz(line: Line, tsampS: number, timeS: number): number {
  return line.frequencyMHz + line.driftHzPerS * (timeS - 0.5 * tsampS) * 1e-6;
}

/**
 * Adds a line to the pixels of `range` (`into` is rows x channels). `rowPower` is what a row in which the line is on
 * throughout gets, over all channels; `gain`, one number a channel of the range, multiplies it. What lies outside the band
 * is lost. A pixel's sum is the same whatever the range.
 */
export function addLine(
  into: Float32Array,
  range: PixelRange,
  grid: ScanGrid,
  line: Line,
  rowPower: number,
  gain?: Float64Array,
): void {
  const width = range.channelStop - range.channelStart;
  forEachShare(grid, line, range, (row, channel, share) => {
    const column = channel - range.channelStart;
    into[(row - range.rowStart) * width + column]! += share * rowPower * (gain ? gain[column]! : 1);
  });
}

/**
 * The S/N of a line in a scan under the best weights, those of a search that knows its path and shape: the root of the
 * summed squares of the line's power in each pixel, over `sigma`, the standard deviation of a pixel's noise. Sums with
 * equal weights along the path give less.
 */
export function matchedSnr(grid: ScanGrid, line: Line, rowPower: number, sigma: number): number {
  const band = {
    rowStart: 0,
    rowStop: grid.time.nsamples,
    channelStart: 0,
    channelStop: grid.frequency.nchans,
  };
  return (rowPower / sigma) * Math.sqrt(sumOfSquaredShares(grid, line, band));
}

/** The row power at which a line has this `matchedSnr` in a scan, if it were on throughout and the band had no ends. */
export function rowPowerForSnr(grid: ScanGrid, line: Line, snr: number, sigma: number): number {
  const endless = {
    rowStart: 0,
    rowStop: grid.time.nsamples,
    channelStart: Number.NEGATIVE_INFINITY,
    channelStop: Number.POSITIVE_INFINITY,
  };
  const steady: Line = { ...line, timeProfile: { shape: "steady" } };
  return (snr * sigma) / Math.sqrt(sumOfSquaredShares(grid, steady, endless));
}

/**
 * The row power that setigen's `get_intensity` stands for: it gives a profile the peak level snr * sigma / sqrt(rows), drift
 * and width left out of account. Equal to `rowPowerForSnr` for a line that fills just one channel and doesn't drift.
 */
export function rowPowerBySetigen(grid: ScanGrid, line: Line, snr: number, sigma: number): number {
  const { profile } = line;
  const channelHz = Math.abs(grid.frequency.foffMHz) * 1e6;
  const level = (snr * sigma) / Math.sqrt(grid.time.nsamples);
  if (profile.shape === "box") return (level * profile.widthHz) / channelHz;
  if (profile.shape === "gaussian") {
    return (level * profile.fwhmHz * Math.sqrt(Math.PI / (4 * Math.LN2))) / channelHz;
  }
  return level;
}

function sumOfSquaredShares(grid: ScanGrid, line: Line, range: PixelRange): number {
  let sum = 0;
  forEachShare(grid, line, range, (_row, _channel, share) => {
    sum += share * share;
  });
  return sum;
}

/** Calls `visit` with each pixel of the range that the line reaches and the share of the row's power that it gets. */
function forEachShare(
  { frequency, time, startS }: ScanGrid,
  line: Line,
  range: PixelRange,
  visit: (row: number, channel: number, share: number) => void,
): void {
  const foffHz = frequency.foffMHz * 1e6;
  const firstHz = (line.frequencyMHz - frequency.fch1MHz) * 1e6;
  const response = channelResponse(line.profile, Math.abs(foffHz));
  const offsetHz = (timeS: number) => firstHz + line.driftHzPerS * (timeS - 0.5 * time.tsampS);
  for (let row = range.rowStart; row < range.rowStop; row++) {
    const rowStartS = startS + row * time.tsampS;
    const intervals = onIntervals(line.timeProfile, rowStartS, rowStartS + time.tsampS);
    if (intervals.length === 0) continue;
    const sweep = [offsetHz(intervals[0]![0]), offsetHz(intervals.at(-1)![1])];
    const reach = response.reachHz;
    const ends = [(Math.min(...sweep) - reach) / foffHz, (Math.max(...sweep) + reach) / foffHz];
    const first = Math.max(range.channelStart, Math.ceil(Math.min(...ends)));
    const last = Math.min(range.channelStop - 1, Math.floor(Math.max(...ends)));
    for (let channel = first; channel <= last; channel++) {
      let share = 0;
      for (const [fromS, toS] of intervals) {
        const centreHz = channel * foffHz;
        share += (toS - fromS) * meanResponse(response, centreHz - offsetHz(fromS), centreHz - offsetHz(toS));
      }
      visit(row, channel, share / time.tsampS);
    }
  }
}

/** The parts of a row in which a line is on. */
function onIntervals(profile: TimeProfile, fromS: number, toS: number): [number, number][] {
  if (profile.shape === "steady") return [[fromS, toS]];
  if (profile.shape === "partial") return clip([[profile.startS, profile.stopS]], fromS, toS);
  const { periodS, duty, startS = 0 } = profile;
  const pulses: [number, number][] = [];
  for (let n = Math.floor((fromS - startS) / periodS); startS + n * periodS < toS; n++) {
    pulses.push([startS + n * periodS, startS + (n + duty) * periodS]);
  }
  return clip(pulses, fromS, toS);
}

function clip(intervals: [number, number][], fromS: number, toS: number): [number, number][] {
  return intervals
    .map(([a, b]): [number, number] => [Math.max(a, fromS), Math.min(b, toS)])
    .filter(([a, b]) => a < b);
}

interface ChannelResponse {
  /** R(u). */
  share(uHz: number): number;
  /** An antiderivative of R. */
  cumulative(uHz: number): number;
  /** Beyond this |u|, R counts as 0. */
  readonly reachHz: number;
  /** The finest scale on which R changes. */
  readonly scaleHz: number;
}

function meanResponse({ share, cumulative, scaleHz }: ChannelResponse, u0: number, u1: number): number {
  if (Math.abs(u1 - u0) <= 1e-6 * scaleHz) return share(0.5 * (u0 + u1));
  return (cumulative(u1) - cumulative(u0)) / (u1 - u0);
}

function channelResponse(profile: LineProfile, channelHz: number): ChannelResponse {
  if (profile.shape === "tone") {
    return {
      share: (u) => (u === 0 ? 1 : (Math.sin((Math.PI * u) / channelHz) / ((Math.PI * u) / channelHz)) ** 2),
      cumulative: (u) => channelHz * squaredSincIntegral(u / channelHz),
      reachHz: 256 * channelHz,
      scaleHz: channelHz,
    };
  }
  const own = profile.shape === "box" ? boxProfile(profile.widthHz) : gaussianProfile(profile.fwhmHz);
  const half = 0.5 * channelHz;
  return {
    share: (u) => own.below(u + half) - own.below(u - half),
    cumulative: (u) => own.belowIntegral(u + half) - own.belowIntegral(u - half),
    reachHz: own.reachHz + half,
    scaleHz: Math.min(channelHz, own.scaleHz),
  };
}

/** The integral of sinc(t) ** 2 from 0 to x. */
function squaredSincIntegral(x: number): number {
  if (x === 0) return 0;
  return (sineIntegral(2 * Math.PI * x) - Math.sin(Math.PI * x) ** 2 / (Math.PI * x)) / Math.PI;
}

interface OwnProfile {
  /** The share of the line's power at less than u from its centre. */
  below(uHz: number): number;
  /** The integral of `below` from minus infinity. */
  belowIntegral(uHz: number): number;
  readonly reachHz: number;
  readonly scaleHz: number;
}

function boxProfile(widthHz: number): OwnProfile {
  const half = 0.5 * widthHz;
  return {
    below: (u) => (u <= -half ? 0 : u >= half ? 1 : (u + half) / widthHz),
    belowIntegral: (u) => (u <= -half ? 0 : u >= half ? u : (u + half) ** 2 / (2 * widthHz)),
    reachHz: half,
    scaleHz: widthHz,
  };
}

function gaussianProfile(fwhmHz: number): OwnProfile {
  const sigma = fwhmHz / Math.sqrt(8 * Math.LN2);
  const reachHz = 8 * sigma;
  return {
    below: (u) => (u <= -reachHz ? 0 : u >= reachHz ? 1 : normalBelow(u / sigma)),
    belowIntegral(u) {
      if (u <= -reachHz) return 0;
      if (u >= reachHz) return u;
      const density = Math.exp(-0.5 * (u / sigma) ** 2) / Math.sqrt(2 * Math.PI);
      return u * normalBelow(u / sigma) + sigma * density;
    },
    reachHz,
    scaleHz: sigma,
  };
}
