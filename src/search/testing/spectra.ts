/** Spectrograms for the search's tests: noise from a plain generator, lines put in pixel by pixel. */

import { memorySource } from "../../signal/memory-source.ts";
import type { SpectrogramSource } from "../../signal/spectrogram.ts";

/** Green Bank's fine product. */
export const FOFF_HZ = 2.7939677238464355;
export const TSAMP_S = 18.253611008;

/** Uniform numbers in [0, 1) (mulberry32). */
export function uniformStream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers (Box and Muller). */
export function normalStream(seed: number): () => number {
  const uniform = uniformStream(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Chi-squared numbers of `dof` degrees of freedom taken to mean 0 and deviation 1, by summing squares. */
export function chiSquaredStream(seed: number, dof: number): () => number {
  const normal = normalStream(seed);
  return () => {
    let sum = 0;
    for (let i = 0; i < dof; i++) sum += normal() ** 2;
    return (sum - dof) / Math.sqrt(2 * dof);
  };
}

export interface Panel {
  readonly rows: number;
  readonly channels: number;
  /** Rows x channels. */
  readonly data: Float32Array;
}

export function noisePanel(rows: number, channels: number, draw: () => number): Panel {
  return { rows, channels, data: Float32Array.from({ length: rows * channels }, draw) };
}

/** Multiplies by a gain and adds a level, both by channel, as a receiver does: x -> level(c) + deviation(c) * x. */
export function throughReceiver(
  panel: Panel,
  level: (channel: number) => number,
  deviation: (channel: number) => number,
): Panel {
  const data = panel.data.map((x, i) => level(i % panel.channels) + deviation(i % panel.channels) * x);
  return { ...panel, data };
}

export interface TestLine {
  /** Channel at the middle of the rows. */
  readonly middle: number;
  /** Channels a row. */
  readonly slope: number;
  /** Power in a row, in deviations of a pixel. */
  readonly rowPower: number;
  /** Whether a row's power is spread over the channels that the line crosses in it. Else it is all in the nearest. */
  readonly smeared?: boolean;
}

/** Adds a line and gives the number of pixels that it touches. */
export function addTestLine(panel: Panel, line: TestLine): number {
  const { rows, channels, data } = panel;
  let touched = 0;
  for (let row = 0; row < rows; row++) {
    const centre = line.middle + line.slope * (row - (rows - 1) / 2);
    const half = line.smeared ? Math.abs(line.slope) / 2 : 0;
    const first = Math.floor(centre - half + 0.5);
    const last = Math.floor(centre + half + 0.5);
    for (let channel = first; channel <= last; channel++) {
      if (channel < 0 || channel >= channels) continue;
      const overlap = Math.min(centre + half, channel + 0.5) - Math.max(centre - half, channel - 0.5);
      data[row * channels + channel]! += line.rowPower * (half > 0 ? Math.max(0, overlap) / (2 * half) : 1);
      touched++;
    }
  }
  return touched;
}

/** A panel as a source at Green Bank's fine product; frequency falls with the channel unless `rising`. */
export function panelSource({ rows, channels, data }: Panel, rising = false): SpectrogramSource {
  return memorySource({
    data,
    time: { tstartMjd: 60_000, tsampS: TSAMP_S, nsamples: rows },
    frequency: { fch1MHz: 8400, foffMHz: (rising ? FOFF_HZ : -FOFF_HZ) / 1e6, nchans: channels },
    header: {},
    source: "panel",
  });
}

/** Hz/s of a drift of one channel a row. */
export const CHANNEL_PER_ROW_HZ_PER_S = FOFF_HZ / TSAMP_S;
