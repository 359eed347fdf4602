import { describe, expect, it } from "vitest";
import { normalNumbers, philox, randomWords, uniformNumbers } from "./random.ts";

const hex = (words: readonly number[]) => words.map((w) => w.toString(16).padStart(8, "0")).join(" ");

describe("random numbers", () => {
  it("are Philox4x32-10: the known answers of Random123", () => {
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      "d16cfe09 94fdcceb 5001e420 24126ea1",
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
