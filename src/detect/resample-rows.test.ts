import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../simulate/random.ts";
import { createRowResampler, cutsRows, type RowNoise } from "./resample-rows.ts";

function resample(
  rows: readonly Float32Array[],
  rowsOut: number,
  deviation = 0,
  columnStart = 0,
): Float32Array[] {
  const width = rows[0]!.length;
  const into = new Float32Array(rowsOut * width).fill(Number.NaN);
  const noise: RowNoise = { deviation: new Float32Array(width).fill(deviation), stream: [5, 1], columnStart };
  const add = createRowResampler({ rowsIn: rows.length, rowsOut, width }, noise, into);
  for (const row of rows) add(row);
  return Array.from({ length: rowsOut }, (_, row) => into.subarray(row * width, (row + 1) * width));
}

/** New row `k` of one column: the old rows' values weighed by how much of its time they share. */
function oracle(column: readonly number[], rowsOut: number, k: number): number {
  const from = (k * column.length) / rowsOut;
  const to = ((k + 1) * column.length) / rowsOut;
  return column.reduce(
    (sum, value, i) => sum + (value * Math.max(0, Math.min(i + 1, to) - Math.max(i, from))) / (to - from),
    0,
  );
}

function noiseRows(count: number, width: number): Float32Array[] {
  const random = randomStream(streamKey(3, count));
  return Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random.normal()));
}

describe("rows", () => {
  it("without noise are the means of their time, for any two numbers of rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 60 }),
        (column, rowsOut) => {
          const rows = column.map((value) => Float32Array.of(value));
          const misses = resample(rows, rowsOut).map(([value], k) =>
            Math.abs(value! - oracle(column, rowsOut, k)),
          );
          expect(Math.max(...misses)).toBeLessThan(2e-3);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it("draw nothing where they are whole multiples", () => {
    const rows = noiseRows(12, 5);
    expect(cutsRows({ rowsIn: 12, rowsOut: 4 })).toBe(false);
    expect(resample(rows, 4, 100)).toEqual(resample(rows, 4, 0));
  });

  it("keep the mean over each old row, whatever is drawn", () => {
    const rows = noiseRows(4, 50);
    const made = resample(rows, 12, 3);
    for (const [i, row] of rows.entries()) {
      for (const [c, value] of row.entries()) {
        expect((made[3 * i]![c]! + made[3 * i + 1]![c]! + made[3 * i + 2]![c]!) / 3).toBeCloseTo(value, 5);
      }
    }
    expect(made[0]![0]).not.toBeCloseTo(rows[0]![0]!, 2);
  });

  it.each([
    [5, 7],
    [2, 9],
    [8, 5],
  ])("from noise that is new in every row are noise that is: %i to %i", (rowsIn, rowsOut) => {
    const width = 40_000;
    const made = resample(noiseRows(rowsIn, width), rowsOut, 1);
    const variance = rowsOut / rowsIn;
    for (const [i, a] of made.entries()) {
      for (const [j, b] of made.entries()) {
        const covariance = a.reduce((sum, value, c) => sum + value * b[c]!, 0) / width;
        // Five standard deviations of such a mean.
        expect(Math.abs(covariance - (i === j ? variance : 0))).toBeLessThan(
          (5 * variance * (i === j ? Math.SQRT2 : 1)) / Math.sqrt(width),
        );
      }
    }
  });

  it("get the same noise wherever the band is cut", () => {
    const rows = noiseRows(3, 300);
    const whole = resample(rows, 7, 1);
    const part = resample(
      rows.map((row) => row.slice(113, 290)),
      7,
      1,
      113,
    );
    expect(part).toEqual(whole.map((row) => row.slice(113, 290)));
  });
});
