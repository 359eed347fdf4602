/**
 * Signals of a cadence, needles and interference alike: how they are drawn in units of channels and rows, given a strength and
 * added to panels.
 */

import { channelFrequencyMHz, frequencyChannel } from "../signal/spectrogram.ts";
import {
  chance,
  logUniformIn,
  pickOne,
  type Range,
  signOf,
  uniformIn,
  type Weights,
  wholeIn,
} from "./draw.ts";
import type { FrequencyProfile, LineShape } from "./frequency-profiles.ts";
import { type Path, pathOffsetHz } from "./paths.ts";
import type { RandomStream } from "./random.ts";
import { forEachRow, type ScanGrid, type Signal, signalFrequencyMHz, wholeScan } from "./signals.ts";
import type { TimeProfile } from "./time-profiles.ts";

export type PathKind = Path["shape"];
export type TimeKind = TimeProfile["shape"];
export type ProfileKind = FrequencyProfile["shape"];

/** How paths are drawn. Distances are in channels, over the whole cadence where they are a drift. */
export interface PathRecipe {
  readonly kind: Weights<PathKind>;
  /** Size of the drift, drawn evenly; either sign. */
  readonly drift: Range;
  /** The share that drifts slower, and how much: drawn evenly. */
  readonly slow: number;
  readonly slowDrift: Range;
  /** The share that drifts faster, and how much: drawn evenly in its logarithm. */
  readonly steep: number;
  readonly steepDrift: Range;
  /** How far a quadratic path leaves its chord in the middle. */
  readonly bend: Range;
  readonly sineAmplitude: Range;
  /** Over the duration of the cadence. */
  readonly sinePeriod: Range;
  /** Deviation of a random walk over the whole cadence. */
  readonly wander: Range;
  /** Rows between the nodes of a walk. */
  readonly wanderRows: Range;
  /** Size of the steps of a stepped path, in channels, and rows between them. */
  readonly step: Range;
  readonly stepRows: Range;
  /** Width within which a hopping path lies, in channels, and rows at a place. */
  readonly hop: Range;
  readonly hopRows: Range;
}

export interface TimeRecipe {
  readonly kind: Weights<TimeKind>;
  /** In rows. */
  readonly pulsePeriod: Range;
  readonly pulseDuty: Range;
  /** Of the cadence. */
  readonly partialShare: Range;
  /** In rows. */
  readonly scintillationRows: Range;
  readonly modulation: Range;
}

export interface ProfileRecipe {
  readonly kind: Weights<ProfileKind>;
  /** Full width, or that at half of the peak, in channels; drawn evenly in its logarithm. */
  readonly width: Range;
  readonly lineCount: Range;
  /** Channels from line to line. */
  readonly lineSpacing: Range;
}

/** What both kinds of recipe say of a signal. */
export interface SignalRecipe {
  /** 20 log10 of the S/N by matched filter over the whole cadence; drawn evenly. */
  readonly snrDb: Range;
  readonly path: PathRecipe;
  readonly time: TimeRecipe;
  readonly profile: ProfileRecipe;
  /** The share whose path begins anew with every scan. */
  readonly restarts: number;
  /** Deviation of the logarithm of the power from scan to scan. */
  readonly scanScatter: Range;
}

/** A signal without a strength. */
export interface Shape {
  readonly signal: Signal;
  /** Power in a scan against the others; 0 where it is absent. */
  readonly scanGains: readonly number[];
  /** Whether its path begins anew with every scan. */
  readonly restarts: boolean;
}

export interface DrawnEmitter extends Shape {
  readonly kind: "needle" | "interference";
  /** What the recipe calls it: a needle's path, an interferer's kind. */
  readonly label: string;
  /** 20 log10 of the S/N by matched filter over all of it that lies in the cadence's scans and band. */
  readonly snrDb: number;
}

/** ON, OFF, ON, ...: where nothing else is said. */
export function alternating(scans: number): boolean[] {
  return Array.from({ length: scans }, (_, scan) => scan % 2 === 0);
}

