/**
 * The shapes that receivers and the sky give to a panel's columns and rows: curves over `length` points. Their mean and size
 * mean nothing: they are standardised and weighed where they are put together.
 */

import { chance, logUniformIn, type Range, signOf, uniformIn, wholeIn } from "./draw.ts";
import type { RandomStream } from "./random.ts";

export type ColumnKind = "ripple" | "edges" | "slope" | "red" | "jitter" | "spikes" | "step" | "notch";
export type RowKind = "drift" | "steps" | "jitter" | "hum" | "bright" | "bursts";

type Curve = (random: RandomStream, length: number) => Float64Array;

/** Of a band `length` channels wide. */
export const columnCurves: Readonly<Record<ColumnKind, Curve>> = {
  /** Standing waves: the longer, the stronger, mostly. */
  ripple(random, length) {
    const waves = wholeIn(random, [1, 5]);
    const fall = uniformIn(random, [0, 1.2]);
    return sumOf(waves, length, () => {
      const cycles = logUniformIn(random, [0.3, length / 4]);
      return wave(random, length, cycles, cycles ** -fall);
    });
  },
  /** A coarse channel's end, on one side or both. */
  edges(random, length) {
    const sides = pickSides(random);
    const curves = sides.map((side) => {
      const at = uniformIn(random, [-0.05, 0.3]) * length;
      const width = logUniformIn(random, [0.005, 0.12]) * length;
      return fill(length, (i) => 1 / (1 + Math.exp(-((side === 0 ? i : length - 1 - i) - at) / width)));
    });
    return fill(length, (i) => curves.reduce((gain, curve) => gain * curve[i]!, 1));
  },
  slope(random, length) {
    const [a, b, c] = [random.normal(), 0.7 * random.normal(), 0.4 * random.normal()];
    return fill(length, (i) => {
      const x = (2 * i) / Math.max(1, length - 1) - 1;
      return a * x + b * x * x + c * x * x * x;
    });
  },
  red: redNoise,
  /** Every column on its own: few degrees of freedom make some stand out. */
  jitter(random, length) {
    const dof = logUniformIn(random, [2, 60]);
    return fill(length, () => random.chiSquared(dof));
  },
  /** A few columns far above the rest: a DC spike, birdies. */
  spikes(random, length) {
    const curve = new Float64Array(length);
    for (let n = wholeIn(random, [1, 5]); n > 0; n--) {
      addBump(
        curve,
        random.uniform() * length,
        logUniformIn(random, [0.3, 2.5]),
        logUniformIn(random, [0.2, 1]),
      );
    }
    return curve;
  },
  /** Where two coarse channels meet. */
  step(random, length) {
    const at = uniformIn(random, [0.1, 0.9]) * length;
    const width = logUniformIn(random, [0.3, 0.04 * length]);
    return fill(length, (i) => Math.tanh((i - at) / width));
  },
  /** A filter's gap. */
  notch(random, length) {
    const curve = new Float64Array(length);
    addBump(curve, random.uniform() * length, logUniformIn(random, [1, 0.12 * length]), -1);
    return curve;
  },
};

/** Of `length` rows, the whole cadence's one after another. */
export const rowCurves: Readonly<Record<RowKind, Curve>> = {
  drift(random, length) {
    return chance(random, 0.5) ? redNoise(random, length) : columnCurves.slope(random, length);
  },
  steps(random, length) {
    const edges = Array.from({ length: wholeIn(random, [1, 8]) }, () => random.uniform() * length);
    const levels = [0, ...edges.map(() => random.normal())];
    edges.sort((a, b) => a - b);
    return fill(length, (i) => levels[edges.filter((edge) => edge <= i).length]!);
  },
  jitter(random, length) {
    return fill(length, () => random.normal());
  },
  hum(random, length) {
    const period = logUniformIn(random, [2, 150]);
    const waves = wholeIn(random, [1, 3]);
    return sumOf(waves, length, (n) => wave(random, length, ((n + 1) * length) / period, 1 / (n + 1)));
  },
  /** Single rows, or a few together, above the rest. */
  bright(random, length) {
    const curve = new Float64Array(length);
    const sign = chance(random, 0.85) ? 1 : -1;
    for (let n = wholeIn(random, [1, 30]); n > 0; n--) {
      const from = Math.floor(random.uniform() * length);
      const rows = wholeIn(random, [1, 4]);
      const height = sign * logUniformIn(random, [0.15, 1]);
      for (let i = from; i < Math.min(from + rows, length); i++) curve[i]! += height;
    }
    return curve;
  },
  /** Sudden, then fading away. */
  bursts(random, length) {
    const curve = new Float64Array(length);
    for (let n = wholeIn(random, [1, 6]); n > 0; n--) {
      const from = Math.floor(random.uniform() * length);
      const fading = logUniformIn(random, [2, 120]);
      const height = logUniformIn(random, [0.2, 1]);
      for (let i = from; i < length && i < from + 8 * fading; i++)
        curve[i]! += height * Math.exp((from - i) / fading);
    }
    return curve;
  },
};

