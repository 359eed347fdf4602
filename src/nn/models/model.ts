/** Models by name. */

import { UsageError } from "../../signal/errors.ts";
import { type Graph, numel } from "../op.ts";
import type { Model, ModelOptions } from "./config.ts";
import { compoundEfficientNet, efficientNetNames, publishedEfficientNet } from "./efficientnet.ts";
import { lineNet } from "./linenet.ts";
import { resNet, resNetNames } from "./resnet.ts";

export type { BuiltModel, ImageSize, Model, ModelConfig, ModelOptions } from "./config.ts";

const families: ReadonlyMap<string, (name: string, options: ModelOptions) => Model> = new Map([
  ...efficientNetNames.map((name) => [name, publishedEfficientNet] as const),
  ["efficientnet", compoundEfficientNet] as const,
  ...resNetNames.map((name) => [name, resNet] as const),
  ["linenet", lineNet] as const,
]);

/** All names that `createModel` knows. */
export const modelNames: readonly string[] = [...families.keys()];

/**
 * A network by its name in timm, ready to be built for any size of image:
 *
 *     const model = createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
 *     const { graph, logits } = model.build({ batch: 16, height: 273, width: 256 });
 *
 * `efficientnet` takes any compound coefficient `phi`. Throws a UsageError for a name or an option that it doesn't know.
 */
export function createModel(name: string, options: ModelOptions = {}): Model {
  const create = families.get(name);
  if (!create)
    throw new UsageError(`There is no model named ${name}. The models are ${modelNames.join(", ")}.`);
  return create(name, options);
}

/** How many numbers the network learns: running statistics are not among them. */
export function countParameters(graph: Graph): number {
  let count = 0;
  for (const { trainable, shape } of graph.weights.values()) {
    if (trainable) count += numel(shape);
  }
  return count;
}
