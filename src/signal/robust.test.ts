import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clippedStatistics,
  medianAbsoluteDeviation,
  medianInPlace,
  quantiles,
  robustDeviation,
} from "./robust.ts";

/** By sorting everything, which the module never does. */
function sortedQuantile(values: ArrayLike<number>, fraction: number): number {
  const sorted = Array.from(values)
    .filter((v) => !Number.isNaN(v))
    .sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = fraction * (sorted.length - 1);
  const [a, b] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return a === b ? a : a + (b - a) * (at - Math.floor(at));
}

function normalNoise(length: number, seed: number): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

const floats = fc.array(fc.float({ min: -1e6, max: 1e6 }), { maxLength: 80 });
const fractions = [0, 0.01, 0.25, 0.5, 0.9, 1];

test("quantiles are those of the sorted values, NaN left out", () => {
  fc.assert(
    fc.property(floats, (list) => {
      const values = Float32Array.from(list);
      const found = quantiles(values, fractions);
      for (const [i, fraction] of fractions.entries()) {
        const wanted = sortedQuantile(values, fraction);
        if (Number.isNaN(wanted)) expect(found[i]).toBeNaN();
        else expect(Math.abs(found[i]! - wanted)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(wanted)));
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("quantiles of long arrays, signs, ties, zeros and infinities included", () => {
  const values = normalNoise(70_001, 7).map((v, i) =>
    i % 5 === 0 ? Math.round(v) : v * 10 ** ((i % 9) - 4),
  );
  values[3] = Number.NaN;
  values[4] = Number.POSITIVE_INFINITY;
  values[5] = Number.NEGATIVE_INFINITY;
  values[6] = -0;
  expect(quantiles(values, fractions)).toEqual(
    fractions.map((f) => expect.closeTo(sortedQuantile(values, f), 12)),
  );
});

test("the median absolute deviation of long and of short arrays is that of a sort", () => {
  for (const length of [1, 2, 9, 1000, 40_000]) {
    const values = normalNoise(length, length);
    const centre = sortedQuantile(values, 0.5);
    const wanted = sortedQuantile(
      Float32Array.from(values, (v) => Math.abs(v - centre)),
      0.5,
    );
    expect(medianAbsoluteDeviation(values)).toBeCloseTo(wanted, 6);
  }
});

test("the robust deviation of noise with bright lines in it is the noise's", () => {
  const values = normalNoise(100_000, 3).map((v, i) => (i % 50 === 0 ? v + 1000 : 5 + 2 * v));
  expect(robustDeviation(values)).toBeGreaterThan(2 * 0.99);
  expect(robustDeviation(values)).toBeLessThan(2 * 1.06);
});

test("clipping drops the outliers and leaves the mean and deviation of the rest", () => {
  const values = normalNoise(100_000, 11).map((v, i) => (i % 100 === 0 ? 1e6 : 3 * v + 50));
  values[1] = Number.NaN;
  values[2] = Number.POSITIVE_INFINITY;
  const { mean, deviation, count } = clippedStatistics(values);
  expect(mean).toBeCloseTo(50, 1);
  expect(deviation / 3).toBeGreaterThan(0.975);
  expect(deviation / 3).toBeLessThan(0.998);
  expect(count).toBeGreaterThan(98_000);
  expect(count).toBeLessThan(99_000);
});

test("no values, only missing values, and constant values", () => {
  expect(quantiles(new Float32Array(0), [0.5])).toEqual([Number.NaN]);
  expect(quantiles(new Float32Array(50_000).fill(Number.NaN), [0.5])).toEqual([Number.NaN]);
  expect(clippedStatistics(new Float32Array(0)).count).toBe(0);
  expect(clippedStatistics(new Float32Array(9).fill(4))).toEqual({ mean: 4, deviation: 0, count: 9 });
  expect(robustDeviation(new Float32Array(40_000).fill(4))).toBe(0);
});

test("the median in place is that of a sort at every length", () => {
  for (let length = 1; length < 200; length++) {
    const values = normalNoise(length, length * 31).map((v) => Math.round(v * 4));
    const wanted = sortedQuantile(values, 0.5);
    expect(medianInPlace(values.slice(), length)).toBeCloseTo(wanted, 12);
  }
});
