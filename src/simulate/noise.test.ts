import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillNoise, pixelDof } from "./noise.ts";
import { chiSquaredQuantiles, normalQuantiles, type QuantileTable } from "./quantiles.ts";
import { streamKey } from "./random.ts";
import { evenChiSquaredTails, ksStatistic, moments, normalBelowBySimpson } from "./testing/statistics.ts";

const KEY = streamKey(5, 1, 0);

function noise(
  quantiles: QuantileTable,
  [rowStart, rowStop, channelStart, channelStop]: number[],
  key = KEY,
) {
  const range = {
    rowStart: rowStart!,
    rowStop: rowStop!,
    channelStart: channelStart!,
    channelStop: channelStop!,
  };
  const width = range.channelStop - range.channelStart;
  const data = new Float32Array((range.rowStop - range.rowStart) * width);
  fillNoise(data, range, key, quantiles, { offset: 0, scale: 1 }, new Float64Array(width).fill(1));
  return data;
}

describe("pixelDof", () => {
  it("follows setigen's rule, whatever foff's sign", () => {
    expect(pixelDof(-2.7939677238464355e-6, 18.253611008)).toBe(204);
    expect(pixelDof(2.7939677238464355e-6, 18.253611008)).toBe(204);
    expect(pixelDof(-1.3969838619232178e-6, 1.4316557653333333)).toBe(8);
    expect(pixelDof(1e-6, 0.3)).toBe(4);
  });
});

describe("fillNoise", () => {
  it.each([4, 204])("chi-squared, %i degrees of freedom: moments and shape", (dof) => {
    const sample = noise(chiSquaredQuantiles(dof), [0, 64, 0, 8192]);
    const n = sample.length;
    const { mean, variance, skewness, kurtosis } = moments(sample);
    // Four standard errors; those of skewness and kurtosis are wider than a normal sample's by what dof 4 asks for.
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(2 / dof / n));
    expect(Math.abs(variance / (2 / dof) - 1)).toBeLessThan(4 * Math.sqrt((2 + 12 / dof) / n));
    expect(Math.abs(skewness - Math.sqrt(8 / dof))).toBeLessThan(dof === 4 ? 0.03 : 0.016);
    expect(Math.abs(kurtosis - 12 / dof)).toBeLessThan(dof === 4 ? 0.25 : 0.035);
    const below = (x: number) => 1 - evenChiSquaredTails(dof, x * dof).above;
    expect(ksStatistic(sample.subarray(0, 100_000), below)).toBeLessThan(1.95);
  });

  it("Gaussian: moments and shape", () => {
    const sample = noise(normalQuantiles(), [0, 64, 0, 8192]);
    const { mean, variance, skewness, kurtosis } = moments(sample);
    const root = Math.sqrt(sample.length);
    expect(Math.abs(mean)).toBeLessThan(4 / root);
    expect(Math.abs(variance - 1)).toBeLessThan((4 * Math.SQRT2) / root);
    expect(Math.abs(skewness)).toBeLessThan((4 * Math.sqrt(6)) / root);
    expect(Math.abs(kurtosis)).toBeLessThan((4 * Math.sqrt(24)) / root);
    expect(ksStatistic(sample.subarray(0, 20_000), normalBelowBySimpson)).toBeLessThan(1.95);
  });

  it("has as many values beyond 3, 4 and 5 sigma on each side as there should be", () => {
    const dof = 204;
    const sigma = Math.sqrt(2 / dof);
    const sample = noise(chiSquaredQuantiles(dof), [0, 32, 0, 131_072]);
    for (const sigmas of [3, 4, 5]) {
      const sides = [
        { count: sample.filter((x) => x < 1 - sigmas * sigma).length, side: "below", x: 1 - sigmas * sigma },
        { count: sample.filter((x) => x > 1 + sigmas * sigma).length, side: "above", x: 1 + sigmas * sigma },
      ] as const;
      for (const { count, side, x } of sides) {
        const expected = sample.length * evenChiSquaredTails(dof, x * dof)[side];
        expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
      }
    }
  });

  it("is unrelated from channel to channel, row to row, and scan to scan", () => {
    const table = normalQuantiles();
    const width = 4096;
    const sample = noise(table, [0, 64, 0, width]);
    const other = noise(table, [0, 64, 0, width], streamKey(5, 1, 1));
    const product = (a: Float32Array, b: Float32Array) => {
      let sum = 0;
      for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
      return sum / Math.sqrt(b.length);
    };
    for (const lag of [1, 2, width, width + 1]) {
      expect(Math.abs(product(sample, sample.subarray(lag)))).toBeLessThan(4);
    }
    expect(Math.abs(product(sample, other))).toBeLessThan(4);
  });

  it("gives a piece the bits that the whole has there", () => {
    const table = chiSquaredQuantiles(204);
    const width = 9_001;
    const whole = noise(table, [0, 6, 0, width]);
    const interval = (length: number) =>
      fc.tuple(fc.nat(length - 1), fc.nat(length - 1)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
    fc.assert(
      fc.property(interval(6), interval(width), ([row0, row1], [channel0, channel1]) => {
        const piece = noise(table, [row0!, row1!, channel0!, channel1!]);
        const rows = Array.from({ length: row1! - row0! }, (_, i) =>
          whole.subarray((row0! + i) * width + channel0!, (row0! + i) * width + channel1!),
        );
        const pieceWidth = channel1! - channel0!;
        rows.forEach((row, i) => {
          expect(
            Buffer.compare(bytes(row), bytes(piece.subarray(i * pieceWidth, (i + 1) * pieceWidth))),
          ).toBe(0);
        });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("puts gain, offset and scale where they belong", () => {
    const table = normalQuantiles();
    const plain = noise(table, [2, 3, 10, 14]);
    const shaped = new Float32Array(4);
    const range = { rowStart: 2, rowStop: 3, channelStart: 10, channelStop: 14 };
    fillNoise(shaped, range, KEY, table, { offset: 7, scale: 0.5 }, Float64Array.of(1, 2, 3, 4));
    shaped.forEach((x, i) => {
      expect(x).toBeCloseTo((i + 1) * (7 + 0.5 * plain[i]!), 5);
    });
  });
});

function bytes(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
