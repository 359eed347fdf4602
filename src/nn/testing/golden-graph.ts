/** A graph's weights by the golden files' formula. */

import type { Graph } from "../op.ts";
import { goldenParameter } from "./golden-weights.ts";

/**
 * By name, in PyTorch's order. Running statistics follow the formula too (means about 0, variances about 1), or stay at their
 * first values with `statistics: false`.
 */
export function goldenWeights(graph: Graph, { statistics = true } = {}): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const { name, shape, trainable, init } of graph.weights.values()) {
    const data = goldenParameter(name, shape);
    if (!trainable && !statistics && init.kind === "constant") data.fill(init.value);
    weights.set(name, data);
  }
  return weights;
}
