import { describe, expect, it } from "vitest";
import { UsageError } from "../../signal/errors.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { idealRecall, idealThreshold } from "./ideal-observer.ts";

describe("the ideal observer", () => {
  // Quantiles of the normal distribution as tables have them (scipy.stats.norm.isf).
  it.each([
    [0.5, 0],
    [0.1, 1.2815515655446004],
    [1e-3, 3.090232306167813],
    [1e-6, 4.753424308822899],
    [0.9, -1.2815515655446004],
  ])("sets its threshold for a rate of %f", (rate, wanted) => {
    expect(idealThreshold(rate)).toBeCloseTo(wanted, 9);
  });

  it("finds at the strength of its threshold half, and without a signal as many as the rate says", () => {
    expect(idealRecall(idealThreshold(1e-3), 1e-3)).toBeCloseTo(0.5, 12);
    expect(idealRecall(0, 1e-3)).toBeCloseTo(1e-3, 12);
  });

  it("finds what a matched filter finds in drawn noise", () => {
    const random = randomStream(streamKey(5));
    const template = [0.5, 2, 1, 0, 0.25];
    const norm = Math.hypot(...template);
    const count = 20_000;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const statistic = template.reduce((sum, part) => sum + part * (part + random.normal()), 0) / norm;
      if (statistic >= idealThreshold(0.01)) found++;
    }
    expect(Math.abs(found / count - idealRecall(norm, 0.01))).toBeLessThan(0.015);
  });

  it("refuses rates that are none", () => {
    for (const rate of [0, 1, -1, Number.NaN]) expect(() => idealThreshold(rate)).toThrow(UsageError);
  });
});
