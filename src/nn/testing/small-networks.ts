/** What tests build small networks with: an input, a value with something to learn before it, an end with a loss. */

import type { TrainingParts } from "../compile/training.ts";
import { createGraph } from "../graph.ts";
import type { Shape, Value } from "../op.ts";
import { conv2d } from "../ops/conv2d.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { mse } from "../ops/mse.ts";
import { parameter } from "../ops/weight.ts";

const zero = { kind: "constant", value: 0 } as const;

/** A learned tensor; its numbers come from the test. */
export function learned(x: Value, name: string, shape: Shape): Value {
  return parameter(x.graph, name, shape, { init: zero, decay: shape.length > 1 });
}

/** An image [n, c, h, w] or features [n, c] in a graph of their own. */
export function imageOf(shape: Shape): Value {
  return input(createGraph(), "image", shape);
}

/** A convolution of one pixel, or a linear layer, with a bias: so that what follows has a gradient to send on. */
export function mixed(x: Value, name = "mix", channels = x.shape[1]!): Value {
  const bias = learned(x, `${name}.bias`, [channels]);
  if (x.shape.length === 2) return linear(x, learned(x, `${name}.weight`, [channels, x.shape[1]!]), bias);
  return conv2d(x, learned(x, `${name}.weight`, [channels, x.shape[1]!, 1, 1]), { bias });
}

/** The network that ends in a value, with the squared distance from random targets as its loss. */
export function endIn(value: Value): TrainingParts {
  const { graph, shape } = value;
  return { graph, logits: value, loss: mse(value, input(graph, "targets", shape)) };
}
