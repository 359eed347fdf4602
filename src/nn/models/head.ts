/** What stands before and after every model's own layers: the images, the stem, the pool, dropout and the classifier. */

import { createGraph } from "../graph.ts";
import { convLayer, linearLayer } from "../layers.ts";
import type { Value } from "../op.ts";

import { dropout } from "../ops/dropout.ts";
import { gemPool } from "../ops/gem-pool.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { flatten } from "../ops/reshape.ts";
import { parameter } from "../ops/weight.ts";
import { type BuiltModel, checkSize, type ImageSize, type ModelConfig } from "./config.ts";

/** Builds a whole model around its trunk, which takes [n, c, h, w] to feature maps. */
export function buildModel(
  { classifier }: { readonly classifier: string },
  config: ModelConfig,
  size: ImageSize,
  trunk: (x: Value) => Value,
): BuiltModel {
  const { name, inChannels, numClasses, stem } = config;
  checkSize(name, size);
  const graph = createGraph();
  const images = input(graph, "image", [size.batch, inChannels, size.height, size.width]);
  const maps = trunk(stem === "tutorial" ? tutorialStem(images) : images);
  const features = flatten(pooled(maps, config));
  const kept = config.dropout > 0 ? dropout(features, config.dropout) : features;
  const logits = linearLayer(kept, classifier, numClasses);
  return { graph, images, features, logits };
}

/** As torch.nn.Conv2d(channels, 3, 3, padding=3, bias=False) starts: uniform within 1 / sqrt(fan-in). */
function tutorialStem(images: Value): Value {
  const bound = 1 / Math.sqrt(9 * images.shape[1]!);
  return convLayer(images, "stem", 3, { kernel: 3, padding: 3, init: { kind: "uniform", bound } });
}

/** GeM starts at the power 3, as its authors did (Radenovic 2018). */
function pooled(maps: Value, { pool }: ModelConfig): Value {
  if (pool === "avg") return globalAvgPool(maps);
  const init = { kind: "constant", value: 3 } as const;
  return gemPool(maps, parameter(maps.graph, "global_pool.p", [1], { init, decay: false }));
}
