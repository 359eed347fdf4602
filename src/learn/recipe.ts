/** A recipe: all that a training is told beside its data, as plain JSON. `docs/recipes.md` tells every key. */

import { createModel, type ModelOptions } from "../nn/models/model.ts";
import { UsageError } from "../signal/errors.ts";
import { type Fields, readFields } from "../signal/json-fields.ts";
import type { AugmentSpec } from "./inputs/augment.ts";
import type { InjectSpec } from "./inputs/inject.ts";
import { checkInputSpec, type InputSpec } from "./inputs/input-spec.ts";
import { checkAugmentSpec } from "./recipe-augment.ts";

export interface Recipe {
  readonly name: string;
  readonly input: InputSpec;
  readonly model: ModelSpec;
  /** Where training starts: first values drawn by the seed (null), a safetensors file, a model on the Hugging Face hub (OWNER/NAME), or the detector. */
  readonly weights: string | null;
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  /** Cadences a step. */
  readonly batch: number;
  /** How often training sees every cadence, unless the time is given. */
  readonly epochs: number;
  /** Parts that the cadences are cut into, as many positives in each; a network is trained on all but one. 1: on everything, with none held out. */
  readonly folds: number;
  /** How many of these networks are trained; all of them if not given. */
  readonly trainedFolds?: number;
  /** Draws the folds; the run's seed if not given. */
  readonly foldSeed?: number;
  /** `natural`: every cadence once an epoch. `positives`: the share of a batch that has a needle. */
  readonly sampling: "natural" | { readonly positives: number };
  readonly augment: AugmentSpec;
  /** Needles and interferers that are simulated into the training's cadences. */
  readonly inject?: InjectSpec;
  /** Largest norm of the gradient. */
  readonly clipNorm?: number;
  /** Decay of the weights' moving average, which is then what is scored and kept. */
  readonly emaDecay?: number;
  /** Views of a cadence that prediction averages: as it is, and mirrored along these axes. */
  readonly flips: (typeof flipNames)[number];
}

/** A model's name and options; channels and classes follow from the input. */
export type ModelSpec = { readonly name: string } & Omit<ModelOptions, "inChannels" | "numClasses">;

export interface LossSpec {
  readonly name: "bce" | "focal";
  /** Of `focal`: how much less counts what is right already. */
  readonly gamma?: number;
  /** How much a positive counts beside a negative; `balanced`: as many times as there are more negatives. */
  readonly positiveWeight?: number | "balanced";
  /**
   * How much a second loss counts beside it: the binary cross-entropy of where the network sees a needle, the mean over the places of a batch
   * of which it is known. Of models that say so (`linenet`) and the layout `lines`; without it there is none.
   */
  readonly places?: number;
}

export interface OptimizerSpec {
  readonly name: "adam" | "adamW" | "sgd";
  /** The highest of the schedule. */
  readonly learningRate: number;
  readonly weightDecay?: number;
  /** Of `adam` and `adamW`. */
  readonly beta1?: number;
  readonly beta2?: number;
  /** Of `sgd`. */
  readonly momentum?: number;
}

export interface ScheduleSpec {
  readonly name: "constant" | "cosine" | "one-cycle";
  /** Share of the training in which the rate rises. */
  readonly warmup?: number;
}

export const flipNames = ["none", "frequency", "time", "both"] as const;

/** Checks what may be anything. Throws a UsageError that names `source` (the file, or the recipe) and the key. */
export function checkRecipe(value: unknown, source: string): Recipe {
  return readFields(source, value, (fields) => {
    const recipe: Recipe = {
      name: fields.text("name"),
      input: checkInputSpec(fields.any("input"), source),
      model: readModel(fields, source),
      weights: fields.any("weights") === null ? null : fields.text("weights", null),
      loss: fields.object("loss", readLoss),
      optimizer: fields.object("optimizer", readOptimizer),
      schedule: fields.object("schedule", (schedule) => ({
        name: schedule.choice("name", ["constant", "cosine", "one-cycle"]),
        ...optional("warmup", schedule.number("warmup", { min: 0, below: 1 }, undefined)),
      })),
      batch: fields.number("batch", { min: 1, whole: true }),
      epochs: fields.number("epochs", { above: 0 }),
      folds: fields.number("folds", { min: 1, max: 1000, whole: true }),
      ...optional("trainedFolds", fields.number("trainedFolds", { min: 1, whole: true }, undefined)),
      ...optional(
        "foldSeed",
        fields.number("foldSeed", { min: 0, max: 2 ** 32 - 1, whole: true }, undefined),
      ),
      sampling: readSampling(fields),
      augment: checkAugmentSpec(fields.any("augment") ?? {}, source),
      ...optional("inject", fields.has("inject") ? fields.object("inject", readInject) : undefined),
      ...optional("clipNorm", fields.number("clipNorm", { above: 0 }, undefined)),
      ...optional("emaDecay", fields.number("emaDecay", { min: 0, below: 1 }, undefined)),
      flips: fields.choice("flips", flipNames, "none"),
    };
    if (recipe.trainedFolds !== undefined && recipe.trainedFolds > recipe.folds) {
      fields.fail("trainedFolds", `at most folds, ${recipe.folds}`);
    }
    if (recipe.loss.places !== undefined) {
      const { placeSize } = createModel(recipe.model.name, recipe.model);
      const wanted = placeSize
        ? "input.layout is lines"
        : "the model says where it sees a needle, as linenet";
      if (!placeSize || recipe.input.layout !== "lines") {
        throw new UsageError(`${source}: loss.places must be left out unless ${wanted}.`);
      }
    }
    if (recipe.inject && recipe.input.normalisation !== "whiten") {
      fields.fail("inject", "left out unless input.normalisation is whiten");
    }
    return recipe;
  });
}

