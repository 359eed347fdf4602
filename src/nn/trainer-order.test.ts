/** A trainer's calls take turns, awaited or not. */

import { describe, expect, test } from "vitest";
import { adamW } from "./optimizers.ts";
import { smallBatch, smallNetwork, smallTrainer } from "./testing/small-training.ts";
import { testMachines } from "./testing/test-engines.ts";
import { createTurns } from "./turns.ts";

const machines = testMachines([{ threads: 2, relaxedSimd: true }]);

const newTrainer = () =>
  smallTrainer(machines[0]!.engine, smallNetwork(3), { optimizer: adamW(), emaDecay: 0.5, accumulate: 2 });

describe("calls that nobody waits for", () => {
  test("see what they would have seen one by one", async () => {
    const calm = newTrainer();
    const expected: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      expected.push(await calm.step(smallBatch(3, i)));
      expected.push(await calm.lastLogits());
      expected.push(await calm.gradients());
      expected.push(await calm.evaluate(smallBatch(3, 10 + i)));
      expected.push(await calm.state());
      expected.push(await calm.weights());
    }
    const hasty = newTrainer();
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < 4; i++) {
      calls.push(hasty.step(smallBatch(3, i)));
      calls.push(hasty.lastLogits());
      calls.push(hasty.gradients());
      calls.push(hasty.evaluate(smallBatch(3, 10 + i)));
      calls.push(hasty.state());
      calls.push(hasty.weights());
    }
    expect(hasty.batches).toBe(0);
    expect(await Promise.all(calls)).toEqual(expected);
    expect([hasty.batches, hasty.updates]).toEqual([4, 2]);
  });

  test("go on after one that fails", async () => {
    const hasty = newTrainer();
    const wrong = hasty.step({});
    const right = hasty.step(smallBatch(3, 1));
    const nan = hasty.evaluate({ image: new Float32Array(270).fill(Number.NaN) });
    const last = hasty.step(smallBatch(3, 2));
    await expect(wrong).rejects.toThrow("none were given");
    await expect(nan).rejects.toThrow("comes from input image");
    expect([(await right).updated, (await last).updated]).toEqual([false, true]);
    const state = await hasty.state();

    const calm = newTrainer();
    for (const seed of [1, 2]) await calm.step(smallBatch(3, seed));
    expect(state).toEqual(await calm.state());
  });

  test("restore in their turn too", async () => {
    const trainer = newTrainer();
    const calls = [trainer.step(smallBatch(3, 0)), trainer.step(smallBatch(3, 1))];
    const state = await trainer.state();
    const first = trainer.step(smallBatch(3, 2));
    const back = trainer.restore(state);
    const second = trainer.step(smallBatch(3, 2));
    await Promise.all([...calls, back]);
    expect(await second).toEqual(await first);
    expect(trainer.batches).toBe(3);
  });
});

test("turns come in the order asked, one at a time", async () => {
  const inTurn = createTurns();
  const seen: string[] = [];
  const work = (name: string, ms: number) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    seen.push(`${name} ends`);
    if (name === "b") throw new Error("b fails");
    return name;
  };
  const [a, b, c] = [inTurn(work("a", 4)), inTurn(work("b", 2)), inTurn(work("c", 0))];
  await expect(b).rejects.toThrow("b fails");
  expect([await a, await c]).toEqual(["a", "c"]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
