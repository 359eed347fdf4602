/** Slides a detector over the whole band of a cadence. docs/detect.md tells how and why. */

import type { Cadence } from "../signal/cadence.ts";
import { UsageError } from "../signal/errors.ts";
import { channelFrequencyMHz, type SpectrogramSource } from "../signal/spectrogram.ts";
import { type Band, type BandOptions, commonBand } from "./band.ts";
import { readPanels } from "./cadence-panels.ts";
import { checkFits, type Detector } from "./detector.ts";
import { createWindowScorer, type WindowScorer } from "./score-windows.ts";

/** Channels that are averaged to a pixel, in one pass over the band after another: the fast drifts that a narrow window loses fit a wide one. */
export const DEFAULT_SCALES: readonly number[] = [1, 4, 16];
export const DEFAULT_THRESHOLD = 0.9;

export interface DetectOptions extends BandOptions {
  /** Default `DEFAULT_SCALES`; those whose window is wider than the band are left out. */
  readonly scales?: readonly number[] | undefined;
  /** Least score of the windows that are given back. Default 0.9. */
  readonly threshold?: number | undefined;
  /** Told of the windows that reach the threshold, as the band is gone through. */
  readonly onWindows?: ((windows: readonly ScoredWindow[]) => void) | undefined;
  /** Told the share that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A stretch of frequencies, over the time of the whole cadence. */
export interface ScoredWindow {
  /** Outer edges. */
  readonly lowMHz: number;
  readonly highMHz: number;
  readonly channelsPerPixel: number;
  /** The detector's probability that it holds a needle, 0 to 1. */
  readonly score: number;
}

export interface Detection {
  /** Those that reach the threshold: by scale, then in the order of the channels. */
  readonly windows: readonly ScoredWindow[];
  /** Windows that were looked at. */
  readonly scored: number;
  /** Those of them that the network gave no number for. */
  readonly unscored: number;
  /** As they were used. */
  readonly scales: readonly number[];
  readonly threshold: number;
}

/** Windows that are read together. */
const TILE_WINDOWS = 32;

/**
 * Scores windows as wide as the detector's, each beginning half a window after the one before, over the band that all scans have. Reads
 * piece by piece: memory doesn't grow with the files. Throws an InputError where the cadence isn't one that the detector knows, or its band is narrower than a window.
 */
export async function detect(
  cadence: Cadence<SpectrogramSource>,
  detector: Detector,
  options: DetectOptions = {},
): Promise<Detection> {
  const { threshold = DEFAULT_THRESHOLD, onWindows, onProgress, signal } = options;
  const band = bandFor(cadence, detector, options);
  const scorer = createWindowScorer(detector, signal);
  const width = detector.shape.channels;
  const plan = planScales(band.frequency.nchans, detector, options);
  const all = plan.reduce((sum, { starts }) => sum + starts.length, 0);
  const { panels, rows } = detector.shape;
  const longest = Math.min(TILE_WINDOWS, Math.max(...plan.map(({ starts }) => starts.length)));
  // Windows begin half a window apart, so this is more than enough for those of a tile.
  const memory = new Float32Array(panels * rows * Math.ceil((longest + 1) / 2 + 1) * width);
  const windows: ScoredWindow[] = [];
  let scored = 0;
  let unscored = 0;
  for (const { scale, starts } of plan) {
    for (let from = 0; from < starts.length; from += TILE_WINDOWS) {
      signal?.throwIfAborted();
      const tile = starts.slice(from, from + TILE_WINDOWS);
      const scores = await scoreTile(band, detector, scorer, { scale, tile, threshold, memory });
      const found: ScoredWindow[] = [];
      for (const [i, score] of scores.entries()) {
        if (Number.isNaN(score)) unscored++;
        if (score >= threshold) found.push({ ...windowEdges(band, tile[i]! * scale, scale, width), score });
      }
      windows.push(...found);
      if (found.length > 0) onWindows?.(found);
      scored += tile.length;
      onProgress?.(scored / all);
    }
  }
  return { windows, scored, unscored, scales: plan.map(({ scale }) => scale), threshold };
}

/** How many windows `detect` looks at. Throws as it does. */
export function countWindows(
  cadence: Cadence<SpectrogramSource>,
  detector: Detector,
  options: DetectOptions = {},
): number {
  const { nchans } = bandFor(cadence, detector, options).frequency;
  return planScales(nchans, detector, options).reduce((sum, { starts }) => sum + starts.length, 0);
}

function planScales(nchans: number, { shape }: Detector, { scales = DEFAULT_SCALES }: DetectOptions) {
  return scales
    .filter((scale) => scale * shape.channels <= nchans)
    .map((scale) => ({ scale, starts: windowStarts(Math.floor(nchans / scale), shape.channels) }));
}

/** The band of a cadence, checked to be one that the detector can look at. */
export function bandFor(cadence: Cadence<SpectrogramSource>, detector: Detector, options: BandOptions): Band {
  checkFits(
    detector,
    cadence.scans.map(({ role }) => role),
  );
  const band = commonBand(cadence, options);
  const { nchans } = band.frequency;
  if (nchans < detector.shape.channels) {
    throw new UsageError(
      `The band that all scans have is ${nchans} channels wide, and ${detector.name} looks at ${detector.shape.channels} at once. Give a wider band.`,
    );
  }
  return band;
}

/** The first pixel of each window: every half window, and one that ends with the band. */
export function windowStarts(pixels: number, width: number): number[] {
  const hop = Math.max(1, Math.floor(width / 2));
  const starts: number[] = [];
  for (let start = 0; start + width <= pixels; start += hop) starts.push(start);
  if (starts.at(-1)! + width < pixels) starts.push(pixels - width);
  return starts;
}

/** The outer edges of a window of `width` pixels that begins at a channel of the band. */
export function windowEdges(
  { frequency }: Band,
  channelStart: number,
  channelsPerPixel: number,
  width: number,
): Omit<ScoredWindow, "score"> {
  const edges = [channelStart - 0.5, channelStart + width * channelsPerPixel - 0.5].map((channel) =>
    channelFrequencyMHz(frequency, channel),
  );
  return { lowMHz: Math.min(...edges), highMHz: Math.max(...edges), channelsPerPixel };
}

async function scoreTile(
  band: Band,
  { shape }: Detector,
  scorer: WindowScorer,
  {
    scale,
    tile,
    threshold,
    memory,
  }: { scale: number; tile: readonly number[]; threshold: number; memory: Float32Array },
): Promise<Float64Array> {
  const first = tile[0]!;
  const stretch = {
    channelStart: first * scale,
    channelsPerPixel: scale,
    pixels: tile.at(-1)! + shape.channels - first,
  };
  const panels = await readPanels(band, shape, stretch, memory);
  const starts = tile.map((start) => start - first);
  return scorer.score(panels, starts, threshold);
}
