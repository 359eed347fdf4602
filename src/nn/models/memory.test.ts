/** What training takes in memory on 6 x 273 x 256, from plans alone: nothing is computed, and no memory taken. */

import { afterAll, expect, test } from "vitest";
import { compileTraining, type MemoryChoices } from "../compile/training.ts";
import { createEngine } from "../engines/wasm/engine.node.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { input } from "../ops/input.ts";
import { adam } from "../optimizers.ts";
import { createModel } from "./model.ts";

const GIB = 2 ** 30;
const engines = createEngine({ threads: 2 });
afterAll(async () => (await engines).close());

async function bytesOf(name: string, batch: number, recompute: MemoryChoices["recompute"]): Promise<number> {
  const model = createModel(name, { inChannels: 6, numClasses: 1, stem: "tutorial" });
  const { graph, logits } = model.build({ batch, height: 273, width: 256 });
  const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
  const engine = await engines;
  const choices = { optimizer: adam(), clipNorm: 1, emaDecay: 0.999, recompute };
  return engine.bytesFor(compileTraining({ graph, logits, loss }, engine, choices));
}

test.each([
  ["efficientnet_b0", 32, "none", 1, 3.5e9],
  ["efficientnet_b3", 32, "none", 2, 12e9],
  ["efficientnet_b3", 32, "all", 0.5, 2 * GIB],
  ["efficientnet_b7", 16, "auto", 2, 4 * GIB],
] as const)("%s at batch %i, recomputing %s", async (name, batch, recompute, least, most) => {
  const bytes = await bytesOf(name, batch, recompute);
  expect(bytes).toBeLessThanOrEqual(most);
  // A plan that left tensors out would be small.
  expect(bytes).toBeGreaterThan(least * GIB);
});

test("B7 at batch 16 needs that some is computed twice", async () => {
  await expect(bytesOf("efficientnet_b7", 16, "none")).rejects.toThrow(
    /needs 5\d{9} bytes with no block computed twice/,
  );
});
