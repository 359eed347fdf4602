/** A recipe's network, ready for a trainer. */

import type { TrainingParts } from "../nn/compile/training.ts";
import { type BuiltModel, createModel, type Model } from "../nn/models/model.ts";
import type { Value } from "../nn/op.ts";
import { bceWithLogits } from "../nn/ops/bce-with-logits.ts";
import { focal } from "../nn/ops/focal.ts";
import { input } from "../nn/ops/input.ts";
import { adam, adamW, type Optimizer, sgd } from "../nn/optimizers.ts";
import { inputShape, type PanelShape } from "./inputs/input-spec.ts";
import type { OptimizerSpec, Recipe } from "./recipe.ts";

export interface RecipeNetwork {
  readonly model: Model;
  readonly built: BuiltModel;
  readonly parts: TrainingParts;
  /** Floats of one image. */
  readonly imageFloats: number;
  /** What a batch needs beside images and targets. */
  readonly constants: Readonly<Record<string, Float32Array>>;
}

/** Builds the network for cadences of a shape. `balance` is how many negatives there are for each positive. */
export function buildNetwork(recipe: Recipe, shape: PanelShape, balance: number): RecipeNetwork {
  const { channels, height, width } = inputShape(recipe.input, shape);
  const { name, ...options } = recipe.model;
  const model = createModel(name, { ...options, inChannels: channels, numClasses: 1 });
  const built = model.build({ batch: recipe.batch, height, width });
  const { graph, logits } = built;
  const targets = input(graph, "targets", logits.shape);
  const { positiveWeight: asked, gamma } = recipe.loss;
  const positiveWeight = asked === "balanced" ? balance : asked;
  let loss: Value;
  let constants = {};
  if (recipe.loss.name === "focal") {
    // The weights of both classes add to 1 there.
    const alpha = positiveWeight === undefined ? -1 : positiveWeight / (1 + positiveWeight);
    loss = focal(logits, targets, { alpha, ...(gamma !== undefined && { gamma }) });
  } else if (positiveWeight === undefined) {
    loss = bceWithLogits(logits, targets);
  } else {
    loss = bceWithLogits(logits, targets, input(graph, "positiveWeight", [1, 1]));
    constants = { positiveWeight: Float32Array.of(positiveWeight) };
  }
  return { model, built, parts: { graph, logits, loss }, imageFloats: channels * height * width, constants };
}

export function makeOptimizer(spec: OptimizerSpec): Optimizer {
  const { name, weightDecay, beta1, beta2, momentum } = spec;
  const decay = weightDecay === undefined ? {} : { weightDecay };
  if (name === "sgd") return sgd({ ...decay, ...(momentum !== undefined && { momentum }) });
  const betas = [beta1 ?? 0.9, beta2 ?? 0.999] as const;
  return name === "adam" ? adam({ ...decay, betas }) : adamW({ ...decay, betas });
}
