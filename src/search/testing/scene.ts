/** Made-up pixels for the tests of the search, and sources of them. */

import { memorySource } from "../../signal/memory-source.ts";
import type { SpectrogramSource } from "../../signal/spectrogram.ts";
import { FOFF_HZ, TSAMP_S, uniformStream } from "./spectra.ts";

export interface Random {
  uniform(): number;
  normal(): number;
}

export function random(seed: number): Random {
  const uniform = uniformStream(seed);
  let spare = Number.NaN;
  return {
    uniform,
    normal() {
      if (!Number.isNaN(spare)) {
        const value = spare;
        spare = Number.NaN;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** Pixels of rows x channels, all with mean 0 and deviation 1. */
export interface Scene {
  readonly rows: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export function gaussianNoise(rows: number, channels: number, seed: number): Scene {
  const { normal } = random(seed);
  return { rows, channels, data: Float32Array.from({ length: rows * channels }, normal) };
}

/** Chi-squared noise of an even number of degrees of freedom, its mean taken off and over its deviation. */
export function chiSquaredNoise(rows: number, channels: number, dof: number, seed: number): Scene {
  const { uniform } = random(seed);
  const draw = () => {
    let sum = 0;
    for (let left = dof / 2; left > 0; left -= 16) {
      let product = 1;
      for (let i = Math.min(16, left); i > 0; i--) product *= 1 - uniform();
      sum -= 2 * Math.log(product);
    }
    return (sum - dof) / Math.sqrt(2 * dof);
  };
  return { rows, channels, data: Float32Array.from({ length: rows * channels }, draw) };
}

export interface TestLine {
  /** Channel at the middle of the rows. */
  readonly position: number;
  /** Channels from the first row to the last. */
  readonly span: number;
  /** Over the rows, for a box of the line's own width. */
  readonly snr: number;
  /** Channels that the line fills evenly; its power is shared out by the part of each that it covers. Left out: the nearest channel gets it all. */
  readonly width?: number;
}

export function pathChannel(
  { position, span }: Pick<TestLine, "position" | "span">,
  row: number,
  rows: number,
): number {
  return rows > 1 ? position + span * (row / (rows - 1) - 0.5) : position;
}

/** Adds a line to pixels of deviation 1. */
export function addTestLine(
  { data, rows, channels }: Scene,
  line: TestLine,
  share: (row: number) => number = () => 1,
): void {
  const width = line.width ?? 0;
  const power = (line.snr * Math.sqrt(Math.max(1, width))) / Math.sqrt(rows);
  for (let row = 0; row < rows; row++) {
    const path = pathChannel(line, row, rows);
    if (width === 0) {
      const channel = Math.floor(path + 0.5);
      if (channel >= 0 && channel < channels) data[row * channels + channel]! += power * share(row);
      continue;
    }
    const first = Math.max(0, Math.floor(path - width / 2 - 1));
    const last = Math.min(channels - 1, Math.ceil(path + width / 2 + 1));
    for (let channel = first; channel <= last; channel++) {
      const covered = Math.min(path + width / 2, channel + 0.5) - Math.max(path - width / 2, channel - 0.5);
      if (covered > 0) data[row * channels + channel]! += (covered / width) * power * share(row);
    }
  }
}

export const CHANNEL_HZ = FOFF_HZ;

export function sceneSource(
  { data, rows, channels }: Scene,
  { foffMHz = -CHANNEL_HZ * 1e-6, tsampS = TSAMP_S, fch1MHz = 8419.5 } = {},
): SpectrogramSource {
  return memorySource({
    data,
    time: { tstartMjd: 57_650, tsampS, nsamples: rows },
    frequency: { fch1MHz, foffMHz, nchans: channels },
    header: {},
    source: "scene",
  });
}

/** The drift, Hz/s, of a line that crosses `span` channels from the first row to the last, towards higher channels. */
export function driftOfSpan(
  span: number,
  rows: number,
  foffMHz = -CHANNEL_HZ * 1e-6,
  tsampS = TSAMP_S,
): number {
  return (span * foffMHz * 1e6) / ((rows - 1) * tsampS);
}
