/**
 * How many training examples a second the loader makes of a data set by a recipe, epoch by epoch: in the first, whitened cadences are not
 * kept yet; with --kept 0 they never are.
 *
 *     node bench/loader.ts DATA RECIPE.json [--threads 1] [--epochs 3] [--limit 300] [--kept MIB]
 */

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { openCadenceSet } from "../src/formats/cadence-folder.node.ts";
import { inputShape } from "../src/learn/inputs/input-spec.ts";
import { openLoader } from "../src/learn/loader.node.ts";
import { checkRecipe } from "../src/learn/recipe.ts";
import { createSampler, limitPlaces } from "../src/learn/samples.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    epochs: { type: "string", default: "3" },
    limit: { type: "string", default: "300" },
    kept: { type: "string" },
  },
});
const [folder, file] = positionals;
if (folder === undefined || file === undefined)
  throw new Error("Give a data set's folder and a recipe's file.");
const recipe = checkRecipe(JSON.parse(await readFile(file, "utf8")), file);
const set = await openCadenceSet(folder, { split: "train" });
const labels = set.labels!;
const { shape } = set;
const all = Int32Array.from(set.ids, (_, place) => place);
const places = limitPlaces(all, labels, Number(values.limit), 1);
const sampleOf = createSampler({ places, labels, sampling: recipe.sampling, seed: 1 });
const { channels, height, width } = inputShape(recipe.input, shape);
const loader = openLoader(
  { input: recipe.input, augment: recipe.augment, inject: recipe.inject, shape },
  Number(values.threads),
  { places: set.ids.length, ...(values.kept && { bytes: 2 ** 20 * Number(values.kept) }) },
);
const { batch } = recipe;
const batches = Math.ceil(places.length / batch);
const source = (place: number) => ({ path: set.pathOf(place), label: labels[place]!, place });
const stream = loader.open({
  batchSize: batch,
  imageFloats: channels * height * width,
  examples: (number) =>
    number >= batches * Number(values.epochs)
      ? undefined
      : Array.from({ length: batch }, (_, index) => {
          const { place, key, partner } = sampleOf(number * batch + index);
          return { index, source: source(place), partner: source(partner), key, shareDone: 0 };
        }),
});
let startedMs = performance.now();
for (let loaded = await stream.next(); loaded; loaded = await stream.next()) {
  if ((loaded.number + 1) % batches > 0) continue;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `epoch ${(loaded.number + 1) / batches}: ${((batches * batch) / seconds).toFixed(1)} examples a second`,
  );
  startedMs = performance.now();
}
await loader.close();
