import { describe, expect, it } from "vitest";
import { randomStream, streamKey, threefry, threefryWords } from "./random.ts";
import { evenChiSquaredTails, ksStatistic, normalBelowBySimpson } from "./testing/statistics.ts";

describe("threefry", () => {
  // The known answers of Random123, tests/kat_vectors, threefry2x32 with 20 rounds.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [-1, -1],
      [-1, -1],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("of key %j and counter %j", (key, [c0, c1], expected) => {
    expect(threefry([key[0], key[1]], c0, c1).map((word) => word >>> 0)).toEqual(expected);
  });

  it("gives a run of counters what each gives alone", () => {
    const key = streamKey(7, 3);
    const words = new Int32Array(12);
    threefryWords(words, 6, key, 1_000, 5);
    for (let i = 0; i < 6; i++) {
      expect([...words.subarray(2 * i, 2 * i + 2)]).toEqual(threefry(key, 1_000 + i, 5));
    }
  });
});

describe("streamKey", () => {
  it("differs with the seed, each part of the path and their order", () => {
    const paths = [[0], [1], [2 ** 32], [2 ** 52], [0, 0], [0, 1], [0, 2 ** 33], [0, 1, 2], [0, 2, 1]];
    const keys = paths.map(([seed, ...path]) => streamKey(seed!, ...path).join());
    expect(new Set(keys).size).toBe(paths.length);
  });
});

describe("randomStream", () => {
  const draw = (n: number, one: () => number) => Float64Array.from({ length: n }, one);

  it("is uniform", () => {
    const random = randomStream(streamKey(11));
    expect(ksStatistic(draw(50_000, random.uniform), (x) => x)).toBeLessThan(1.95);
  });

  it("is normal", () => {
    const random = randomStream(streamKey(12));
    expect(ksStatistic(draw(20_000, random.normal), normalBelowBySimpson)).toBeLessThan(1.95);
  });

  it.each([2, 8, 204])("is chi-squared with %i degrees of freedom", (dof) => {
    const random = randomStream(streamKey(13, dof));
    const sample = draw(20_000, () => random.chiSquared(dof));
    expect(ksStatistic(sample, (x) => 1 - evenChiSquaredTails(dof, x).above)).toBeLessThan(1.95);
  });

  it("is the square of a normal value with one degree of freedom", () => {
    const random = randomStream(streamKey(14));
    const sample = draw(20_000, () => random.chiSquared(1));
    expect(ksStatistic(sample, (x) => 2 * normalBelowBySimpson(Math.sqrt(x)) - 1)).toBeLessThan(1.95);
  });
});
