import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logUniformIn, pickKind, pickOne, signOf, uniformIn, wholeIn } from "./draw.ts";
import { randomStream, streamKey } from "./random.ts";

const random = () => randomStream(streamKey(3, 1));
const many = <T>(draw: () => T, count = 4000) => Array.from({ length: count }, draw);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("draws", () => {
  it("stay within their ranges", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0.001, max: 1e3, noNaN: true }),
        fc.double({ min: 1, max: 1e3, noNaN: true }),
        (seed, low, times) => {
          const stream = randomStream(streamKey(seed));
          const high = low * times;
          for (const draw of [uniformIn, logUniformIn]) {
            const value = draw(stream, [low, high]);
            expect(value).toBeGreaterThanOrEqual(low * (1 - 1e-12));
            expect(value).toBeLessThanOrEqual(high * (1 + 1e-12));
          }
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  });

  it("are even: in size, in ratio, over whole numbers with both ends, in sign", () => {
    const stream = random();
    expect(mean(many(() => uniformIn(stream, [2, 6])))).toBeCloseTo(4, 0.5);
    expect(mean(many(() => Math.log10(logUniformIn(stream, [0.01, 100]))))).toBeCloseTo(0, 0.6);
    const whole = many(() => wholeIn(stream, [3, 6]));
    for (const value of [3, 4, 5, 6]) {
      expect(whole.filter((one) => one === value).length / whole.length).toBeCloseTo(0.25, 1);
    }
    expect(new Set(whole).size).toBe(4);
    expect(Math.abs(mean(many(() => signOf(stream))))).toBeLessThan(0.08);
    expect(new Set(many(() => pickOne(stream, ["a", "b", "c"]))).size).toBe(3);
  });

  it("take kinds by weight, and never one of weight 0", () => {
    const stream = random();
    const kinds = many(() => pickKind(stream, { often: 6, never: 0, seldom: 2 }));
    expect(kinds.filter((kind) => kind === "often").length / kinds.length).toBeCloseTo(0.75, 1);
    expect(kinds).not.toContain("never");
    expect(many(() => pickKind(stream, { no: 0, only: 1e-9 }), 50)).not.toContain("no");
  });
});
