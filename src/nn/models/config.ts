/** What all models share: their options, checked, and the shape of what they give. */

import { UsageError } from "../../signal/errors.ts";
import type { Graph, Value } from "../op.ts";
import type { Pair } from "../ops/attributes.ts";

export interface ModelOptions {
  /** Channels of the images; 3 if not given. */
  readonly inChannels?: number;
  /** Logits an image; 1,000 if not given. */
  readonly numClasses?: number;
  /**
   * `plain`: the network's own first convolution reads the images, whatever their channels. `tutorial`: a 3x3 convolution with
   * padding 3 and no bias, `stem.weight`, takes them to 3 channels before the network. `plain` if not given.
   */
  readonly stem?: "plain" | "tutorial";
  /** Stride of the network's own first convolution, one number or [height, width]; 2 if not given, 1 for `linenet`. */
  readonly stemStride?: Pair;
  /** How likely a feature is left out before the classifier; the family's own if not given. */
  readonly dropout?: number;
  /** How likely the last residual branch is left out; it grows from 0 over the blocks. The family's own if not given. */
  readonly dropPath?: number;
  /** The pool before the classifier: mean, or generalised mean with a learned power (`global_pool.p`). `avg` if not given. */
  readonly pool?: "avg" | "gem";
  /** The compound coefficient of `efficientnet`: 0 is B0; wider, deeper and for larger images as it grows. 1 gives B2's network (see `compoundEfficientNet`). */
  readonly phi?: number;
  /** Of `linenet`: what its channels are multiplied by, from 0.125 to 8; 1 if not given. */
  readonly width?: number;
}

/** Options that only some families have. */
type OwnOptions = "stem" | "pool" | "phi" | "width";

/** All options, settled; those that the family doesn't have are left out. Plain JSON: `createModel(config.name, config)` makes the same model. */
export interface ModelConfig
  extends Required<Omit<ModelOptions, OwnOptions>>,
    Pick<ModelOptions, OwnOptions> {
  readonly name: string;
}

export interface ImageSize {
  readonly batch: number;
  /** Pixels. */
  readonly height: number;
  readonly width: number;
}

export interface BuiltModel {
  readonly graph: Graph;
  /** The input `image`, [batch, inChannels, height, width]. */
  readonly images: Value;
  /** [batch, features], what the classifier sees, before dropout. */
  readonly features: Value;
  /** [batch, numClasses]. */
  readonly logits: Value;
  /** [batch, 1, rows, columns], a logit for each place of the image: where it shows what the network looks for. Only of models that say so. */
  readonly places?: Value;
}

export interface Model {
  readonly name: string;
  readonly config: ModelConfig;
  /** Height and width of the images that the network was designed for; it takes others too. */
  readonly resolution: number;
  /** The weight that reads the images in a pretrained network, without a stem before it. */
  readonly firstConv: string;
  /** The layer whose weights depend on the classes. */
  readonly classifier: string;
  /** Rows and columns of the image to one of its `places`; absent where the model says none. */
  readonly placeSize?: readonly [number, number];
  /** Builds the network for batches of one shape. Throws an InputError where the images' sizes don't suit it. */
  build(size: ImageSize): BuiltModel;
}

interface Family extends Pick<ModelConfig, "dropout" | "dropPath"> {
  /** 2 if not given. */
  readonly stemStride?: Pair;
  /** Absent where the family has no `width`. */
  readonly width?: number;
  /** Options that the family doesn't have, and what each must be instead. */
  readonly refused?: { readonly [name in "stem" | "pool"]?: string };
}

const optionNames = [
  "inChannels",
  "numClasses",
  "stem",
  "stemStride",
  "dropout",
  "dropPath",
  "pool",
  "phi",
  "width",
] as const satisfies readonly (keyof ModelOptions)[];

/** Checks options and fills in what is missing. Throws a UsageError that names the option. */
export function settle(name: string, options: ModelOptions, family: Family): ModelConfig {
  const known: readonly string[] = [...optionNames, "name"];
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) {
      throw new UsageError(`${name} has no option ${option}. Its options are ${optionNames.join(", ")}.`);
    }
  }
  const { refused = {} } = family;
  const {
    inChannels = 3,
    numClasses = 1000,
    stem = "plain",
    stemStride = family.stemStride ?? 2,
    dropout = family.dropout,
    dropPath = family.dropPath,
    pool = "avg",
    phi,
    width = family.width,
  } = options;
  checkCount(name, "inChannels", inChannels);
  checkCount(name, "numClasses", numClasses);
  checkChoice(name, "stem", stem, ["plain", "tutorial"]);
  checkChoice(name, "pool", pool, ["avg", "gem"]);
  if (refused.stem && stem !== "plain") throw wrong(name, "stem", refused.stem, stem);
  if (refused.pool && options.pool !== undefined) throw wrong(name, "pool", refused.pool, pool);
  const strides = Array.isArray(stemStride) ? stemStride : [stemStride, stemStride];
  if (strides.length !== 2) throw wrong(name, "stemStride", "one number or [height, width]", stemStride);
  for (const stride of strides) checkCount(name, "stemStride", stride);
  checkChance(name, "dropout", dropout);
  checkChance(name, "dropPath", dropPath);
  if (width !== undefined && family.width === undefined) {
    throw wrong(name, "width", "left out (`linenet` takes one)", width);
  }
  if (width !== undefined && !(typeof width === "number" && width >= 0.125 && width <= 8)) {
    throw wrong(name, "width", "a number from 0.125 to 8", width);
  }
  return {
    ...{ name, inChannels, numClasses, stemStride, dropout, dropPath },
    ...(!refused.stem && { stem }),
    ...(!refused.pool && { pool }),
    ...(phi !== undefined && { phi }),
    ...(width !== undefined && { width }),
  };
}

/** Throws a UsageError unless the batch and the images' sizes are whole numbers from 1. */
export function checkSize(name: string, size: ImageSize): void {
  for (const axis of ["batch", "height", "width"] as const) checkCount(name, axis, size?.[axis]);
}

export function wrong(name: string, option: string, wanted: string, given: unknown): UsageError {
  return new UsageError(`${name}: ${option} must be ${wanted}; it is ${JSON.stringify(given) ?? given}.`);
}

function checkCount(name: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw wrong(name, option, "a whole number from 1", value);
}

function checkChance(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw wrong(name, option, "at least 0 and below 1", value);
}

function checkChoice(name: string, option: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) throw wrong(name, option, choices.join(" or "), value);
}