/**
 * Adds an emitter to panels, one after another in `into`. In each, a pixel's noise has the deviation `sigmas[panel]`, 1 if not
 * given, in which its S/N is counted. Returns the S/N of each scan; all 0 where nothing of the emitter lies in the band.
 */
export function addEmitter(
  into: Float32Array,
  emitter: Shape & Pick<DrawnEmitter, "snrDb">,
  grids: readonly ScanGrid[],
  sigmas?: ArrayLike<number>,
): number[] {
  runs.length = 0;
  let held = 0;
  let panelStart = 0;
  const squares = grids.map((grid, scan) => {
    const { nchans } = grid.frequency;
    const gain = emitter.scanGains[scan]!;
    let sum = 0;
    if (gain > 0) {
      forEachRow(seenFrom(grid, emitter), emitter.signal, wholeScan(grid), (row, channel, shares, count) => {
        if (held + count > pixels.length) pixels = widened(pixels, held + count);
        sum += copyScaled(pixels, held, shares, count, gain);
        runs.push(panelStart + row * nchans + channel, count, scan);
        held += count;
      });
    }
    panelStart += grid.time.nsamples * nchans;
    return sum;
  });
  const total = squares.reduce((sum, one) => sum + one, 0);
  if (total === 0) return squares;
  const rowPower = 10 ** (emitter.snrDb / 20) / Math.sqrt(total);
  let from = 0;
  for (let run = 0; run < runs.length; run += 3) {
    const at = runs[run]!;
    const count = runs[run + 1]!;
    const power = rowPower * (sigmas ? sigmas[runs[run + 2]!]! : 1);
    addScaled(into, at, pixels, from, count, power);
    from += count;
  }
  return squares.map((sum) => rowPower * Math.sqrt(sum));
}

/** Pixels of the emitter that is being added, and its runs of them: place in the panels, length, scan. */
let pixels = new Float32Array(1 << 17);
const runs: number[] = [];

/** Returns the sum of the squares. */
function copyScaled(
  into: Float32Array,
  at: number,
  from: Float64Array,
  count: number,
  scale: number,
): number {
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = scale * from[i]!;
    into[at + i] = value;
    squares += value * value;
  }
  return squares;
}

function addScaled(
  into: Float32Array,
  at: number,
  from: Float32Array,
  start: number,
  count: number,
  scale: number,
) {
  for (let i = 0; i < count; i++) into[at + i]! += scale * from[start + i]!;
}

function widened(array: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const wider = new Float32Array(Math.max(length, 2 * array.length));
  wider.set(array);
  return wider;
}

/** Estimates, from some of the rows, how the squared S/N of a shape is shared out over the scans. */
export function roughSquares(shape: Shape, grids: readonly ScanGrid[]): number[] {
  return grids.map((grid, scan) => {
    const gain = shape.scanGains[scan]!;
    const seen = seenFrom(grid, shape);
    let sum = 0;
    for (let row = ROUGH_STRIDE >> 1; gain > 0 && row < grid.time.nsamples; row += ROUGH_STRIDE) {
      const range = { ...wholeScan(grid), rowStart: row, rowStop: row + 1 };
      forEachRow(seen, shape.signal, range, (_row, _channel, shares, count) => {
        for (let i = 0; i < count; i++) sum += shares[i]! * shares[i]!;
      });
    }
    return gain * gain * sum;
  });
}

/** Odd, so that few pulses keep in step with it. */
const ROUGH_STRIDE = 11;

function seenFrom(grid: ScanGrid, { restarts }: Pick<Shape, "restarts">): ScanGrid {
  return restarts ? { ...grid, startS: 0 } : grid;
}

/** Size of the pixels and of the cadence. */
export interface CadenceScale {
  readonly channelHz: number;
  readonly rowS: number;
  readonly rows: number;
  readonly channels: number;
  readonly durationS: number;
}

