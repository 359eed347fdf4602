import { describe, expect, it } from "vitest";
import { planSteps, shareDone, totalSteps } from "./progress-plan.ts";
import { createTimePlanner, type TimePlannerOptions } from "./time-plan.ts";

/** A training on a clock of its own, as the loop of a fold has it. */
function train(
  options: Partial<TimePlannerOptions> & { budgetS: number },
  stepS: (step: number) => number,
  scoreS: (places: number) => number,
) {
  const settled = { batch: 16, trained: 2400, heldOut: 600, ahead: 2, ...options };
  const planner = createTimePlanner(settled);
  let plan = planSteps(10_000);
  let [step, clockS, validations] = [0, 1, 0];
  const shares: number[] = [];
  while (step < totalSteps(plan)) {
    const tookS = stepS(step++);
    clockS += tookS;
    if (planner.asksForScoring) planner.scoringTook(scoreS(settled.batch));
    plan = planner.afterStep(step, tookS, clockS, plan);
    shares.push(shareDone(plan, step));
    const { count, places } = planner.validations ?? { count: 0, places: 0 };
    const due = Math.floor(shares.at(-1)! * count) > Math.floor((shares.at(-2) ?? 0) * count);
    if (!due && step < totalSteps(plan)) continue;
    const validationS = scoreS(places) + 0.5;
    clockS += validationS;
    planner.afterValidation(validationS);
    validations++;
  }
  return { clockS, step, shares, validations, planned: planner.validations! };
}

describe("createTimePlanner", () => {
  it.each([
    ["a steady speed", () => 0.9],
    ["slow first steps", (step: number) => (step < 2 ? 9 : 0.9)],
    ["a speed that falls to half", (step: number) => (step < 400 ? 0.9 : 1.8)],
    ["a speed that doubles", (step: number) => (step < 400 ? 0.9 : 0.45)],
    ["unsteady steps", (step: number) => 0.6 + 0.9 * Math.abs(Math.sin(step * 12.9))],
  ])("ends in time, and uses it, at %s", (_, stepS) => {
    const { clockS, shares, validations, planned } = train(
      { budgetS: 1200 },
      stepS,
      (places) => places * 0.02,
    );
    expect(clockS).toBeLessThan(1200);
    expect(clockS).toBeGreaterThan(1150);
    expect(shares.at(-1)).toBe(1);
    expect(shares.every((share, i) => i === 0 || share >= shares[i - 1]!)).toBe(true);
    // No jump: the learning rate falls smoothly.
    expect(Math.max(...shares.slice(0, -3).map((share, i) => shares[i + 1]! - share))).toBeLessThan(0.01);
    expect(planned.places).toBe(600);
    expect(validations).toBeGreaterThan(2);
  });

  it("scores fewer cadences where all would take too long, once and at the end", () => {
    const run = train(
      { budgetS: 600, trained: 48_000, heldOut: 12_000 },
      () => 0.9,
      (places) => places * 0.022,
    );
    expect(run.planned.count).toBe(1);
    expect(run.planned.places).toBeGreaterThan(2000);
    expect(run.planned.places).toBeLessThan(8000);
    expect(run.validations).toBe(1);
    expect(run.clockS).toBeLessThan(600);
    expect(run.clockS).toBeGreaterThan(570);
  });

  it("does not validate more often than there are epochs", () => {
    const run = train(
      { budgetS: 1200, trained: 12_000, heldOut: 100 },
      () => 0.9,
      () => 1,
    );
    expect(run.planned.count).toBe(2);
  });

  it("ends at once where the time is over", () => {
    const { step } = train(
      { budgetS: 5 },
      () => 2,
      () => 1,
    );
    // The first two steps are not measured, the third one tells.
    expect(step).toBe(3);
  });

  it("goes on with the validations that were planned", () => {
    const planner = createTimePlanner({
      ...{ budgetS: 100, batch: 16, trained: 100, heldOut: 10, ahead: 2 },
      ...{ validations: { count: 3, places: 7 }, validated: 1 },
    });
    planner.scoringTook(0.1);
    for (let step = 1; step < 10; step++) planner.afterStep(step, 0.1, step / 10, planSteps(1000));
    expect(planner.validations).toEqual({ count: 3, places: 7 });
  });
});
