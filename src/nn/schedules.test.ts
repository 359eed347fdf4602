import { describe, expect, test } from "vitest";
import golden from "./golden/optimizers.json" with { type: "json" };
import {
  constantSchedule,
  cosineSchedule,
  customSchedule,
  oneCycleSchedule,
  type Schedule,
} from "./schedules.ts";

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
  const whole = "totalSteps must be a whole number, 1 or more; it is";
  expect(() => cosineSchedule({ learningRate: 1, totalSteps: 0 })).toThrow(`${whole} 0.`);
  expect(() => cosineSchedule({ learningRate: 1, totalSteps: 5, warmupSteps: 5 })).toThrow("5 of 5 steps");
  expect(() => oneCycleSchedule({ learningRate: 1, totalSteps: 1.5 })).toThrow(`${whole} 1.5.`);
  expect(() => cosineSchedule({ learningRate: 1, totalSteps: 5, warmupSteps: -1 })).toThrow("warmupSteps");
});

describe("rates that could not be trained with are refused by name", () => {
  const rate = "must be 0 or more, and finite as a float32; it is";
  const steps = { learningRate: 1, totalSteps: 10 };

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e39])("a learning rate of %d", (learningRate) => {
    const message = `learningRate ${rate} ${learningRate}.`;
    expect(() => constantSchedule(learningRate)).toThrow(message);
    expect(() => cosineSchedule({ learningRate, totalSteps: 10 })).toThrow(message);
    expect(() => oneCycleSchedule({ learningRate, totalSteps: 10 })).toThrow(message);
    expect(() => cosineSchedule({ ...steps, minimum: learningRate })).toThrow(
      `minimum ${rate} ${learningRate}.`,
    );
  });

  test("of the wrong type", () => {
    expect(() => constantSchedule("1e-3" as unknown as number)).toThrow(`learningRate ${rate} "1e-3".`);
    expect(() => constantSchedule(undefined as unknown as number)).toThrow(`learningRate ${rate} undefined.`);
  });

  test("that divisors make", () => {
    for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-41]) {
      const range = `must be above 0, and large enough for the rates to be finite; it is ${factor}.`;
      expect(() => oneCycleSchedule({ ...steps, divFactor: factor })).toThrow(`divFactor ${range}`);
      expect(() => oneCycleSchedule({ ...steps, finalDivFactor: factor })).toThrow(`finalDivFactor ${range}`);
    }
    for (const pctStart of [-0.1, 1.1, Number.NaN]) {
      expect(() => oneCycleSchedule({ ...steps, pctStart })).toThrow("pctStart must be from 0 to 1; it is");
    }
  });
});

test("a schedule of one's own gives its rates, and keeps the settings under its name", () => {
  const halving = customSchedule({ every: 2 }, (step) => 2 ** -Math.floor(step / 2));
  expect(rates(halving, 5)).toEqual([1, 1, 0.5, 0.5, 0.25]);
  expect(halving.settings).toEqual({ name: "custom", every: 2 });
  expect(customSchedule({ name: "mine" }, () => 1).settings).toEqual({ name: "mine" });
  const settings = { stages: [1, 2] } as unknown as Record<string, number>;
  expect(() => customSchedule(settings, () => 1)).toThrow("settings are numbers and strings; stages is 1,2.");
  const swapped = customSchedule as unknown as (rate: () => number) => Schedule;
  expect(() => swapped(() => 1)).toThrow("customSchedule needs the settings and then the function");
});