function readInject(fields: Fields): InjectSpec {
  const share = { min: 0, max: 1 };
  return {
    needles: fields.number("needles", share),
    interference: fields.number("interference", share),
    snrDb: readDecibels(fields, "snrDb"),
    ...(fields.has("interferenceSnrDb") && { interferenceSnrDb: readDecibels(fields, "interferenceSnrDb") }),
  };
}

function readDecibels(fields: Fields, key: string): [number, number] {
  const bounds = fields.any(key);
  const [low, high] = (Array.isArray(bounds) ? bounds : []) as unknown[];
  if (!isDecibels(low) || !isDecibels(high) || low > high || (bounds as unknown[]).length !== 2) {
    fields.fail(key, "two numbers of decibels from -20 to 100, the lower first");
  }
  return [low as number, high as number];
}

function isDecibels(value: unknown): value is number {
  return typeof value === "number" && value >= -20 && value <= 100;
}

/** The model's own checker knows its options; what it says of them is told as the recipe's. */
function readModel(fields: Fields, source: string): ModelSpec {
  const model = fields.any("model");
  const named = typeof model === "object" && model !== null && "name" in model;
  if (!named || typeof model.name !== "string") fields.fail("model", "an object with a name");
  for (const key of ["inChannels", "numClasses"]) {
    if (key in (model as object)) {
      throw new UsageError(`${source}: model.${key} follows from the input. Leave it out.`);
    }
  }
  const spec = model as ModelSpec;
  try {
    createModel(spec.name, spec);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${source}: model: ${error.message}`);
    throw error;
  }
  return spec;
}

function readLoss(fields: Fields): LossSpec {
  const name = fields.choice("name", ["bce", "focal"]);
  const gamma = fields.number("gamma", { min: 0 }, undefined);
  if (name === "bce" && gamma !== undefined) fields.fail("gamma", "left out for bce");
  const balanced = fields.any("positiveWeight") === "balanced";
  const positiveWeight = balanced ? "balanced" : fields.number("positiveWeight", { above: 0 }, undefined);
  const places = fields.number("places", { above: 0 }, undefined);
  return {
    name,
    ...optional("gamma", gamma),
    ...optional("positiveWeight", positiveWeight),
    ...optional("places", places),
  };
}

function readOptimizer(fields: Fields): OptimizerSpec {
  const name = fields.choice("name", ["adam", "adamW", "sgd"]);
  const share = { min: 0, below: 1 };
  const spec = {
    name,
    learningRate: fields.number("learningRate", { above: 0 }),
    ...optional("weightDecay", fields.number("weightDecay", { min: 0 }, undefined)),
    ...optional("beta1", fields.number("beta1", share, undefined)),
    ...optional("beta2", fields.number("beta2", share, undefined)),
    ...optional("momentum", fields.number("momentum", share, undefined)),
  };
  const foreign = name === "sgd" ? (["beta1", "beta2"] as const) : (["momentum"] as const);
  for (const key of foreign) if (fields.has(key)) fields.fail(key, `left out for ${name}`);
  return spec;
}

function readSampling(fields: Fields): Recipe["sampling"] {
  const sampling = fields.any("sampling") ?? "natural";
  if (sampling === "natural") return sampling;
  if (typeof sampling !== "object") {
    fields.fail("sampling", '"natural" or { "positives": the share of a batch }');
  }
  return fields.object("sampling", (inner) => ({
    positives: inner.number("positives", { above: 0, below: 1 }),
  }));
}

function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}
