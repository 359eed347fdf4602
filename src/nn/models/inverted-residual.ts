/** MBConv, the block of MobileNetV2 (Sandler 2018) with squeeze-excite (Hu 2018), as EfficientNet has it; under timm's names. */

import { convLayer, normLayer, normSilu, squeezeExcite } from "../layers.ts";
import type { Value } from "../op.ts";
import { add } from "../ops/add.ts";
import { type Pair, pair } from "../ops/attributes.ts";
import { dropPath } from "../ops/drop-path.ts";

export interface Block {
  /** Its scope, and what its weights' names begin with. */
  readonly name: string;
  readonly channels: number;
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: Pair;
  /** How likely the branch is left out, where the block has a shortcut beside it. */
  readonly dropPath: number;
}

/**
 * x to `channels` channels, in a scope of its own; added to x where neither size nor channels change. Where nothing is expanded, timm's names
 * move up by one: conv_dw, bn1, conv_pw, bn2.
 */
export function invertedResidual(x: Value, block: Block): Value {
  return x.graph.scope(block.name, () => layersOf(x, block));
}

function layersOf(x: Value, { name, channels, expansion, kernel, stride, dropPath: p }: Block): Value {
  const inputs = x.shape[1]!;
  const middle = inputs * expansion;
  const expands = expansion > 1;
  const [depthwiseNorm, project, projectNorm] = expands
    ? ["bn2", "conv_pwl", "bn3"]
    : ["bn1", "conv_pw", "bn2"];
  let y = expands ? normSilu(convLayer(x, `${name}.conv_pw`, middle), `${name}.bn1`) : x;
  y = convLayer(y, `${name}.conv_dw`, middle, { kernel, stride, groups: middle });
  y = squeezeExcite(
    normSilu(y, `${name}.${depthwiseNorm}`),
    `${name}.se`,
    Math.max(1, Math.round(inputs / 4)),
  );
  y = normLayer(convLayer(y, `${name}.${project}`, channels), `${name}.${projectNorm}`);
  if (inputs !== channels || pair(stride).some((step) => step !== 1)) return y;
  return add(p > 0 ? dropPath(y, p) : y, x);
}

/** The nearest multiple of 8, at least 8, but never under nine tenths of what was asked for. */
export function roundChannels(wanted: number): number {
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}
