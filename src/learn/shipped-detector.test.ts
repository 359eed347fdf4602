import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openOnnx } from "../nn/onnx/session.node.ts";
import { readSafetensors } from "../nn/safetensors.node.ts";
import { findRecipe } from "./find-recipe.node.ts";
import { preprocessingOf } from "./preprocessing.ts";
import { checkRecipe, type Recipe } from "./recipe.ts";
import { buildNetwork } from "./recipe-network.ts";
import { shippedDetector } from "./shipped-detector.node.ts";
import { findWeights, startWeights } from "./start-weights.node.ts";

const beside = (name: string) => new URL(`../../models/${name}`, import.meta.url);
const known = JSON.parse(await readFile(beside("detector.json"), "utf8"));
const recipe = checkRecipe(JSON.parse(await readFile(beside("detector.recipe.json"), "utf8")), "its recipe");
const digest = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

const startOf = async (start: Recipe) => {
  const { model, built } = buildNetwork({ ...start, batch: 1 }, known.trainedOn.shape, 1);
  return startWeights(model, built, await findWeights("detector"), 1);
};

test("what is told of the detector in the box is told of the files that lie there", async () => {
  const model = await readFile(shippedDetector.model);
  expect(known.sha256).toEqual({
    onnx: digest(model),
    safetensors: digest(await readFile(shippedDetector.weights)),
    recipe: digest(JSON.stringify(recipe)),
  });
  expect(model.length).toBeLessThan(20e6);
});

test("it takes cadences as its recipe and its shape have them", async () => {
  const session = await openOnnx(shippedDetector.model);
  const { input, shape, flips } = preprocessingOf(session.description, "the detector");
  await session.close();
  expect({ input, flips }).toEqual({ input: recipe.input, flips: recipe.flips });
  expect(shape).toEqual(known.trainedOn.shape);
});

test('weights: "detector" starts a network of its shape from its weights, as run.json tells by their digest', async () => {
  expect((await findWeights("detector")).record).toEqual({
    source: "detector",
    sha256: known.sha256.safetensors,
  });
  const started = await startOf(recipe);
  const { tensors } = await readSafetensors(shippedDetector.weights);
  expect(started.size).toBeGreaterThan(50);
  for (const [name, values] of started) expect([name, values]).toEqual([name, tensors.get(name)!.data]);
});

test('weights: "detector" names the tensors that another network lacks', async () => {
  const other = await findRecipe("seed");
  await expect(startOf(other)).rejects.toThrow(
    /^detector doesn't fit the network.* Missing: blocks\.\d[^ ]*, .* and \d+ more\./,
  );
});
