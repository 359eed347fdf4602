/** How much arithmetic a network is. */

import { learnedValues } from "./graph.ts";
import { type Graph, numel } from "./op.ts";

export interface MultiplyAdds {
  /** Of the convolutions and linear layers of one run forward. */
  readonly forward: number;
  /** Of their gradients, with respect to weights and inputs, where these need one. */
  readonly backward: number;
}

/** Counts the multiply-adds of a graph, at the batch size that it was built for. */
export function countMultiplyAdds(graph: Graph): MultiplyAdds {
  const learned = learnedValues(graph);
  let forward = 0;
  let backward = 0;
  for (const value of graph.values) {
    const [x, weight] = value.inputs;
    if (!/^(conv2d|convTranspose2d|linear)$/.test(value.op.name)) continue;
    const positions = value.op.name === "convTranspose2d" ? x! : value;
    const count = numel(positions.shape) * numel(weight!.shape.slice(1));
    forward += count;
    backward += [x!, weight!].filter((input) => learned.has(input)).length * count;
  }
  return { forward, backward };
}
