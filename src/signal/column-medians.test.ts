import fc from "fast-check";
import { expect, test } from "vitest";
import { columnMedians } from "./column-medians.ts";

function sortedMiddle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function expectExact(data: Float32Array, rows: number, channels: number): void {
  const given = data.slice();
  const { medians, deviations } = columnMedians(data, rows, channels);
  expect(data).toEqual(given);
  expect([medians.length, deviations.length]).toEqual([channels, channels]);
  for (let c = 0; c < channels; c++) {
    const finite = Array.from(data.filter((_, i) => i % channels === c)).filter(Number.isFinite);
    const median = sortedMiddle(finite);
    const deviation = sortedMiddle(finite.map((value) => Math.fround(Math.abs(value - median))));
    // Adding 0 makes -0 a 0.
    expect([c, medians[c]! + 0, deviations[c]]).toEqual([c, median + 0, deviation]);
  }
}

/** Kinds of columns that lie where the one before lets expect, and where it doesn't. */
const kinds = {
  alike: (unit: number) => 5 + 3 * unit,
  "each at a level of its own": (unit: number, column: number) => (column % 3) * 40 + unit,
  "each of a width of its own": (unit: number, column: number) => unit * 10 ** ((column % 5) - 2),
  "of few values": (unit: number) => Math.round(2 * unit),
  "mostly constant": (unit: number, column: number) => (unit > 0.6 ? 9 : column % 2),
  "of both signs and all sizes": (unit: number) => Math.sign(unit) * 10 ** (60 * Math.abs(unit) - 30),
  "with a bright part": (unit: number) => (unit > 0.3 ? 1e6 * unit : unit),
  "not finite in places": (unit: number) => (unit > 0.7 ? Number.NaN : unit > 0.6 ? -1 / 0 : unit),
  "never finite in every second": (unit: number, column: number) => (column % 2 ? unit : 1 / 0),
};

test.for(Object.entries(kinds))("columns that are %s: exactly what a sort gives", ([, kind]) => {
  const units = fc.infiniteStream(fc.float({ min: -1, max: 1, noNaN: true }));
  const sizes = [fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 40 })] as const;
  fc.assert(
    fc.property(...sizes, units, (rows, channels, stream) => {
      const data = new Float32Array(rows * channels);
      for (let i = 0; i < data.length; i++) data[i] = kind(stream.next().value!, i % channels);
      expectExact(data, rows, channels);
    }),
    { seed: 6, numRuns: 12 },
  );
});

test("sorted columns, either way up, and no rows at all", () => {
  const [rows, channels] = [273, 20];
  const rising = Float32Array.from({ length: rows * channels }, (_, i) => i + 1000 * (i % 7));
  expectExact(rising, rows, channels);
  expectExact(rising.toReversed(), rows, channels);
  expect(columnMedians(new Float32Array(0), 0, 3).medians).toEqual(new Float64Array(3).fill(Number.NaN));
});