/** Those kinds that chance picks, in random proportions; undefined where it picks none. Mean 0, deviation 1. */
export function drawCurve<Kind extends string>(
  random: RandomStream,
  curves: Readonly<Record<Kind, Curve>>,
  chances: Readonly<Record<Kind, number>>,
  length: number,
): Float64Array | undefined {
  const sum = new Float64Array(length);
  let any = false;
  for (const kind of Object.keys(curves) as Kind[]) {
    if (!chance(random, chances[kind])) continue;
    const curve = curves[kind](random, length);
    if (!standardise(curve)) continue;
    const weight = signOf(random) * random.gamma(0.8) + 0.05;
    // Bright rows and columns are bright, gaps are dark, whatever the sign of the rest.
    addScaled(
      sum,
      curve,
      kind === "spikes" || kind === "bright" || kind === "edges" ? Math.abs(weight) : weight,
    );
    any = true;
  }
  return any && standardise(sum) ? sum : undefined;
}

/** Brings a curve to mean 0 and deviation 1; false where it is flat. */
export function standardise(curve: Float64Array): boolean {
  let sum = 0;
  let squares = 0;
  for (const value of curve) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / curve.length;
  const deviation = Math.sqrt(Math.max(0, squares / curve.length - mean * mean));
  if (!(deviation > 1e-9 * Math.abs(mean)) || deviation < 1e-12) return false;
  for (let i = 0; i < curve.length; i++) curve[i] = (curve[i]! - mean) / deviation;
  return true;
}

export function addScaled(into: Float64Array, curve: Float64Array, scale: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += scale * curve[i]!;
}

/** A smooth rise and fall with its middle at `at`, standing out from 0: a Gaussian of deviation `width`. */
export function addBump(curve: Float64Array, at: number, width: number, height: number): void {
  const from = Math.max(0, Math.floor(at - 5 * width));
  const to = Math.min(curve.length, Math.ceil(at + 5 * width) + 1);
  for (let i = from; i < to; i++) curve[i]! += height * Math.exp(-0.5 * ((i - at) / width) ** 2);
}

/** An autoregressive walk that forgets after a drawn number of points, from a few to several lengths. */
function redNoise(random: RandomStream, length: number): Float64Array {
  const memory = logUniformIn(random, [2, 4 * length] as Range);
  const keep = Math.exp(-1 / memory);
  let state = random.normal();
  return fill(length, () => {
    state = keep * state + Math.sqrt(1 - keep * keep) * random.normal();
    return state;
  });
}

function wave(random: RandomStream, length: number, cycles: number, height: number): Float64Array {
  const phase = random.uniform();
  return fill(length, (i) => height * Math.cos(2 * Math.PI * ((cycles * i) / length + phase)));
}

function sumOf(count: number, length: number, curve: (n: number) => Float64Array): Float64Array {
  const sum = new Float64Array(length);
  for (let n = 0; n < count; n++) addScaled(sum, curve(n), 1);
  return sum;
}

function fill(length: number, value: (i: number) => number): Float64Array {
  const curve = new Float64Array(length);
  for (let i = 0; i < length; i++) curve[i] = value(i);
  return curve;
}

function pickSides(random: RandomStream): number[] {
  const u = random.uniform();
  return u < 0.3 ? [0] : u < 0.6 ? [1] : [0, 1];
}
