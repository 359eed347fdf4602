import { describe, expect, test } from "vitest";
import golden from "./golden/optimizers.json" with { type: "json" };
import { input } from "./ops/input.ts";
import { linear } from "./ops/linear.ts";
import { mse } from "./ops/mse.ts";
import { adam, adamW, type Optimizer, sgd } from "./optimizers.ts";
import { constantSchedule } from "./schedules.ts";
import { expectNear } from "./testing/check-graph.ts";
import { imageOf, learned } from "./testing/small-networks.ts";
import { testMachines } from "./testing/test-engines.ts";
import { createTrainer, type TrainerOptions } from "./trainer.ts";

const machines = testMachines([
  { threads: 1, relaxedSimd: false },
  { threads: 2, relaxedSimd: true },
]);

/** The formula of scripts/golden/make_optimizers.py. */
const wave = (k: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(k + 1.7 * i));

async function fiveSteps(machine: number, options: Partial<TrainerOptions>) {
  const x = imageOf([4, 3]);
  const y = linear(x, learned(x, "weight", [2, 3]), learned(x, "bias", [2]));
  const parts = { graph: x.graph, logits: y, loss: mse(y, input(x.graph, "targets", [4, 2])) };
  const trainer = createTrainer(parts, machines[machine]!.engine, {
    weights: new Map([
      ["weight", wave(1, 6)],
      ["bias", wave(2, 2)],
    ]),
    schedule: constantSchedule(0.1),
    ...options,
  });
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < 5; step++) {
    const report = await trainer.step({ image: wave(10 + step, 12), targets: wave(20 + step, 8) });
    losses.push(report.loss);
    norms.push(report.gradNorm!);
  }
  return { losses, norms, weights: await trainer.weights() };
}

type Golden = Pick<(typeof golden.optimizers)[number], "losses" | "gradientNorms" | "weight" | "bias">;

function expectGolden({ losses, norms, weights }: Awaited<ReturnType<typeof fiveSteps>>, expected: Golden) {
  expectNear(losses, expected.losses, 3e-6, 0, "losses");
  expectNear(norms, expected.gradientNorms, 3e-6, 0, "norms of the gradient");
  expectNear(weights.get("weight")!, expected.weight, 3e-6, 0, "weight");
  expectNear(weights.get("bias")!, expected.bias, 3e-6, 0, "bias");
}

const makers: Record<string, (options: object) => Optimizer> = { sgd, adam, adamW };

describe.each([0, 1])("five steps as PyTorch takes them, machine %d", (machine) => {
  test.each(golden.optimizers)("$name, $options", async ({ name, options, ...expected }) => {
    expectGolden(await fiveSteps(machine, { optimizer: makers[name]!(options) }), expected);
  });

  test("with the gradient's norm clipped", async () => {
    const { maxNorm, ...expected } = golden.clipped;
    expectGolden(await fiveSteps(machine, { optimizer: sgd(), clipNorm: maxNorm }), expected);
  });
});

test("settings that make no sense are refused", () => {
  const share = "must be at least 0 and below 1 (at most 0.9999999); it is";
  expect(() => sgd({ momentum: 1 })).toThrow(`momentum ${share} 1.`);
  // One in float32, in which the kernels have it.
  expect(() => adam({ betas: [0.9, 0.99999999] })).toThrow(`beta2 ${share} 0.99999999.`);
  expect(() => adam({ betas: [0.9, 0.9999999] })).not.toThrow();
  expect(() => adam({ betas: [0.9, 1.2] })).toThrow("beta2");
  expect(() => adamW({ betas: [Number.NaN, 0.9] })).toThrow("beta1");
  expect(() => sgd({ momentum: 0, nesterov: true })).toThrow("Nesterov");
  expect(() => sgd({ dampening: 0.1, nesterov: true })).toThrow("Nesterov");
  expect(() => sgd({ dampening: 1.1 })).toThrow("dampening must be from 0 to 1; it is 1.1.");
  for (const weightDecay of [Number.NaN, -5, Number.POSITIVE_INFINITY, 1e39]) {
    const message = `weightDecay must be 0 or more, and finite as a float32; it is ${weightDecay}.`;
    for (const make of [sgd, adam, adamW]) expect(() => make({ weightDecay })).toThrow(message);
  }
  for (const eps of [Number.NaN, 0, -1e-8, 1e-50, 1e39]) {
    expect(() => adam({ eps })).toThrow(`eps must be above 0, and finite as a float32; it is ${eps}.`);
  }
});
