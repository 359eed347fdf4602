/** Weights for tests: noise of a sensible size, with running statistics that are not those of a network just made. */

import type { Graph } from "../op.ts";
import { goldenParameter } from "./golden-weights.ts";

/** By name, in PyTorch's order, and not only at their first values: running means too lie about 0, variances about 1. */
export function randomWeights(graph: Graph): Map<string, Float32Array> {
  return new Map([...graph.weights].map(([name, { shape }]) => [name, goldenParameter(name, shape)]));
}
