/**
 * LineNet: a small EfficientNet for images that are low and wide, as evidence for lines: few rows, each a stretch of time, and many
 * columns, each a frequency. It halves the width four times and the height twice, has a kernel of five columns, and says beside its logits
 * where in the image it sees what it looks for.
 */

import { InputError } from "../../signal/errors.ts";
import { createGraph } from "../graph.ts";
import { convLayer, linearLayer, normSilu } from "../layers.ts";
import type { Value } from "../op.ts";
import { pair } from "../ops/attributes.ts";
import { concat } from "../ops/concat.ts";
import { dropout } from "../ops/dropout.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { maxPool } from "../ops/max-pool.ts";
import { flatten } from "../ops/reshape.ts";
import {
  type BuiltModel,
  checkSize,
  type ImageSize,
  type Model,
  type ModelConfig,
  type ModelOptions,
  settle,
  wrong,
} from "./config.ts";
import { invertedResidual, roundChannels } from "./inverted-residual.ts";

/** Stages of two blocks; the stride is the first one's, and so is its expansion, 4 in the other. */
const stages = [
  { kernel: 3, channels: 24, stride: [1, 2], expansion: 2 },
  { kernel: 5, channels: 40, stride: [1, 2], expansion: 4 },
  { kernel: 5, channels: 64, stride: [2, 2], expansion: 4 },
  { kernel: 5, channels: 64, stride: [2, 2], expansion: 4 },
  { kernel: 5, channels: 96, stride: [1, 1], expansion: 4 },
] as const;
const blocksOfStage = 2;

const stemChannels = 48;
const headChannels = 256;

/** Rows and columns of the image to a place. */
const placeSize = [4, 16] as const;

/**
 * `linenet`. Its `stemStride` is 1, a first convolution of one pixel, or [1, 2], one of [1, 3] that halves the width in place of the first
 * block, which is faster. `width` scales the channels.
 */
export function lineNet(name: string, options: ModelOptions): Model {
  if (options.phi !== undefined) throw wrong(name, "phi", "left out (`efficientnet` takes one)", options.phi);
  const config = settle(name, options, {
    ...{ dropout: 0.1, dropPath: 0.1, stemStride: 1, width: 1 },
    refused: {
      stem: "plain: it reads all channels itself",
      pool: "left out: it takes the mean and the largest of each feature",
    },
  });
  const [high, wide] = pair(config.stemStride);
  if (high !== 1 || wide > 2) throw wrong(name, "stemStride", "1 or [1, 2]", config.stemStride);
  return {
    name,
    config,
    resolution: 256,
    firstConv: "conv_stem.weight",
    classifier: "classifier",
    placeSize,
    build: (size) => build(config, size),
  };
}

function build(config: ModelConfig, size: ImageSize): BuiltModel {
  const { name, inChannels, numClasses } = config;
  checkSize(name, size);
  const [rows, columns] = placeSize;
  if (size.height % rows !== 0 || size.width % columns !== 0) {
    throw new InputError(
      `${name} takes images whose height divides by ${rows} and whose width divides by ${columns}; these are ${size.height} x ${size.width}.`,
    );
  }
  const graph = createGraph();
  const images = input(graph, "image", [size.batch, inChannels, size.height, size.width]);
  const maps = trunk(images, config);
  // As a classifier's: by its fan-out of one, logits would start at ten and more.
  const bound = 1 / Math.sqrt(maps.shape[1]!);
  const places = convLayer(maps, "places", 1, { bias: true, init: { kind: "uniform", bound } });
  const head = normSilu(convLayer(maps, "conv_head", scaled(headChannels, config)), "bn2");
  const features = flatten(concat([globalAvgPool(head), globalMaxPool(head), globalMaxPool(places)]));
  const kept = config.dropout > 0 ? dropout(features, config.dropout) : features;
  const logits = linearLayer(kept, "classifier", numClasses);
  return { graph, images, features, logits, places };
}

function trunk(images: Value, config: ModelConfig): Value {
  const halvesInStem = pair(config.stemStride)[1] === 2;
  const stem = halvesInStem ? ({ kernel: [1, 3], stride: [1, 2] } as const) : {};
  let y = normSilu(convLayer(images, "conv_stem", scaled(stemChannels, config), stem), "bn1");
  const total = stages.length * blocksOfStage;
  for (const [s, { kernel, channels, stride, expansion }] of stages.entries()) {
    for (let b = 0; b < blocksOfStage; b++) {
      const strides = b === 0 && !(s === 0 && halvesInStem);
      y = invertedResidual(y, {
        name: `blocks.${s}.${b}`,
        channels: scaled(channels, config),
        expansion: b === 0 ? expansion : 4,
        kernel,
        stride: strides ? stride : 1,
        dropPath: (config.dropPath * (s * blocksOfStage + b)) / total,
      });
    }
  }
  return y;
}

function scaled(channels: number, { width = 1 }: ModelConfig): number {
  return roundChannels(channels * width);
}

function globalMaxPool(x: Value): Value {
  const all = [x.shape[2]!, x.shape[3]!] as const;
  return maxPool(x, { kernel: all, stride: all });
}
