import { describe, expect, test } from "vitest";
import type { TrainingParts } from "./compile/training.ts";
import { convLayer, linearLayer, normSilu } from "./layers.ts";
import { silu } from "./ops/activation.ts";
import { bceWithLogits } from "./ops/bce-with-logits.ts";
import { globalAvgPool } from "./ops/global-avg-pool.ts";
import { input } from "./ops/input.ts";
import { flatten } from "./ops/reshape.ts";
import { adamW, sgd } from "./optimizers.ts";
import { constantSchedule, cosineSchedule, type Schedule } from "./schedules.ts";
import { expectNear, randomInputs } from "./testing/check-graph.ts";
import { goldenWeights } from "./testing/golden-graph.ts";
import { imageOf } from "./testing/small-networks.ts";
import { testMachines } from "./testing/test-engines.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "./trainer.ts";

const machines = testMachines([{ threads: 2, relaxedSimd: true }]);

/** Two convolutions and a linear layer; with batch norm or without. */
function network(n: number, { norm = true } = {}): TrainingParts {
  const x = imageOf([n, 3, 6, 5]);
  const first = convLayer(x, "conv1", 6, { kernel: 3, bias: !norm });
  const second = convLayer(norm ? normSilu(first, "bn1") : silu(first), "conv2", 4, { kernel: 3, stride: 2 });
  const logits = linearLayer(flatten(globalAvgPool(silu(second))), "fc", 2);
  return { graph: x.graph, logits, loss: bceWithLogits(logits, input(x.graph, "targets", [n, 2])) };
}

function trainerOf(parts: TrainingParts, options: Partial<TrainerOptions> = {}): Trainer {
  return createTrainer(parts, machines[0]!.engine, { weights: goldenWeights(parts.graph), ...options });
}

const batch = (n: number, seed: number) => randomInputs(network(n).graph, seed);

describe("accumulation", () => {
  const optimizer = sgd({ momentum: 0.5, weightDecay: 0.1 });

  test("of two half batches equals one batch, where no norm mixes images", async () => {
    const whole = trainerOf(network(4, { norm: false }), { optimizer });
    const reports = [];
    for (let step = 0; step < 3; step++) reports.push(await whole.step(batch(4, step)));
    const [wholeWeights, wholeGradients] = [await whole.weights(), await whole.gradients()];

    const halves = trainerOf(network(2, { norm: false }), { optimizer, accumulate: 2 });
    for (let step = 0; step < 3; step++) {
      const { image, targets } = batch(4, step) as { image: Float32Array; targets: Float32Array };
      const half = (i: number) => ({
        image: image.slice(i * 180, (i + 1) * 180),
        targets: targets.slice(i * 4, (i + 1) * 4),
      });
      const first = await halves.step(half(0));
      expect(first).toMatchObject({ updated: false, gradNorm: undefined });
      // Scoring in between changes nothing.
      await halves.evaluate(half(1));
      const second = await halves.step(half(1));
      expect(second.updated).toBe(true);
      expect((first.loss + second.loss) / 2).toBeCloseTo(reports[step]!.loss, 5);
      expect(second.gradNorm).toBeCloseTo(reports[step]!.gradNorm!, 5);
    }
    expect([halves.batches, halves.updates]).toEqual([6, 3]);
    const gradients = await halves.gradients();
    for (const [name, data] of wholeGradients) expectNear(gradients.get(name)!, data, 1e-5, 1e-7, name);
    const weights = await halves.weights();
    for (const [name, data] of wholeWeights) expectNear(weights.get(name)!, data, 1e-6, 0, name);
  });

  test("keeps up running statistics with every batch, and the schedule with every update", async () => {
    const schedule = cosineSchedule({ learningRate: 0.1, totalSteps: 3 });
    const trainer = trainerOf(network(3), { accumulate: 2, schedule });
    const before = (await trainer.weights()).get("bn1.running_mean");
    const first = await trainer.step(batch(3, 0));
    const between = await trainer.weights();
    const second = await trainer.step(batch(3, 1));
    const third = await trainer.step(batch(3, 2));
    expect(between.get("bn1.running_mean")).not.toEqual(before);
    expect(between.get("conv1.weight")).toEqual(goldenWeights(network(3).graph).get("conv1.weight"));
    expect([first, second, third].map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, schedule(1)]);
  });
});

describe("the moving average", () => {
  test("follows the weights, and is what is scored with", async () => {
    const plain = trainerOf(network(3));
    const seen: Map<string, Float32Array>[] = [];
    for (let step = 0; step < 3; step++) {
      await plain.step(batch(3, step));
      seen.push(await plain.weights());
    }
    const averaging = trainerOf(network(3), { emaDecay: 0.9 });
    for (let step = 0; step < 3; step++) await averaging.step(batch(3, step));
    const average = await averaging.weights();
    const scores = await averaging.evaluate(batch(3, 9));
    for (const [name, start] of goldenWeights(network(3).graph)) {
      let expected = Float64Array.from(start);
      for (const weights of seen) expected = expected.map((x, i) => 0.9 * x + 0.1 * weights.get(name)![i]!);
      expectNear(average.get(name)!, expected, 1e-6, 0, name);
    }
    const scoring = trainerOf(network(3), { weights: average });
    expect(await scoring.evaluate(batch(3, 9))).toEqual(scores);
  });
});

