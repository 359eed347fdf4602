/** An ONNX graph before it is packed: nodes in the order of computation, and the numbers that they hold. */

import type { OnnxAttribute, Shape } from "../op.ts";

export interface OnnxNode {
  readonly operator: string;
  readonly name: string;
  /** Names of inputs, outputs of nodes before, or constants. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** What ONNX calls an initialiser. */
export interface OnnxConstant {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An input or output; the first size is the batch, which is left free. */
export interface OnnxPort {
  readonly name: string;
  readonly shape: Shape;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  readonly input: OnnxPort;
  readonly output: OnnxPort;
}

/** The graph without the constants that no node reads. */
export function dropUnusedConstants(graph: OnnxGraph): OnnxGraph {
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return { ...graph, constants: new Map([...graph.constants].filter(([name]) => used.has(name))) };
}
