import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalNumbers, philox, randomWords, uniformNumbers } from "./random.ts";

const hex = (words: Uint32Array) => Array.from(words, (w) => w.toString(16).padStart(8, "0")).join(" ");

/** The ten rounds in exact whole numbers. */
function exactPhilox(counter: readonly number[], key: readonly number[]): string {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (word: bigint) => word % 2n ** 32n;
  for (let round = 0; round < 10; round++) {
    const [a, b] = [c0 * 0xd2511f53n, c2 * 0xcd9e8d57n];
    [c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, low(b), (a >> 32n) ^ c3 ^ k1, low(a)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return hex(Uint32Array.from([c0, c1, c2, c3], Number));
}

describe("random numbers", () => {
  it("are Philox4x32-10: the known answers of Random123", () => {
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    );
  });

  it("are Philox4x32-10 of any counter and key, word by word and in bulk", () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0xffff, 0xffff0000));
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(hex(philox(counter, key))).toBe(exactPhilox(counter, key));
        const words = randomWords({ seed: key[0], stream: key[1], step: counter[2] }, 12);
        expect(hex(words.subarray(8))).toBe(exactPhilox([2, 0, counter[2], 0], key));
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  it("differ by seed, stream, step and place, and begin the same whatever their number", () => {
    const first = randomWords({ seed: 1, stream: 2, step: 3 }, 9);
    expect(randomWords({ seed: 1, stream: 2, step: 3 }, 6)).toEqual(first.subarray(0, 6));
    for (const other of [
      { seed: 2, stream: 2, step: 3 },
      { seed: 1, stream: 1, step: 3 },
      { seed: 1, stream: 2, step: 2 },
    ])
      expect(randomWords(other, 9).filter((word, i) => word === first[i])).toHaveLength(0);
    expect(new Set(randomWords({ seed: 5, stream: 0 }, 4000)).size).toBeGreaterThan(3990);
  });

  it("have the moments of their distributions", () => {
    const count = 40_001;
    const uniform = uniformNumbers({ seed: 7, stream: 1 }, count, -2, 4);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...uniform)).toBeLessThan(4);
    const normal = normalNumbers({ seed: 7, stream: 2 }, count, 3, 2);
    expect(normal).toHaveLength(count);
    for (const [numbers, mean, variance] of [
      [uniform, 1, 3],
      [normal, 3, 4],
    ] as const) {
      const m = numbers.reduce((sum, v) => sum + v, 0) / count;
      const v = numbers.reduce((sum, x) => sum + (x - m) ** 2, 0) / count;
      expect(Math.abs(m - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
      expect(Math.abs(v / variance - 1)).toBeLessThan(0.04);
    }
    const kurtosis = normal.reduce((sum, x) => sum + ((x - 3) / 2) ** 4, 0) / count;
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.2);
  });
});
