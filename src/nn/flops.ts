/** How much arithmetic a network is. */

import type { Graph, Value, Weight } from "./op.ts";

export interface MultiplyAdds {
  /** Of the convolutions and linear layers of one run forward. */
  readonly forward: number;
  /** Of their gradients, with respect to weights and inputs, where these need one. */
  readonly backward: number;
}

/** Counts the multiply-adds of a graph, at the batch size that it was built for. */
export function countMultiplyAdds(graph: Graph): MultiplyAdds {
  const learned = new Set<Value>();
  let forward = 0;
  let backward = 0;
  for (const value of graph.values) {
    const [x, weight] = value.inputs;
    const trainable = value.op.name === "weight" && (value.attributes as Weight).trainable;
    if (trainable || value.inputs.some((input) => learned.has(input))) learned.add(value);
    if (!/^(conv2d|convTranspose2d|linear)$/.test(value.op.name)) continue;
    const perOutput = weight!.shape.slice(1).reduce((product, size) => product * size, 1);
    const positions = value.op.name === "convTranspose2d" ? x! : value;
    const count = positions.shape.reduce((product, size) => product * size, perOutput);
    forward += count;
    backward += [x!, weight!].filter((input) => learned.has(input)).length * count;
  }
  return { forward, backward };
}
