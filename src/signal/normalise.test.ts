import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Normalisation,
  normaliseByMax,
  removeBandpass,
  toDecibels,
  zScoreColumns,
  zScorePanel,
} from "./normalise.ts";

const panels = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 }))
  .chain(([rows, channels]) =>
    fc
      .array(fc.integer({ min: -9000, max: 9000 }), {
        minLength: rows * channels,
        maxLength: rows * channels,
      })
      .map((list) => ({ data: Float32Array.from(list, (v) => v / 8), rows, channels })),
  );

function middle(list: number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

const columns = (data: Float32Array, channels: number) =>
  Array.from({ length: channels }, (_, c) => Array.from(data).filter((_, i) => i % channels === c));

test("by the largest: within -1 to 1, touching one of them, proportions kept", () => {
  fc.assert(
    fc.property(panels, ({ data, rows, channels }) => {
      const result = normaliseByMax(data, rows, channels);
      const largest = Math.max(...data.map(Math.abs));
      for (let i = 0; i < data.length; i++) expect(result[i]! * largest).toBeCloseTo(data[i]!, 2);
      if (largest > 0) expect(Math.max(...result.map(Math.abs))).toBe(1);
    }),
    { seed: 2 },
  );
});

test("by panel: mean 0 and deviation 1", () => {
  fc.assert(
    fc.property(panels, ({ data, rows, channels }) => {
      fc.pre(Math.max(...data) - Math.min(...data) > 1);
      const result = Array.from(zScorePanel(data, rows, channels));
      const mean = result.reduce((a, b) => a + b, 0) / result.length;
      expect(mean).toBeCloseTo(0, 4);
      expect(Math.sqrt(result.reduce((a, b) => a + (b - mean) ** 2, 0) / result.length)).toBeCloseTo(1, 4);
    }),
    { seed: 3 },
  );
});

test("by column: each channel's own median and deviation", () => {
  fc.assert(
    fc.property(panels, ({ data, rows, channels }) => {
      const result = columns(zScoreColumns(data, rows, channels), channels);
      for (const [c, column] of columns(data, channels).entries()) {
        const centre = middle(column);
        const deviation = 1.4826022 * middle(column.map((v) => Math.abs(v - centre)));
        for (const [row, value] of column.entries()) {
          const wanted = deviation > 0 ? (value - centre) / deviation : 0;
          expect(Math.abs(result[c]![row]! - wanted)).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(wanted)));
        }
      }
    }),
    { seed: 4 },
  );
});

test("a missing value stays missing and moves no statistic", () => {
  const data = Float32Array.of(1, 10, 2, Number.NaN, 3, 30, 4, 20);
  const byColumn = zScoreColumns(data, 4, 2);
  expect(byColumn[3]).toBeNaN();
  expect(byColumn[7]).toBeCloseTo(0, 6);
  expect(byColumn[5]).toBeCloseTo(1 / 1.4826022, 6);
  expect(zScorePanel(data, 4, 2)[3]).toBeNaN();
  expect(normaliseByMax(data, 4, 2)[5]).toBe(1);
});

test("the bandpass goes, a line that never moves stays", () => {
  const [rows, channels, line] = [16, 1024, 700];
  const shape = (c: number) => 1e6 * (0.2 + Math.sin((Math.PI * (c + 20)) / 1064));
  const data = Float32Array.from({ length: rows * channels }, (_, i) => {
    const c = i % channels;
    return shape(c) * (c === line ? 5 : 1 + 0.001 * Math.sin(i));
  });
  const flat = removeBandpass(data, rows, channels);
  for (let c = 0; c < channels; c++) {
    const wanted = c === line ? 5 : 1;
    expect(Math.abs(flat[3 * channels + c]! / wanted - 1)).toBeLessThan(0.05);
  }
});

test("channels with no power have no bandpass", () => {
  const flat = removeBandpass(new Float32Array(4 * 32), 4, 32);
  expect(flat.every(Number.isNaN)).toBe(true);
});

test("decibels, with what isn't positive at the smallest that is", () => {
  expect(Array.from(toDecibels(Float32Array.of(1000, 1, 0, -5, 0.01), 1, 5))).toEqual([30, 0, -20, -20, -20]);
});

/** As the words say it, a pixel at a time, by sorting and in float64. */
const oracles: Record<string, [Normalisation, (own: number[], column: number[], value: number) => number]> = {
  normaliseByMax: [normaliseByMax, (own, _, value) => value / Math.max(...own.map(Math.abs))],
  zScorePanel: [
    zScorePanel,
    (own, _, value) => {
      const mean = own.reduce((a, b) => a + b, 0) / own.length;
      return (value - mean) / Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length);
    },
  ],
  zScoreColumns: [
    zScoreColumns,
    (_, column, value) => {
      const centre = middle(column);
      return (value - centre) / (1.482602218505602 * middle(column.map((v) => Math.abs(v - centre))));
    },
  ],
  toDecibels: [
    toDecibels,
    (own, _, value) => 10 * Math.log10(value > 0 ? value : Math.min(...own.filter((v) => v > 0))),
  ],
};

test.for(Object.entries(oracles))(
  "%s is its oracle to a float32, and the same in a given array or in place",
  ([, [normalise, oracle]]) => {
    const [rows, channels] = [37, 21];
    const data = Float32Array.from(
      { length: rows * channels },
      (_, i) => Math.sin(i * i) + (i % channels) / 9,
    );
    data[5] = Number.NaN;
    data[90] = Number.POSITIVE_INFINITY;
    const finite = (list: Float32Array) => Array.from(list).filter(Number.isFinite);
    const result = normalise(data, rows, channels);
    for (let i = 0; i < data.length; i++) {
      if (i === 90) continue;
      const column = finite(data.filter((_, j) => j % channels === i % channels));
      const wanted = oracle(finite(data), column, data[i]!);
      if (Number.isNaN(data[i]!)) expect(result[i]).toBeNaN();
      else expect(Math.abs(result[i]! - wanted)).toBeLessThanOrEqual(2e-7 * (1 + Math.abs(wanted)));
    }
    expect(result[90]).toBe(Number.POSITIVE_INFINITY);
    const into = new Float32Array(data.length);
    expect(normalise(data, rows, channels, into)).toBe(into);
    expect(into).toEqual(result);
    expect(normalise(data, rows, channels, data)).toBe(data);
    expect(data).toEqual(result);
  },
);
