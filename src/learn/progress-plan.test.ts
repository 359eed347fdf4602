import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosineSchedule, oneCycleSchedule } from "../nn/schedules.ts";
import { planSteps, rateFactor, replan, shareDone, totalSteps } from "./progress-plan.ts";

describe("a plan", () => {
  it("counts steps evenly until it is planned anew", () => {
    const plan = replan(planSteps(100), 20, 60);
    expect([0, 10, 20, 40, 60, 99].map((step) => Number(shareDone(plan, step).toFixed(12)))).toEqual([
      0, 0.1, 0.2, 0.6, 1, 1,
    ]);
    expect(totalSteps(plan)).toBe(60);
    // Planned twice from one step, the last holds.
    expect(replan(plan, 20, 100)).toEqual([...planSteps(100), { from: 20, share: 0.2, total: 100 }]);
  });

  it("never goes back, has no jumps and ends at 1, however often it is planned anew", () => {
    const changes = fc.array(
      fc.record({ later: fc.integer({ min: 1, max: 30 }), left: fc.integer({ min: 1, max: 500 }) }),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), changes, (total, all) => {
        let plan = planSteps(total);
        let step = 0;
        for (const { later, left } of all) {
          step += later;
          if (step >= totalSteps(plan)) break;
          const before = shareDone(plan, step);
          plan = replan(plan, step, step + left);
          expect(shareDone(plan, step)).toBeCloseTo(before, 12);
        }
        let share = 0;
        for (let at = 0; at <= totalSteps(plan); at++) {
          const now = shareDone(plan, at);
          expect(now).toBeGreaterThanOrEqual(share);
          share = now;
        }
        expect(share).toBe(1);
        expect(shareDone(plan, totalSteps(plan) - 0.5)).toBeLessThan(1);
      }),
      { seed: 4, numRuns: 100 },
    );
  });
});

describe("rateFactor", () => {
  const totalSteps = 10_000;
  const steps = [0, 100, 999, 2500, 3100, 7000, 9990];

  it("follows the engine's schedules, which count steps", () => {
    const cosine = cosineSchedule({ learningRate: 1, totalSteps, warmupSteps: 1000 });
    const oneCycle = oneCycleSchedule({ learningRate: 1, totalSteps });
    for (const step of steps) {
      const share = (step + 0.5) / totalSteps;
      expect(rateFactor({ name: "cosine", warmup: 0.1 }, share)).toBeCloseTo(cosine(step), 3);
      expect(rateFactor({ name: "one-cycle" }, share)).toBeCloseTo(oneCycle(step), 3);
    }
  });

  it("stays, after a rise", () => {
    expect(steps.map((step) => rateFactor({ name: "constant" }, step / totalSteps))).toEqual(
      steps.map(() => 1),
    );
    expect(rateFactor({ name: "constant", warmup: 0.2 }, 0.05)).toBeCloseTo(0.25, 12);
    expect(rateFactor({ name: "constant", warmup: 0.2 }, 0.3)).toBe(1);
  });
});
