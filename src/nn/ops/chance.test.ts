/** Dropout and drop path at work: what is left out, how often, and that the gradient takes the same paths. */

import { describe, expect, test } from "vitest";
import type { Value } from "../op.ts";
import { sgd } from "../optimizers.ts";
import { constantSchedule } from "../schedules.ts";
import { expectNear } from "../testing/check-graph.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { endIn, imageOf, mixed } from "../testing/small-networks.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer, type Trainer } from "../trainer.ts";
import { dropPath } from "./drop-path.ts";
import { dropout } from "./dropout.ts";

const machines = testMachines([
  { threads: 1, relaxedSimd: true },
  { threads: 2, relaxedSimd: true },
]);
const SHAPE = [40, 5, 6, 7];
const COUNT = 40 * 5 * 6 * 7;
const inputs = {
  image: Float32Array.from({ length: COUNT }, (_, i) => 2 + Math.sin(i)),
  targets: new Float32Array(COUNT),
};

function trainerOf(chance: (x: Value) => Value, machine = 0, seed = 3): Trainer {
  const parts = endIn(chance(mixed(imageOf(SHAPE))));
  return createTrainer(parts, machines[machine]!.engine, {
    weights: goldenWeights(parts.graph),
    optimizer: sgd({ momentum: 0 }),
    schedule: constantSchedule(0),
    seed,
  });
}

async function step(trainer: Trainer): Promise<Float32Array> {
  await trainer.step(inputs);
  return trainer.lastLogits();
}

const ops: [string, (x: Value, p: number) => Value, number][] = [
  ["dropout", dropout, 1],
  ["dropPath", dropPath, 5 * 6 * 7],
];

describe.each(ops)("%s", (_, op, unit) => {
  test.each([0.2, 0.5])("leaves out a part of %d and scales the rest", async (p) => {
    const trainer = trainerOf((x) => op(x, p));
    const whole = await trainer.evaluate(inputs);
    let kept = 0;
    let units = 0;
    for (let i = 0; i < 20; i++) {
      const dropped = await step(trainer);
      const expected = new Float64Array(COUNT);
      for (let at = 0; at < COUNT; at += unit) {
        const stays = dropped[at] !== 0;
        kept += stays ? 1 : 0;
        units++;
        for (let j = at; j < at + unit; j++) expected[j] = stays ? whole[j]! / (1 - p) : 0;
      }
      expectNear(dropped, expected, 1e-6, 0, `step ${i}`);
    }
    expect(Math.abs(kept / units - (1 - p))).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / units));
  });

  test("sends the gradient along what stayed", async () => {
    const p = 0.3;
    const trainer = trainerOf((x) => op(x, p));
    const dropped = await step(trainer);
    // The loss is the mean of the squares, so each number that stayed sends 2 y / count / (1 - p).
    const expected = new Float64Array(5);
    dropped.forEach((y, i) => {
      if (y !== 0) expected[Math.floor(i / 42) % 5]! += (2 * y) / COUNT / (1 - p);
    });
    expectNear((await trainer.gradients()).get("mix.bias")!, expected, 1e-5, 0, "gradient");
  });

  test("draws by seed, step and place, whatever the number of threads", async () => {
    const one = trainerOf((x) => op(x, 0.5));
    const [first, second] = [await step(one), await step(one)];
    const other = await step(trainerOf((x) => op(x, 0.5), 0, 4));
    const twice = await step(trainerOf((x) => op(op(x, 0.5), 0.5)));
    expect(await step(trainerOf((x) => op(x, 0.5), 1))).toEqual(first);
    expect(second).not.toEqual(first);
    expect(other).not.toEqual(first);
    const part = twice.filter((y) => y !== 0).length / COUNT;
    expect(part).toBeGreaterThan(0.08);
    expect(part).toBeLessThan(0.42);
  });
});
