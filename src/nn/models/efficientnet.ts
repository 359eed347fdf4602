/**
 * EfficientNet (Tan and Le 2019, arXiv:1905.11946): one network, B0, and a rule that makes it wider, deeper and fit for larger images
 * together. Weights have timm's names; padding is k // 2 on all sides as in timm's and torchvision's (not TensorFlow's own, `tf_`).
 */

import { convLayer, normSilu } from "../layers.ts";
import type { Value } from "../op.ts";
import { type Model, type ModelOptions, settle, wrong } from "./config.ts";
import { buildModel } from "./head.ts";
import { invertedResidual, roundChannels } from "./inverted-residual.ts";

/** Table 1, stages 2 to 8. */
const stages = [
  { expansion: 1, kernel: 3, stride: 1, channels: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, channels: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, channels: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, channels: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, channels: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, channels: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, channels: 320, blocks: 1 },
] as const;

interface Scale {
  readonly width: number;
  readonly depth: number;
  readonly resolution: number;
  readonly dropout: number;
}

/** As published (efficientnet_builder.py of the authors' code), B0 to B7: rounded by hand, not exactly the rule. */
const published: readonly Scale[] = [
  { width: 1, depth: 1, resolution: 224, dropout: 0.2 },
  { width: 1, depth: 1.1, resolution: 240, dropout: 0.2 },
  { width: 1.1, depth: 1.2, resolution: 260, dropout: 0.3 },
  { width: 1.2, depth: 1.4, resolution: 300, dropout: 0.3 },
  { width: 1.4, depth: 1.8, resolution: 380, dropout: 0.4 },
  { width: 1.6, depth: 2.2, resolution: 456, dropout: 0.4 },
  { width: 1.8, depth: 2.6, resolution: 528, dropout: 0.5 },
  { width: 2, depth: 3.1, resolution: 600, dropout: 0.5 },
];

export const efficientNetNames: readonly string[] = published.map((_, number) => `efficientnet_b${number}`);

const dropPathRate = 0.2;
const phiRange = { low: -6, high: 12 };

/** B0 to B7 as published: `efficientnet_b0` and so on. */
export function publishedEfficientNet(name: string, options: ModelOptions): Model {
  const scale = published[efficientNetNames.indexOf(name)]!;
  if (options.phi !== undefined) throw wrong(name, "phi", "left out (`efficientnet` takes one)", options.phi);
  return efficientNet(name, scale, options);
}

/**
 * Any compound coefficient, by the rule (equation 3): width 1.1^phi, depth 1.2^phi, resolution 224 * 1.15^phi. 0 is B0, 1 B2's network.
 * The published ones were rounded by hand: 0.02 gives B1's network, 1.9 B3's, 3.53 B4's, and B5 to B7 don't lie on this curve.
 */
export function compoundEfficientNet(name: string, options: ModelOptions): Model {
  const { phi } = options;
  const { low, high } = phiRange;
  if (phi === undefined || !(phi >= low && phi <= high)) {
    throw wrong(name, "phi", `a number from ${low} to ${high} (0 is B0)`, phi);
  }
  return efficientNet(name, compoundScale(phi), options);
}

/** Dropout grows as from B0 to B7: by 0.1 with every second step of phi, up to 0.5. */
export function compoundScale(phi: number): Scale {
  const dropout = [0.2, 0.3, 0.4, 0.5][Math.max(0, Math.min(3, Math.floor(phi / 2)))]!;
  return { width: 1.1 ** phi, depth: 1.2 ** phi, resolution: Math.round(224 * 1.15 ** phi), dropout };
}

function efficientNet(name: string, scale: Scale, options: ModelOptions): Model {
  const config = settle(name, options, { dropout: scale.dropout, dropPath: dropPathRate });
  const parts = { firstConv: "conv_stem.weight", classifier: "classifier" };
  return {
    name,
    config,
    resolution: scale.resolution,
    ...parts,
    build: (size) => buildModel(parts, config, size, (x) => trunk(x, scale, config)),
  };
}

function trunk(x: Value, { width, depth }: Scale, config: Model["config"]): Value {
  const stem = convLayer(x, "conv_stem", roundChannels(32 * width), { kernel: 3, stride: config.stemStride });
  let y = normSilu(stem, "bn1");
  const counts = stages.map(({ blocks }) => Math.ceil(blocks * depth));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let built = 0;
  for (const [s, { expansion, kernel, stride, channels }] of stages.entries()) {
    for (let b = 0; b < counts[s]!; b++) {
      y = invertedResidual(y, {
        name: `blocks.${s}.${b}`,
        channels: roundChannels(channels * width),
        expansion,
        kernel,
        stride: b === 0 ? stride : 1,
        dropPath: (config.dropPath * built++) / total,
      });
    }
  }
  return normSilu(convLayer(y, "conv_head", roundChannels(1280 * width)), "bn2");
}
