import { describe, expect, test } from "vitest";
import golden from "./golden/optimizers.json" with { type: "json" };
import { constantSchedule, cosineSchedule, oneCycleSchedule, type Schedule } from "./schedules.ts";

const rates = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => schedule(step));

function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((rate, step) => {
    expect(Math.abs(rate - expected[step]!), `step ${step}`).toBeLessThan(1e-12);
  });
}

describe("as PyTorch has them", () => {
  test.each(golden.oneCycle)("one cycle, $options", ({ options, rates: expected }) => {
    expectRates(rates(oneCycleSchedule({ learningRate: 0.02, ...options }), expected.length), expected);
  });

  test.each(golden.cosine)("cosine, $options", ({ options, rates: expected }) => {
    expectRates(rates(cosineSchedule({ learningRate: 0.02, ...options }), expected.length), expected);
  });
});

test("a warm-up rises in a straight line to the full rate, which the cosine starts from", () => {
  const schedule = cosineSchedule({ learningRate: 8, totalSteps: 8, warmupSteps: 3, minimum: 2 });
  const cosine = [0, 1, 2, 3, 4].map((step) => 5 + 3 * Math.cos((Math.PI * step) / 4));
  expectRates(rates(schedule, 8), [2, 4, 6, ...cosine]);
});

test("rates stay at their last past the end, and are always finite", () => {
  const cosine = cosineSchedule({ learningRate: 1, totalSteps: 5, minimum: 0.1 });
  expect(cosine(100)).toBeCloseTo(0.1, 12);
  expect(oneCycleSchedule({ learningRate: 1, totalSteps: 10 })(100)).toBeCloseTo(1 / 25 / 1e4, 15);
  expect(constantSchedule(0.3)(1e6)).toBe(0.3);
  for (let totalSteps = 1; totalSteps <= 12; totalSteps++) {
    for (const pctStart of [0, 0.1, 0.25, 0.5, 1]) {
      const all = rates(oneCycleSchedule({ learningRate: 1, totalSteps, pctStart }), totalSteps + 2);
      for (const rate of all) expect(rate >= 0 && rate <= 1, `${totalSteps} ${pctStart}: ${all}`).toBe(true);
    }
  }
});

test("steps that make no sense are refused", () => {
  expect(() => cosineSchedule({ learningRate: 1, totalSteps: 0 })).toThrow("0 were given");
  expect(() => cosineSchedule({ learningRate: 1, totalSteps: 5, warmupSteps: 5 })).toThrow("5 of 5 steps");
  expect(() => oneCycleSchedule({ learningRate: 1, totalSteps: 1.5 })).toThrow("whole number");
});
