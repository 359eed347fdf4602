/**
 * Random values of a distribution, one 32-bit word each, by looking its quantile function (inverse CDF) up. The nodes lie
 * 256 to each halving of the tail probability on either side of the median, 56 halvings deep, so that the piecewise
 * linear quantile is off by less than 2e-6 standard deviations to beyond 6 sigma (1e-6, float32's own step at the mean, for
 * the normal distribution and 200 degrees of freedom). A word in the outer 2 ** -15 is carried on by
 * 32 more bits, so that the tails are as smooth as the middle. The deepest value, drawn with probability 2 ** -56, is 8.5 sigma.
 */

import { gammaTails, logGamma, normalBelow } from "./special-functions.ts";

const OCTAVES = 56;
const CELLS = 256;
const SIDE = OCTAVES * CELLS + 1;
/** Words whose tail probability, in units of 2 ** -32, is below this ask for more bits. */
const DEEP = 1 << 16;

/** Quantiles at rising tail probability from 2 ** -57 to 1 / 2: first those below the median, then those above. */
export interface QuantileTable {
  readonly values: Float64Array;
}

interface Distribution {
  density(x: number): number;
  tails(x: number): { below: number; above: number };
  /** Far enough out to hold tails of 2 ** -57. */
  readonly low: number;
  readonly high: number;
}

/** Chi-squared with any number of degrees of freedom from 1 up, divided by that number: mean 1, variance 2 / dof. */
export function chiSquaredQuantiles(dof: number): QuantileTable {
  const shape = dof / 2;
  const logNorm = logGamma(shape);
  const spread = Math.sqrt(shape);
  const { values } = tabulate({
    density: (x) => Math.exp((shape - 1) * Math.log(x) - x - logNorm),
    tails: (x) => gammaTails(shape, x),
    low: 0,
    high: shape + 12 * spread + 100,
  });
  for (let i = 0; i < values.length; i++) values[i]! /= shape;
  return { values };
}

/** The normal distribution of mean 0 and standard deviation 1. */
export function normalQuantiles(): QuantileTable {
  return tabulate({
    density: (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI),
    tails: (x) => ({ below: normalBelow(x), above: normalBelow(-x) }),
    low: -10,
    high: 10,
  });
}

/**
 * Each side is the solution of dx / dp = +-1 / density(x), walked by Runge and Kutta's fourth order from the tail to the
 * median: an error made on the way stays the same in p, so it fades beside a p that grows.
 */
function tabulate(distribution: Distribution): QuantileTable {
  const { density, tails } = distribution;
  const values = new Float64Array(2 * SIDE);
  for (const side of [0, 1]) {
    const sign = side === 0 ? 1 : -1;
    let x = outermost(distribution, side);
    for (let i = 0; ; i++) {
      values[side * SIDE + i] = x;
      if (i === SIDE - 1) break;
      const step = sign * (nodeTail(i + 1) - nodeTail(i));
      const k1 = step / density(x);
      const k2 = step / density(x + 0.5 * k1);
      const k3 = step / density(x + 0.5 * k2);
      x += (k1 + 2 * k2 + 2 * k3 + step / density(x + k3)) / 6;
    }
  }
  return { values };

  function outermost({ low, high }: Distribution, side: number): number {
    const target = nodeTail(0);
    let [a, b] = [low, high];
    for (let i = 0; i < 2_000; i++) {
      const middle = 0.5 * (a + b);
      if (middle === a || middle === b) break;
      const outside = side === 0 ? tails(middle).below < target : tails(middle).above >= target;
      if (outside) a = middle;
      else b = middle;
    }
    return 0.5 * (a + b);
  }
}

/** Tail probability of node i of a side. */
function nodeTail(i: number): number {
  return 2 ** (Math.floor(i / CELLS) - OCTAVES - 1) * (1 + (i % CELLS) / CELLS);
}

/**
 * The value that a random word stands for. `more` gives the words that the rare deep tail needs, as signed 32-bit integers.
 */
export function quantileOfWord({ values }: QuantileTable, word: number, more: () => number): number {
  const side = word < 0 ? SIDE : 0;
  const tail = word & 0x7fffffff;
  if (tail < DEEP) return deepQuantile(values, side, tail, more() >>> 0);
  const zeros = Math.clz32(tail);
  const mantissa = tail << (zeros + 1);
  const at = side + (OCTAVES - zeros) * CELLS + (mantissa >>> 24);
  const left = values[at]!;
  return left + (values[at + 1]! - left) * ((mantissa & 0xffffff) / 0x1000000);
}

function deepQuantile(values: Float64Array, side: number, high: number, low: number): number {
  const zeros = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
  if (zeros > OCTAVES) return values[side]!;
  const position = ((high * 2 ** 32 + low) / 2 ** (63 - zeros) - 1) * CELLS;
  const cell = Math.floor(position);
  const at = side + (OCTAVES - zeros) * CELLS + cell;
  const left = values[at]!;
  return left + (values[at + 1]! - left) * (position - cell);
}
