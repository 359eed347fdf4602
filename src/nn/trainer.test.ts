import { describe, expect, test } from "vitest";
import type { TrainingParts } from "./compile/training.ts";
import { convLayer, linearLayer } from "./layers.ts";
import { silu } from "./ops/activation.ts";
import { bceWithLogits } from "./ops/bce-with-logits.ts";
import { crossEntropy } from "./ops/cross-entropy.ts";
import { globalAvgPool } from "./ops/global-avg-pool.ts";
import { input } from "./ops/input.ts";
import { flatten } from "./ops/reshape.ts";
import { adamW, sgd } from "./optimizers.ts";
import { constantSchedule, cosineSchedule, customSchedule, type Schedule } from "./schedules.ts";
import { expectNear } from "./testing/check-graph.ts";
import { goldenWeights } from "./testing/golden-graph.ts";
import { imageOf } from "./testing/small-networks.ts";
import { smallBatch, smallNetwork, smallTrainer } from "./testing/small-training.ts";
import { testMachines } from "./testing/test-engines.ts";
import type { TrainerOptions } from "./trainer.ts";

const machines = testMachines([{ threads: 2, relaxedSimd: true }]);

const network = smallNetwork;
const batch = smallBatch;
const trainerOf = (parts: TrainingParts, options?: Partial<TrainerOptions>) =>
  smallTrainer(machines[0]!.engine, parts, options);

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

  test("from targets that a loss can't read are told so", async () => {
    const x = imageOf([2, 3, 4, 4]);
    const logits = linearLayer(flatten(globalAvgPool(convLayer(x, "conv", 4))), "fc", 3);
    const loss = crossEntropy(logits, input(x.graph, "classes", [2]));
    const trainer = trainerOf({ graph: x.graph, logits, loss });
    const image = new Float32Array(96).fill(0.3);
    await expect(trainer.step({ image, classes: Float32Array.of(0, 3) })).rejects.toThrow(
      /isn't finite comes from crossEntropy\. .* its targets must be class numbers: whole, from 0, below the number of classes\./,
    );
    expect((await trainer.step({ image, classes: Float32Array.of(0, 2) })).updated).toBe(true);
  });

  test("that an update makes of weights are told as that, and nothing goes on from them but what is restored", async () => {
    const schedule = customSchedule({ name: "huge" }, (step) => (step === 1 ? 3e38 : 1e-3));
    const optimizer = sgd({ weightDecay: 100 });
    for (const ema of [{}, { emaDecay: 0.9 }]) {
      const trainer = trainerOf(network(3), { schedule, optimizer, ...ema });
      await trainer.step(batch(3, 0));
      const good = await trainer.state();
      const scored = await trainer.weights();
      const message =
        /^Step 1: the update with the learning rate 3e\+38 made \d+ of the weights NaN or infinite, conv1\.weight the first\. .*restore/;
      await expect(trainer.step(batch(3, 1))).rejects.toThrow(message);
      await expect(trainer.step(batch(3, 1))).rejects.toThrow(message);
      await expect(trainer.state()).rejects.toThrow(message);
      if ("emaDecay" in ema) expect(await trainer.weights()).toEqual(scored);
      else {
        await expect(trainer.weights()).rejects.toThrow(message);
        await expect(trainer.evaluate(batch(3, 1))).rejects.toThrow(message);
      }
      await trainer.restore(good);
      expect(await trainer.state()).toEqual(good);
    }
  });

  test("from the schedule end in an error before the step", async () => {
    const schedule: Schedule = Object.assign(() => Number.NaN, { settings: {} });
    await expect(trainerOf(network(3), { schedule }).step(batch(3, 0))).rejects.toThrow(
      "The schedule gives the learning rate NaN for update 0; it must be 0 or more, and finite as a float32.",
    );
  });
});

describe("scoring", () => {
  test("takes fewer images than the network does at a time, and gives as many scores", async () => {
    const trainer = trainerOf(network(3));
    await trainer.step(batch(3, 0));
    const whole = await trainer.evaluate(batch(3, 1));
    expect(whole.length).toBe(6);
    for (const count of [1, 2, 3]) {
      const image = batch(3, 1).image!.slice(0, count * 90);
      expect(await trainer.evaluate({ image })).toEqual(whole.slice(0, count * 2));
    }
    // Zeros stand where no image is, not the batch before.
    await trainer.evaluate({ image: batch(3, 1).image!.slice(0, 90) });
    const input = await trainer.session.read(trainer.plan.inputs.get("image")!.tensor);
    expect(input.slice(90).every((x) => x === 0)).toBe(true);
    for (const numbers of [0, 89, 91, 360]) {
      await expect(trainer.evaluate({ image: new Float32Array(numbers) })).rejects.toThrow(
        `image needs 1 to 3 times 90 numbers ([3, 6, 5] each); ${numbers} were given.`,
      );
    }
  });

  test("ends in an error where a score isn't finite, and names what made it so", async () => {
    const trainer = trainerOf(network(3));
    const image = batch(3, 1).image!;
    await expect(trainer.evaluate({ image: image.with(100, Number.NaN) })).rejects.toThrow(
      /^Scoring: a logit of image 1 is NaN; .* comes from input image\. Look for NaN and infinities in what the batch gives as image\.$/,
    );
    await expect(trainer.evaluate({ image: image.map((x) => x * 1e38) })).rejects.toThrow(
      /^Scoring: a logit of image 0 is .* comes from conv2d of conv1\.weight\. The inputs are finite: look at how large/,
    );
    expect((await trainer.evaluate({ image })).every(Number.isFinite)).toBe(true);
  });

  test("leaves the logits of the last step as they were", async () => {
    const trainer = trainerOf(network(3));
    await expect(trainer.lastLogits()).rejects.toThrow("no step has been taken");
    await trainer.step(batch(3, 0));
    const logits = await trainer.lastLogits();
    expect(await trainer.evaluate(batch(3, 1))).not.toEqual(logits);
    expect(await trainer.lastLogits()).toEqual(logits);
  });
});

describe("mistakes", () => {
  test("inputs of another type", async () => {
    const image = new Uint32Array(270) as unknown as Float32Array;
    const message = "they must be in a Float32Array, and are of type Uint32Array.";
    await expect(trainerOf(network(3)).step({ ...batch(3, 0), image })).rejects.toThrow(message);
    await expect(trainerOf(network(3)).evaluate({ image })).rejects.toThrow(message);
  });

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
    weights.set("conv2.weight", new Float32Array(216).fill(Number.NaN));
    weights.set("conv3.weight", new Float32Array(3));
    expect(() => trainerOf(network(3), { weights })).toThrow(
      "conv2.weight holds numbers that are NaN or infinite; conv3.weight is unexpected.",
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
