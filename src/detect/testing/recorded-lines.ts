/** Lines that were recorded, taken out of what they were recorded with, to go as needles into other recordings. */

import { uniformIn } from "../../simulate/draw.ts";
import type { RandomStream } from "../../simulate/random.ts";
import type { ScanGrid, Signal } from "../../simulate/signals.ts";
import { columnDeviations } from "../pixel-noise.ts";
import type { Recording } from "./recorded-pieces.ts";

/** Power of a line over what lies around it, 0 beside it: rows x channels of the recording that it is from. */
export interface RecordedLine extends Recording {
  /** Of a straight path through it. */
  readonly driftPerRow: number;
  /** Of that path in the middle of row 0. */
  readonly firstChannel: number;
}

/** Half of the width about its path within which power counts as a line's. */
const REACH_CHANNELS = 6;
/** Pixels under so many deviations are left out of a line: they are mostly noise. */
const LEAST_DEVIATIONS = 3;

/**
 * Takes the line out of a cut-out around one that drifts through it and is the brightest in most of its rows: over the median of its channel, along the straight path through the
 * rows' brightest pixels (Theil and Sen). Units are deviations of the cut-out's noise.
 */
export function takeLine({ name, data, rows, channels }: Recording): RecordedLine {
  const excess = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const own = Array.from({ length: rows }, (_, row) => data[row * channels + channel]!);
    const middle = medianOf(own);
    for (let row = 0; row < rows; row++) excess[row * channels + channel] = own[row]! - middle;
  }
  const sigma = columnDeviations(data, rows, channels, channels)[0]!;
  const peaks = Array.from({ length: rows }, (_, row) => {
    const own = excess.subarray(row * channels, (row + 1) * channels);
    return own.indexOf(own.reduce((a, b) => Math.max(a, b)));
  });
  const slopes = peaks.flatMap((to, j) => peaks.slice(0, j).map((from, i) => (to - from) / (j - i)));
  const driftPerRow = medianOf(slopes);
  const firstChannel = medianOf(peaks.map((peak, row) => peak - row * driftPerRow));
  const line = excess.map((value, i) => {
    const path = firstChannel + Math.floor(i / channels) * driftPerRow;
    const near = Math.abs((i % channels) - path) <= REACH_CHANNELS + Math.abs(driftPerRow) / 2;
    return near && value >= LEAST_DEVIATIONS * sigma ? value / sigma : 0;
  });
  return { name, data: line, rows, channels, driftPerRow, firstChannel };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * A line in every ON scan, as if it had drifted on since the first: its pixels, scans x rows x channels, and a signal whose path it
 * follows. It passes the middle of the cadence in the middle half of the band, and drifts either way.
 */
export function placeLine(
  random: RandomStream,
  line: RecordedLine,
  grids: readonly ScanGrid[],
): { pattern: Float32Array; signal: Signal } {
  const { time, frequency } = grids[0]!;
  const width = frequency.nchans;
  const size = time.nsamples * width;
  const scanS = time.nsamples * time.tsampS;
  const perScan = line.driftPerRow * line.rows;
  const lastS = grids.at(-1)!.startS + scanS;
  const mirrored = random.uniform() < 0.5;
  const middle = uniformIn(random, [0.25, 0.75]) * (width - 1);
  /** Of the path before mirroring, in the middle of row 0. */
  const start = middle - 0.5 * perScan * (lastS / scanS);
  const pattern = new Float32Array(grids.length * size);
  for (const [scan, { startS }] of grids.entries()) {
    if (scan % 2 === 1) continue;
    const shift = Math.round(start + perScan * (startS / scanS) - line.firstChannel);
    for (let row = 0; row < time.nsamples; row++) {
      const into = pattern.subarray(scan * size + row * width, scan * size + (row + 1) * width);
      const from = (row / time.nsamples) * line.rows;
      const to = ((row + 1) / time.nsamples) * line.rows;
      for (let old = Math.floor(from); old < to; old++) {
        const share = (Math.min(to, old + 1) - Math.max(from, old)) / (to - from);
        for (let c = 0; c < line.channels; c++) {
          const at = c + shift;
          if (at >= 0 && at < width) into[at]! += share * line.data[old * line.channels + c]!;
        }
      }
      if (mirrored) into.reverse();
    }
  }
  const first = mirrored ? width - 1 - start : start;
  const driftHzPerS = ((mirrored ? -1 : 1) * perScan * frequency.foffMHz * 1e6) / scanS;
  return {
    pattern,
    signal: {
      frequencyMHz: frequency.fch1MHz + first * frequency.foffMHz,
      path: { shape: "linear", driftHzPerS },
      profile: { shape: "tone" },
      timeProfile: { shape: "steady" },
    },
  };
}

/** Adds a pattern in units of each scan's noise, so that its S/N by matched filter is `snr`. */
export function addPattern(
  power: Float32Array,
  pattern: Float32Array,
  snr: number,
  sigmas: readonly number[],
): void {
  const size = pattern.length / sigmas.length;
  let squares = 0;
  for (const [i, value] of pattern.entries()) if (sigmas[Math.floor(i / size)]! > 0) squares += value * value;
  if (squares === 0) return;
  const scale = snr / Math.sqrt(squares);
  for (const [i, value] of pattern.entries()) {
    if (value !== 0) power[i]! += scale * value * sigmas[Math.floor(i / size)]!;
  }
}
