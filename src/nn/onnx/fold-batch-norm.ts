/**
 * Batch norm in inference is a scale and a shift a channel, so a convolution before it takes both into its weight and bias:
 * s = gamma / sqrt(variance + eps), weight * s, (bias - mean) * s + beta. Worked out in float64 and rounded once.
 */

import { InputError } from "../../signal/errors.ts";
import { dropUnusedConstants, type OnnxConstant, type OnnxGraph, type OnnxNode } from "./onnx-graph.ts";

/** Folds every batch norm whose input is a convolution that nothing else reads. */
export function foldBatchNorm(graph: OnnxGraph): OnnxGraph {
  const constants = new Map(graph.constants);
  const readers = countReaders(graph);
  const nodes: OnnxNode[] = [];
  const makers = new Map<string, number>();
  for (const node of graph.nodes) {
    const before = makers.get(node.inputs[0] ?? "") ?? -1;
    const conv = nodes[before];
    if (
      node.operator === "BatchNormalization" &&
      (conv?.operator === "Conv" || conv?.operator === "ConvTranspose") &&
      readers.get(conv.outputs[0]!) === 1
    ) {
      nodes[before] = fold(conv, node, constants, (name) => readers.get(name) === 1);
    } else {
      nodes.push(node);
    }
    makers.set(node.outputs[0]!, nodes[before]?.outputs[0] === node.outputs[0] ? before : nodes.length - 1);
  }
  return dropUnusedConstants({ ...graph, nodes, constants });
}

function fold(
  conv: OnnxNode,
  norm: OnnxNode,
  constants: Map<string, OnnxConstant>,
  readOnce: (name: string) => boolean,
): OnnxNode {
  const numbers = (name: string | undefined) =>
    (name ? constants.get(name)!.data : undefined) as Float32Array | undefined;
  const [x, weightName, biasName] = conv.inputs as [string, string, string | undefined];
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => numbers(name)!) as Float32Array[];
  const { float: eps } = norm.attributes.epsilon as { float: number };
  const scale = Float64Array.from(gamma!, (value, channel) => value / Math.sqrt(variance![channel]! + eps));
  const negative = scale.findIndex((value) => !Number.isFinite(value));
  if (negative >= 0) {
    throw new InputError(
      `${norm.inputs[4]} is ${variance![negative]} for channel ${negative}, and a variance must be 0 or more. Export weights of a training that went well.`,
    );
  }

  const weight = constants.get(weightName)!;
  const folded = scaleChannels(weight as Filters, scale, conv.operator === "ConvTranspose");
  const bias = numbers(biasName);
  const shift = Float32Array.from(
    scale,
    (s, channel) => ((bias?.[channel] ?? 0) - mean![channel]!) * s + beta![channel]!,
  );
  const foldedBias = biasName ?? `${weightName.replace(/\.weight$/, "")}.bias`;
  const names = [weightName, foldedBias].map((name) => (readOnce(name) ? name : freeName(name, constants)));
  constants.set(names[0]!, { shape: weight.shape, data: folded });
  constants.set(names[1]!, { shape: [scale.length], data: shift });
  return { ...conv, inputs: [x, ...names], outputs: norm.outputs };
}

interface Filters {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number, number];
}

/** Weights [out, in / groups, ...], transposed [in, out / groups, ...], times a number for each output channel. */
function scaleChannels({ data, shape }: Filters, scale: Float64Array, transposed: boolean): Float32Array {
  const [first, second, kh, kw] = shape;
  const run = transposed ? kh * kw : second * kh * kw;
  const groups = transposed ? scale.length / second : 1;
  const scaled = new Float32Array(data.length);
  for (let start = 0, r = 0; start < data.length; start += run, r++) {
    const group = Math.floor((Math.floor(r / second) * groups) / first);
    const factor = scale[transposed ? group * second + (r % second) : r]!;
    for (let i = start; i < start + run; i++) scaled[i] = data[i]! * factor;
  }
  return scaled;
}

/** For numbers whose unfolded form another node reads too. */
function freeName(name: string, constants: ReadonlyMap<string, OnnxConstant>): string {
  let free = name;
  for (let i = 1; constants.has(free); i++) free = `${name}.folded${i}`;
  return free;
}

function countReaders({ nodes, output }: OnnxGraph): ReadonlyMap<string, number> {
  const readers = new Map([[output.name, 1]]);
  for (const name of nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  return readers;
}