export function scaleOf(grids: readonly ScanGrid[], restarts = false): CadenceScale {
  const { frequency, time } = grids[0]!;
  const last = grids.at(-1)!;
  const scanS = time.nsamples * time.tsampS;
  return {
    channelHz: Math.abs(frequency.foffMHz) * 1e6,
    rowS: time.tsampS,
    rows: time.nsamples,
    channels: frequency.nchans,
    durationS: restarts ? scanS : last.startS + scanS,
  };
}

/** `tame`, from 1 down to 0, shrinks how far it goes. */
export function drawPath(
  random: RandomStream,
  recipe: PathRecipe,
  kind: PathKind,
  scale: CadenceScale,
  tame = 1,
): Path {
  const { channelHz, rowS, durationS } = scale;
  const drift = (tame * signOf(random) * drawDrift(random, recipe) * channelHz) / durationS;
  const distance = (range: Range) => tame * logUniformIn(random, range) * channelHz;
  const seed = Math.floor(random.uniform() * 2 ** 32);
  switch (kind) {
    case "linear":
      return { shape: kind, driftHzPerS: drift };
    case "quadratic": {
      const rate = (signOf(random) * 8 * distance(recipe.bend)) / durationS ** 2;
      return { shape: kind, driftHzPerS: drift - 0.5 * rate * durationS, driftRateHzPerS2: rate };
    }
    case "sine":
      return {
        shape: kind,
        driftHzPerS: chance(random, 0.5) ? drift : 0.2 * drift,
        amplitudeHz: distance(recipe.sineAmplitude),
        periodS: logUniformIn(random, recipe.sinePeriod) * durationS,
        phase: random.uniform(),
      };
    case "random-walk": {
      const stepS = logUniformIn(random, recipe.wanderRows) * rowS;
      const stepHz = distance(recipe.wander) / Math.sqrt(durationS / stepS);
      return { shape: kind, driftHzPerS: chance(random, 0.5) ? drift : 0, stepHz, stepS, seed };
    }
    case "stepped": {
      const stepS = logUniformIn(random, recipe.stepRows) * rowS;
      const stepHz = signOf(random) * distance(recipe.step);
      const driftHzPerS = chance(random, 0.5) ? drift : 0;
      return chance(random, 0.7)
        ? { shape: kind, driftHzPerS, stepHz, stepS, seed }
        : { shape: kind, driftHzPerS, stepHz, stepS };
    }
    case "hopping":
      return {
        shape: kind,
        driftHzPerS: chance(random, 0.3) ? drift : 0,
        spreadHz: distance(recipe.hop),
        stepS: logUniformIn(random, recipe.hopRows) * rowS,
        seed,
      };
  }
}

function drawDrift(random: RandomStream, recipe: PathRecipe): number {
  if (chance(random, recipe.slow)) return uniformIn(random, recipe.slowDrift);
  if (chance(random, recipe.steep)) return logUniformIn(random, recipe.steepDrift);
  return uniformIn(random, recipe.drift);
}

export function drawTime(
  random: RandomStream,
  recipe: TimeRecipe,
  kind: TimeKind,
  scale: CadenceScale,
): TimeProfile {
  const { rowS, durationS } = scale;
  const periodS = logUniformIn(random, recipe.pulsePeriod) * rowS;
  const startS = random.uniform() * periodS;
  const seed = Math.floor(random.uniform() * 2 ** 32);
  const duty = uniformIn(random, recipe.pulseDuty);
  switch (kind) {
    case "steady":
      return { shape: kind };
    case "pulsed":
      return { shape: kind, periodS, duty, startS };
    case "partial": {
      const lengthS = uniformIn(random, recipe.partialShare) * durationS;
      const fromS = uniformIn(random, [-0.2 * lengthS, durationS - 0.8 * lengthS]);
      return { shape: kind, startS: fromS, stopS: fromS + lengthS };
    }
    case "gaussian-pulses":
      return { shape: kind, periodS, fwhmS: Math.max(1.5 * rowS, duty * periodS), startS };
    case "sine":
      return {
        shape: kind,
        periodS: Math.max(6 * rowS, periodS),
        depth: uniformIn(random, [0.3, 1]),
        phase: random.uniform(),
      };
    case "scintillating":
      return {
        shape: kind,
        timescaleS: logUniformIn(random, recipe.scintillationRows) * rowS,
        modulation: uniformIn(random, recipe.modulation),
        seed,
      };
  }
}

