/** A recipe's network, ready for a trainer. */

import type { TrainingParts } from "../nn/compile/training.ts";
import { type BuiltModel, createModel, type Model } from "../nn/models/model.ts";
import type { Value } from "../nn/op.ts";
import { bceWithLogits } from "../nn/ops/bce-with-logits.ts";
import { focal } from "../nn/ops/focal.ts";
import { input } from "../nn/ops/input.ts";
import { flatten } from "../nn/ops/reshape.ts";
import { sumLosses } from "../nn/ops/sum-losses.ts";
import { adam, adamW, type Optimizer, sgd } from "../nn/optimizers.ts";
import { UsageError } from "../signal/errors.ts";
import type { PanelShape } from "../signal/panels.ts";
import { inputShape } from "./inputs/input-spec.ts";
import type { PlaceGrid } from "./inputs/places.ts";
import type { LossSpec, OptimizerSpec, Recipe } from "./recipe.ts";

export interface RecipeNetwork {
  readonly model: Model;
  readonly built: BuiltModel;
  readonly parts: TrainingParts;
  /** Floats of one image. */
  readonly imageFloats: number;
  /** The grid of the places that batches need `placeTargets` and `placesKnown` for, [batch, rows * columns]; absent where the recipe asks for none. */
  readonly places?: PlaceGrid;
  /** What a batch needs beside these. */
  readonly constants: Readonly<Record<string, Float32Array>>;
}

/**
 * Builds the network for cadences of a shape. `balance` is how many negatives there are for each positive. Inputs are `image`, `targets` and, with
 * `places`, `placeTargets` and `placesKnown`.
 */
export function buildNetwork(recipe: Recipe, shape: PanelShape, balance: number): RecipeNetwork {
  const { channels, height, width } = inputShape(recipe.input, shape);
  const { name, ...options } = recipe.model;
  const model = createModel(name, { ...options, inChannels: channels, numClasses: 1 });
  const built = model.build({ batch: recipe.batch, height, width });
  const { graph, logits } = built;
  const { loss: ofImages, constants } = imageLoss(recipe.loss, logits, balance);
  const { places: weight } = recipe.loss;
  const places = weight === undefined ? undefined : placeLoss(built, recipe);
  const loss = places
    ? sumLosses([
        { loss: ofImages, weight: 1 },
        { loss: places.loss, weight: weight! },
      ])
    : ofImages;
  return {
    ...{ model, built, parts: { graph, logits, loss }, imageFloats: channels * height * width, constants },
    ...(places && { places: places.grid }),
  };
}

function imageLoss(
  { name, gamma, positiveWeight: asked }: LossSpec,
  logits: Value,
  balance: number,
): { readonly loss: Value; readonly constants: RecipeNetwork["constants"] } {
  const { graph } = logits;
  const targets = input(graph, "targets", logits.shape);
  const positiveWeight = asked === "balanced" ? balance : asked;
  if (name === "focal") {
    // The weights of both classes add to 1 there.
    const alpha = positiveWeight === undefined ? -1 : positiveWeight / (1 + positiveWeight);
    const loss = focal(logits, targets, { alpha, ...(gamma !== undefined && { gamma }) });
    return { loss, constants: {} };
  }
  if (positiveWeight === undefined) return { loss: bceWithLogits(logits, targets), constants: {} };
  return {
    loss: bceWithLogits(logits, targets, input(graph, "positiveWeight", [1, 1])),
    constants: { positiveWeight: Float32Array.of(positiveWeight) },
  };
}

/** Places of which nothing is known don't count. */
function placeLoss(
  { graph, places }: BuiltModel,
  { model }: Recipe,
): { readonly loss: Value; readonly grid: PlaceGrid } {
  if (!places)
    throw new UsageError(
      `The model ${model.name} doesn't say where it sees a needle: leave out loss.places.`,
    );
  const logits = flatten(places);
  const targets = input(graph, "placeTargets", logits.shape);
  const known = input(graph, "placesKnown", logits.shape);
  const [, , rows, columns] = places.shape as [number, number, number, number];
  return { loss: bceWithLogits(logits, targets, undefined, known), grid: { rows, columns } };
}

export function makeOptimizer(spec: OptimizerSpec): Optimizer {
  const { name, weightDecay, beta1, beta2, momentum } = spec;
  const decay = weightDecay === undefined ? {} : { weightDecay };
  if (name === "sgd") return sgd({ ...decay, ...(momentum !== undefined && { momentum }) });
  const betas = [beta1 ?? 0.9, beta2 ?? 0.999] as const;
  return name === "adam" ? adam({ ...decay, betas }) : adamW({ ...decay, betas });
}
