import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGraph } from "../graph.ts";
import { convLayer, linearLayer, normLayer, normSilu, squeezeExcite } from "../layers.ts";
import type { Value } from "../op.ts";
import { add } from "../ops/add.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { dropPath } from "../ops/drop-path.ts";
import { dropout } from "../ops/dropout.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { flatten } from "../ops/reshape.ts";
import { checkGraph, randomInputs } from "../testing/check-graph.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { graphChoices, randomGraph } from "../testing/random-graph.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer, type TrainerOptions } from "../trainer.ts";
import type { TrainingParts } from "./training.ts";

const machines = testMachines([{ threads: 2, relaxedSimd: true }]);

type Memory = Pick<TrainerOptions, "recompute" | "maxBytes">;

async function trained(parts: TrainingParts, memory: Memory) {
  const trainer = createTrainer(parts, machines[0]!.engine, {
    weights: goldenWeights(parts.graph),
    seed: 9,
    ...memory,
  });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++)
    losses.push((await trainer.step(randomInputs(parts.graph, step))).loss);
  const numbers = { losses, weights: await trainer.weights(), gradients: await trainer.gradients() };
  return { numbers, bytes: trainer.session.bytes, kernels: trainer.plan.programs.gradients!.length };
}

/** Blocks of EfficientNet's kind, each a scope, with what is left to chance. */
function tower(blocks: number): TrainingParts {
  const graph = createGraph();
  let x = graph.scope("stem", () =>
    normSilu(convLayer(input(graph, "image", [4, 3, 16, 16]), "stem", 8), "bn"),
  );
  for (let i = 0; i < blocks; i++) x = graph.scope(`blocks.${i}`, () => block(x, `blocks.${i}`));
  const logits = linearLayer(dropout(flatten(globalAvgPool(x)), 0.2), "classifier", 1);
  return { graph, logits, loss: bceWithLogits(logits, input(graph, "targets", [4, 1])) };
}

function block(x: Value, name: string): Value {
  const wide = normSilu(convLayer(x, `${name}.pw`, 32), `${name}.bn1`);
  const dw = normSilu(convLayer(wide, `${name}.dw`, 32, { kernel: 3, groups: 32 }), `${name}.bn2`);
  const narrow = convLayer(squeezeExcite(dw, `${name}.se`, 4), `${name}.pwl`, 8);
  return add(dropPath(normLayer(narrow, `${name}.bn3`), 0.3), x);
}

describe("blocks computed twice", () => {
  test("give the same numbers to the bit, in less memory", async () => {
    const none = await trained(tower(6), { recompute: "none" });
    const all = await trained(tower(6), { recompute: "all" });
    expect(all.numbers).toEqual(none.numbers);
    expect(all.bytes).toBeLessThan(0.5 * none.bytes);
    expect(all.kernels).toBeGreaterThan(none.kernels);
  });

  test("are as few as it takes to fit", async () => {
    const none = await trained(tower(6), { recompute: "none" });
    const all = await trained(tower(6), { recompute: "all" });
    const maxBytes = Math.round((none.bytes + all.bytes) / 2);
    const some = await trained(tower(6), { maxBytes });
    expect(some.numbers).toEqual(none.numbers);
    expect(some.bytes).toBeLessThanOrEqual(maxBytes);
    expect(some.kernels).toBeGreaterThan(none.kernels);
    expect(some.kernels).toBeLessThan(all.kernels);
    const enough = await trained(tower(6), { maxBytes: none.bytes });
    expect(enough.kernels).toBe(none.kernels);
  });

  test("are refused where not even all of them make the training fit", async () => {
    const all = await trained(tower(6), { recompute: "all" });
    expect((await trained(tower(6), { maxBytes: all.bytes })).bytes).toBe(all.bytes);
    await expect(trained(tower(6), { maxBytes: all.bytes - 1 })).rejects.toThrow(
      `The training needs ${all.bytes} bytes even with every block computed twice, and ${all.bytes - 1} are allowed`,
    );
    await expect(trained(tower(6), { recompute: "none", maxBytes: all.bytes })).rejects.toThrow(
      "with no block computed twice",
    );
  });

  test("in any network drawn at random give the same numbers to the bit", () => {
    const property = fc.asyncProperty(graphChoices, async (choices) => {
      const none = await trained(randomGraph(choices, { scoped: true }), { recompute: "none" });
      const all = await trained(randomGraph(choices, { scoped: true }), { recompute: "all" });
      expect(all.numbers).toEqual(none.numbers);
    });
    return fc.assert(property, { seed: 6, numRuns: 30 });
  });

  test("give the reference's gradients", () =>
    fc.assert(
      fc.asyncProperty(graphChoices, (choices) =>
        checkGraph(machines, randomGraph(choices, { scoped: true }), { recompute: "all" }),
      ),
      { seed: 9, numRuns: 10 },
    ));
});
