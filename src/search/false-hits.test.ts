import { beforeAll, describe, expect, it } from "vitest";
import { searchDrift } from "./drift-search.ts";
import { upperTail } from "./false-hits.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { localPool, type SegmentPool } from "./segment-pool.ts";
import {
  CHANNEL_PER_ROW_HZ_PER_S,
  chiSquaredStream,
  noisePanel,
  normalStream,
  panelSource,
  throughReceiver,
} from "./testing/spectra.ts";

let pool: SegmentPool;
beforeAll(async () => {
  pool = localPool(await loadSearchKernels());
});

describe("the tail of a sum over noise", () => {
  it.each([
    [3, 1.349898e-3],
    [5, 2.866516e-7],
    [6, 9.865876e-10],
    [10, 7.619853e-24],
  ])("is a normal's at %d deviations", (deviations, tail) => {
    expect(upperTail(deviations, Number.POSITIVE_INFINITY) / tail).toBeCloseTo(1, 5);
  });

  it.each([
    [2, 10],
    [4, 30.5],
    [5, 64],
    [6, 64],
    [5, 1632],
  ])("is a gamma's at %d deviations and shape %d", (deviations, shape) => {
    expect(upperTail(deviations, shape) / gammaTail(deviations, shape)).toBeCloseTo(1, 2);
  });
});

/** By summing the density in small steps. */
function gammaTail(deviations: number, shape: number): number {
  const from = shape + deviations * Math.sqrt(shape);
  const step = Math.sqrt(shape) / 2000;
  let logGamma = 0.5 * Math.log((2 * Math.PI) / shape) + shape * (Math.log(shape) - 1);
  logGamma += 1 / (12 * shape) - 1 / (360 * shape ** 3);
  let sum = 0;
  for (let x = from + step / 2; x < from + 40 * Math.sqrt(shape); x += step) {
    sum += Math.exp((shape - 1) * Math.log(x) - x - logGamma) * step;
  }
  return sum;
}

describe("false hits in noise are as many as stated, within a factor of 2", () => {
  it.each([
    ["Gaussian, 16 rows", 16, 65_536, 4, (seed: number) => normalStream(seed), 0],
    ["Gaussian, 64 rows", 64, 16_384, 1, (seed: number) => normalStream(seed), 0],
    [
      "chi-squared of 8 degrees of freedom, 16 rows",
      16,
      32_768,
      2,
      (seed: number) => chiSquaredStream(seed, 8),
      2,
    ],
  ] as const)("%s", async (_, rows, channels, channelsPerRow, stream, meanInDeviations) => {
    const panel = throughReceiver(
      noisePanel(rows, channels, stream(rows)),
      (c) => meanInDeviations * (3 + Math.sin(c / 3000)),
      (c) => 3 + Math.sin(c / 3000),
    );
    const { hits, expectedFalseHits } = await searchDrift(panelSource(panel), pool, {
      maxDriftHzPerS: 6.5 * channelsPerRow * CHANNEL_PER_ROW_HZ_PER_S,
      snr: 5,
    });
    expect(hits.length).toBeGreaterThan(30);
    expect(hits.length / expectedFalseHits).toBeGreaterThan(0.5);
    expect(hits.length / expectedFalseHits).toBeLessThan(2);
  });
});
