/**
 * ResNet (He 2015, arXiv:1512.03385), with the stride of a bottleneck in its 3x3 convolution as in torchvision and timm (v1.5). Names
 * are theirs: conv1, bn1, layer1.0.conv1, layer2.0.downsample.0, fc.
 */

import { convLayer, normLayer, normRelu } from "../layers.ts";
import type { Value } from "../op.ts";
import { relu } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { dropPath } from "../ops/drop-path.ts";
import { maxPool } from "../ops/max-pool.ts";
import { type Model, type ModelOptions, settle, wrong } from "./config.ts";
import { buildModel } from "./head.ts";

interface Layout {
  readonly blocks: readonly number[];
  readonly bottleneck: boolean;
}

const layouts: Readonly<Record<string, Layout>> = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false },
  resnet34: { blocks: [3, 4, 6, 3], bottleneck: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true },
};

export const resNetNames: readonly string[] = Object.keys(layouts);

/** A bottleneck gives four times the channels that it works on. */
const bottleneckExpansion = 4;

/** `resnet18`, `resnet34` or `resnet50`. */
export function resNet(name: string, options: ModelOptions): Model {
  const layout = layouts[name]!;
  if (options.phi !== undefined) throw wrong(name, "phi", "left out (`efficientnet` takes one)", options.phi);
  const config = settle(name, options, { dropout: 0, dropPath: 0 });
  const parts = { firstConv: "conv1.weight", classifier: "fc" };
  return {
    name,
    config,
    resolution: 224,
    ...parts,
    build: (size) => buildModel(parts, config, size, (x) => trunk(x, layout, config)),
  };
}

function trunk(x: Value, { blocks, bottleneck }: Layout, config: Model["config"]): Value {
  const { graph } = x;
  const first = convLayer(x, "conv1", 64, { kernel: 7, stride: config.stemStride });
  let y = maxPool(normRelu(first, "bn1"), { kernel: 3, stride: 2, padding: 1 });
  const block = bottleneck ? bottleneckBlock : basicBlock;
  const total = blocks.reduce((sum, count) => sum + count, 0);
  let built = 0;
  for (const [l, count] of blocks.entries()) {
    for (let b = 0; b < count; b++) {
      const name = `layer${l + 1}.${b}`;
      const stride = l > 0 && b === 0 ? 2 : 1;
      // As in timm, the last block's rate is the whole one.
      const p = (config.dropPath * built++) / (total - 1);
      const input = y;
      y = graph.scope(name, () => {
        const branch = block(input, name, 64 * 2 ** l, stride);
        return relu(
          add(p > 0 ? dropPath(branch, p) : branch, shortcut(input, name, branch.shape[1]!, stride)),
        );
      });
    }
  }
  return y;
}

function basicBlock(x: Value, name: string, channels: number, stride: number): Value {
  const y = normRelu(convLayer(x, `${name}.conv1`, channels, { kernel: 3, stride }), `${name}.bn1`);
  return normLayer(convLayer(y, `${name}.conv2`, channels, { kernel: 3 }), `${name}.bn2`);
}

function bottleneckBlock(x: Value, name: string, channels: number, stride: number): Value {
  const y = normRelu(convLayer(x, `${name}.conv1`, channels), `${name}.bn1`);
  const z = normRelu(convLayer(y, `${name}.conv2`, channels, { kernel: 3, stride }), `${name}.bn2`);
  return normLayer(convLayer(z, `${name}.conv3`, channels * bottleneckExpansion), `${name}.bn3`);
}

function shortcut(x: Value, name: string, channels: number, stride: number): Value {
  if (stride === 1 && x.shape[1] === channels) return x;
  return normLayer(convLayer(x, `${name}.downsample.0`, channels, { stride }), `${name}.downsample.1`);
}