describe("numbers that aren't finite", () => {
  const nan = { ...batch(3, 5), image: batch(3, 5).image!.with(7, Number.NaN) };

  test("in the input end in an error, and change nothing", async () => {
    const options = { optimizer: adamW(), emaDecay: 0.9 };
    const trainer = trainerOf(network(3), options);
    await trainer.step(batch(3, 0));
    const before = await trainer.state();
    await expect(trainer.step(nan)).rejects.toThrow(
      /^Step 1: the loss is NaN; the first number that isn't finite comes from input image\. The weights are as they were/,
    );
    expect(await trainer.state()).toEqual(before);
    await trainer.step(batch(3, 1));
    const after = await trainer.state();

    const untroubled = trainerOf(network(3), options);
    for (let step = 0; step < 2; step++) await untroubled.step(batch(3, step));
    expect(after).toEqual(await untroubled.state());
  });

  test("made on the way are told by the op that made them", async () => {
    const parts = network(3, { norm: false });
    const weights = goldenWeights(parts.graph);
    for (const name of ["conv1.weight", "conv2.weight"])
      weights.set(
        name,
        weights.get(name)!.map((x) => x * 1e25),
      );
    const trainer = trainerOf(parts, { weights });
    await expect(trainer.step(batch(3, 0))).rejects.toThrow("comes from conv2d of conv2.weight");
    expect(await trainer.weights()).toEqual(weights);
  });

  test("in the middle of an accumulation begin it anew", async () => {
    const trainer = trainerOf(network(3, { norm: false }), { accumulate: 2 });
    await trainer.step(batch(3, 0));
    await expect(trainer.step(nan)).rejects.toThrow("Step 1:");
    for (let step = 1; step < 3; step++) await trainer.step(batch(3, step));
    const weights = await trainer.weights();

    const untroubled = trainerOf(network(3, { norm: false }), { accumulate: 2 });
    for (let step = 1; step < 3; step++) await untroubled.step(batch(3, step));
    expect(await untroubled.weights()).toEqual(weights);
  });

  test("from the schedule end in an error before the step", async () => {
    const schedule: Schedule = Object.assign(() => Number.NaN, { settings: {} });
    await expect(trainerOf(network(3), { schedule }).step(batch(3, 0))).rejects.toThrow(
      "The schedule gives the learning rate NaN for update 0; it must be 0 or more, and finite as a float32.",
    );
  });
});

describe("mistakes", () => {
  test("inputs of the wrong size, or none", async () => {
    const trainer = trainerOf(network(3));
    await expect(trainer.step(batch(2, 0))).rejects.toThrow(
      "image needs 270 numbers ([3, 3, 6, 5]); 180 were given.",
    );
    await expect(trainer.step({ image: batch(3, 0).image! })).rejects.toThrow("targets needs 6 numbers");
    await expect(trainer.evaluate({})).rejects.toThrow(
      "image needs 1 to 3 times 90 numbers ([3, 6, 5] each); none were given.",
    );
    expect((await trainer.evaluate({ image: batch(3, 0).image! })).length).toBe(6);
  });

  test("weights that are missing or of the wrong size", () => {
    const weights = goldenWeights(network(3).graph);
    weights.delete("conv2.weight");
    expect(() => trainerOf(network(3), { weights })).toThrow("conv2.weight is missing");
    weights.set("conv2.weight", new Float32Array(3));
    expect(() => trainerOf(network(3), { weights })).toThrow(
      "conv2.weight needs 216 numbers ([4, 6, 3, 3]), not 3.",
    );
  });

  test("accumulating nothing", () => {
    expect(() => trainerOf(network(3), { accumulate: 0 })).toThrow(
      "accumulate must be a whole number, 1 or more; it is 0.",
    );
  });

  test("a trainer whose engine has gone on to another network", async () => {
    const first = trainerOf(network(3));
    trainerOf(network(2));
    await expect(first.step(batch(3, 0))).rejects.toThrow("make an engine for each");
  });

  test("a network larger than the engine's memory", () => {
    const x = imageOf([64, 64, 2048, 2048]);
    expect(() => {
      const logits = linearLayer(flatten(globalAvgPool(silu(convLayer(x, "conv", 64)))), "fc", 1);
      const loss = bceWithLogits(logits, input(x.graph, "targets", [64, 1]));
      trainerOf({ graph: x.graph, logits, loss });
    }).toThrow("Use a smaller batch");
  });
});

test("the loss falls", async () => {
  const trainer = trainerOf(network(3), { schedule: constantSchedule(0.05) });
  const targets = Float32Array.from([1, 0, 0, 1, 1, 1]);
  const first = (await trainer.step({ ...batch(3, 0), targets })).loss;
  for (let step = 0; step < 30; step++) await trainer.step({ ...batch(3, 0), targets });
  expect((await trainer.step({ ...batch(3, 0), targets })).loss).toBeLessThan(first / 3);
});