export function drawProfile(
  random: RandomStream,
  recipe: ProfileRecipe,
  kind: ProfileKind,
  { channelHz }: Pick<CadenceScale, "channelHz">,
): FrequencyProfile {
  const width = () => logUniformIn(random, recipe.width) * channelHz;
  if (kind !== "lines") return drawLineShape(random, kind, width);
  const count = wholeIn(random, recipe.lineCount);
  const spacing = logUniformIn(random, recipe.lineSpacing) * channelHz;
  const shape = pickOne(random, ["tone", "tone", "gaussian", "box"] as const);
  const profile = drawLineShape(random, shape, () => Math.min(width(), 0.5 * spacing));
  const even = chance(random, 0.7);
  const fall = chance(random, 0.5) ? uniformIn(random, [0, 1.5]) : 0;
  const middle = Math.floor(random.uniform() * count);
  const lines = Array.from({ length: count }, (_, i) => ({
    offsetHz: (i - middle + (even ? 0 : uniformIn(random, [-0.35, 0.35]))) * spacing,
    weight: (1 + Math.abs(i - middle)) ** -fall * Math.exp(0.3 * random.normal()),
    profile,
  }));
  return { shape: "lines", lines };
}

function drawLineShape(random: RandomStream, shape: LineShape["shape"], width: () => number): LineShape {
  switch (shape) {
    case "tone":
      return { shape };
    case "box":
      return { shape, widthHz: width() };
    case "gaussian":
    case "lorentzian":
      return { shape, fwhmHz: width() };
    case "voigt": {
      const whole = width();
      const share = uniformIn(random, [0.2, 0.8]);
      return { shape, gaussianFwhmHz: share * whole, lorentzianFwhmHz: (1 - share) * whole };
    }
  }
}

/** The share of the present scans' time in which a path lies in the band, by a few points of each scan. */
export function shareInBand({ signal, scanGains, restarts }: Shape, grids: readonly ScanGrid[]): number {
  let inside = 0;
  let points = 0;
  for (const [scan, grid] of grids.entries()) {
    if (scanGains[scan] === 0) continue;
    const { frequency, time } = grid;
    const startS = restarts ? 0 : grid.startS;
    for (let i = 0; i < PROBES; i++) {
      const timeS = startS + ((i + 0.5) / PROBES) * time.nsamples * time.tsampS;
      const channel = frequencyChannel(frequency, signalFrequencyMHz(signal, time.tsampS, timeS));
      points++;
      if (channel > -0.5 && channel < frequency.nchans - 0.5) inside++;
    }
  }
  return points === 0 ? 0 : inside / points;
}

const PROBES = 8;

/** The frequency with which a path passes a place of the band, drawn evenly, at a time of a scan that it is in. */
export function drawFrequency(
  random: RandomStream,
  path: Path,
  scanGains: readonly number[],
  grids: readonly ScanGrid[],
  restarts: boolean,
): number {
  const present = grids.filter((_, scan) => scanGains[scan]! > 0);
  const { frequency, time, startS } = pickOne(random, present);
  const timeS = (restarts ? 0 : startS) + random.uniform() * time.nsamples * time.tsampS;
  const channel = uniformIn(random, [0.02, 0.98]) * (frequency.nchans - 1);
  const offsetMHz = pathOffsetHz(path)(timeS - 0.5 * time.tsampS) * 1e-6;
  return channelFrequencyMHz(frequency, channel) - offsetMHz;
}
