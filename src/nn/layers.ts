/**
 * Layers: operations together with the weights that they make, under PyTorch's names and with the first values that timm gives
 * them (`_init_weight_goog` in timm/models/_efficientnet_builder.py; torchvision's ResNet draws its convolutions alike).
 */

import type { Init, Value } from "./op.ts";
import { relu, sigmoid, silu } from "./ops/activation.ts";
import { type Pair, pair } from "./ops/attributes.ts";
import { batchNorm } from "./ops/batch-norm.ts";
import { conv2d } from "./ops/conv2d.ts";
import { globalAvgPool } from "./ops/global-avg-pool.ts";
import { linear } from "./ops/linear.ts";
import { multiply } from "./ops/multiply.ts";
import { buffer, parameter } from "./ops/weight.ts";

const zero: Init = { kind: "constant", value: 0 };
const one: Init = { kind: "constant", value: 1 };

export interface ConvLayerOptions {
  /** Odd; one number or [height, width]. 1 if not given. */
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** Half the kernel, rounded down, if not given. */
  readonly padding?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  /** Normal with variance 2 / fan-out if not given (He 2015); fan-out is the kernel's area times the output channels of a group. */
  readonly init?: Init;
}

/** A convolution to `channels` channels. Makes `NAME.weight` and, where asked for, `NAME.bias`. */
export function convLayer(x: Value, name: string, channels: number, options: ConvLayerOptions = {}): Value {
  const { kernel = 1, stride = 1, groups = 1, bias = false } = options;
  const [high, wide] = pair(kernel);
  const { padding = [Math.floor(high / 2), Math.floor(wide / 2)] } = options;
  const fanOut = (high * wide * channels) / groups;
  const init = options.init ?? { kind: "normal", std: Math.sqrt(2 / fanOut) };
  const shape = [channels, x.shape[1]! / groups, high, wide];
  const weight = parameter(x.graph, `${name}.weight`, shape, { init, decay: true });
  return conv2d(x, weight, { ...biasOf(x, name, channels, bias), stride, padding, groups });
}

/** Batch norm with PyTorch's defaults. Makes `NAME.weight`, `NAME.bias`, `NAME.running_mean` and `NAME.running_var`. */
export function normLayer(x: Value, name: string): Value {
  const { graph } = x;
  const shape = [x.shape[1]!];
  return batchNorm(x, {
    weight: parameter(graph, `${name}.weight`, shape, { init: one, decay: false }),
    bias: parameter(graph, `${name}.bias`, shape, { init: zero, decay: false }),
    runningMean: buffer(graph, `${name}.running_mean`, shape, 0),
    runningVar: buffer(graph, `${name}.running_var`, shape, 1),
  });
}

export const normSilu = (x: Value, name: string): Value => silu(normLayer(x, name));
export const normRelu = (x: Value, name: string): Value => relu(normLayer(x, name));

/** Squeeze-excite (Hu 2018): weighs channels by what they hold over the whole image, by way of `reduced` channels. */
export function squeezeExcite(x: Value, name: string, reduced: number): Value {
  const mean = globalAvgPool(x);
  const squeezed = silu(convLayer(mean, `${name}.conv_reduce`, reduced, { bias: true }));
  const gate = sigmoid(convLayer(squeezed, `${name}.conv_expand`, x.shape[1]!, { bias: true }));
  return multiply(x, gate);
}

/**
 * A fully connected layer, [n, in] to [n, features]. Makes `NAME.weight`, drawn as PyTorch's nn.Linear does, and `NAME.bias`, zero.
 * (timm's range is 1 / sqrt(features): alike with 1,000 classes, but with a single one it starts with logits of 5 and more.)
 */
export function linearLayer(x: Value, name: string, features: number): Value {
  const inputs = x.shape[1]!;
  const init: Init = { kind: "uniform", bound: 1 / Math.sqrt(inputs) };
  const weight = parameter(x.graph, `${name}.weight`, [features, inputs], { init, decay: true });
  const bias = parameter(x.graph, `${name}.bias`, [features], { init: zero, decay: false });
  return linear(x, weight, bias);
}

function biasOf(x: Value, name: string, channels: number, wanted: boolean): { bias?: Value } {
  return wanted ? { bias: parameter(x.graph, `${name}.bias`, [channels], { init: zero, decay: false }) } : {};
}
