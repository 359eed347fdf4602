/**
 * Standardised noise, mean 0 and deviation 1, for many small panels: 16 random bits a pixel look a value up among 65,536
 * equally likely ones. Bits that fall into the outer 2 ** -12 of either tail are carried on by 16 more and the quantile
 * function itself, so the tails reach as deep as `quantiles.ts` has them. Elsewhere values lie at most 0.02 deviations apart,
 * and 1e-4 within one.
 */

import { chiSquaredQuantiles, normalQuantiles, type QuantileTable, quantileOfWord } from "./quantiles.ts";
import { type StreamKey, threefry, threefryWords } from "./random.ts";

export interface PanelNoise {
  /** Degrees of freedom of the chi-squared distribution; Infinity for the normal one. */
  readonly dof: number;
  /** A pixel's standard deviation over its mean, before both were taken out: 0 for the normal distribution. */
  readonly relativeDeviation: number;
  /** By the 16 bits of a draw. */
  readonly values: Float32Array;
  readonly quantiles: QuantileTable;
}

/** The degrees of freedom that there are tables for. */
export const NOISE_DOF: readonly number[] = [2, 3, 4, 6, 7, 8, 12, 16, 24, 32, 48, 64, 102, 204, 408, 1024];

/** The one of `NOISE_DOF` nearest in ratio; Infinity stays. */
export function nearestNoiseDof(dof: number): number {
  if (dof === Infinity) return dof;
  return NOISE_DOF.reduce((best, one) =>
    Math.abs(Math.log(one / dof)) < Math.abs(Math.log(best / dof)) ? one : best,
  );
}

const tables = new Map<number, PanelNoise>();

/** The table of a number of degrees of freedom, Infinity for the normal distribution; kept for the next call. */
export function panelNoise(dof: number): PanelNoise {
  let table = tables.get(dof);
  if (!table) {
    table = makeTable(dof);
    tables.set(dof, table);
  }
  return table;
}

const DEEP = 16;

function makeTable(dof: number): PanelNoise {
  const relativeDeviation = dof === Infinity ? 0 : Math.sqrt(2 / dof);
  const quantiles =
    dof === Infinity
      ? normalQuantiles()
      : { values: chiSquaredQuantiles(dof).values.map((value) => (value - 1) / relativeDeviation) };
  const values = Float32Array.from({ length: 1 << 16 }, (_, bits) =>
    quantileOfWord(quantiles, (bits << 16) | 0x8000, () => 0),
  );
  return { dof, relativeDeviation, values, quantiles };
}

/** Fills one row. What a pixel gets depends on the key, its row and its channel alone. */
export function noiseRow(row: Float32Array, noise: PanelNoise, key: StreamKey, rowIndex: number): void {
  const { values, quantiles } = noise;
  const channels = row.length;
  const pairs = (channels + 3) >> 2;
  if (words.length < 2 * pairs) {
    words = new Int32Array(2 * pairs);
    halves = new Uint16Array(words.buffer);
  }
  threefryWords(words, pairs, key, rowIndex * pairs, 0);
  const drawn = halves;
  for (let channel = 0; channel < channels; channel++) {
    const bits = drawn[channel]!;
    row[channel] = values[bits]!;
    if ((bits & 0x7fff) < DEEP) row[channel] = deepValue(quantiles, bits, key, rowIndex, channel);
  }
}

let words = new Int32Array(0);
let halves = new Uint16Array(0);

function deepValue(
  quantiles: QuantileTable,
  bits: number,
  key: StreamKey,
  row: number,
  channel: number,
): number {
  const [more, deeper] = threefry(key, channel, ~row);
  return quantileOfWord(quantiles, (bits << 16) | (more >>> 16), () => deeper);
}
