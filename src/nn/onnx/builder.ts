/** Walks a network from its output's side and lets each op add its ONNX nodes. */

import { InputError } from "../../signal/errors.ts";
import { ancestors, describe } from "../graph.ts";
import { numel, type OnnxAttribute, type OnnxBuilder, type Shape, type Value, type Weight } from "../op.ts";
import type { OnnxConstant, OnnxGraph, OnnxNode, OnnxPort } from "./onnx-graph.ts";

/**
 * The nodes that `output` needs, with its input called `inputName` and its result `outputName`. Weights go by name, in PyTorch's
 * order.
 */
export function buildOnnxGraph(
  output: Value,
  weights: ReadonlyMap<string, Float32Array>,
  { inputName, outputName }: { readonly inputName: string; readonly outputName: string },
): OnnxGraph {
  const needed = ancestors([output]);
  const values = output.graph.values.filter((value) => needed.has(value));
  checkWeights(values, weights);
  checkInputs(values);
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxConstant>();
  const names = new Map<Value, string>();
  const taken = new Set([inputName, outputName]);
  let port: OnnxPort | undefined;
  let current = output;

  const unique = (name: string) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
  const node = (
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ) => {
    const name = unique(nodeName(current, operator));
    nodes.push({ operator, name, inputs, outputs: [name], attributes });
    return name;
  };
  const builder: OnnxBuilder = {
    name: (value) => names.get(value)!,
    node,
    input(_, shape) {
      port = { name: inputName, shape };
      return inputName;
    },
    constant(label, data, shape) {
      const name = unique(label);
      constants.set(name, { data, shape });
      return name;
    },
    weight: (name) => weights.get(name)!,
  };

  for (const value of values) {
    current = value;
    if (!value.op.onnx) {
      throw new InputError(
        `${describe(value)} has no form in ONNX. Export what goes into it: the logits, not the loss.`,
      );
    }
    names.set(value, value.op.onnx(builder, value));
  }
  return nameOutput(names.get(output)!, {
    nodes,
    constants,
    input: port!,
    output: { name: outputName, shape: output.shape },
  });
}

/** Gives the output's name to the node that makes it; what is not made by a node is copied. */
function nameOutput(made: string, graph: OnnxGraph): OnnxGraph {
  const { name } = graph.output;
  if (!graph.nodes.some(({ outputs }) => outputs[0] === made)) {
    const copy: OnnxNode = { operator: "Identity", name, inputs: [made], outputs: [name], attributes: {} };
    return { ...graph, nodes: [...graph.nodes, copy] };
  }
  const renamed = (names: readonly string[]) => names.map((one) => (one === made ? name : one));
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: renamed(node.inputs),
    outputs: renamed(node.outputs),
  }));
  return { ...graph, nodes };
}

/** A value and all that it is made from, in the graph's order. */
/** `blocks.1.0.conv_pw` where the op has a weight of its own, else `blocks.1.0/Sigmoid`. */
function nodeName({ inputs, scope }: Value, operator: string): string {
  const weight = inputs.find(({ op }) => op.name === "weight");
  if (weight) return (weight.attributes as Weight).name.replace(/\.weight$/, "");
  return scope === "" ? operator : `${scope}/${operator}`;
}

function checkInputs(values: readonly Value[]): void {
  const inputs = values.filter(({ op }) => op.name === "input");
  if (inputs.length === 1) return;
  const names = inputs.map(({ attributes }) => (attributes as { name: string }).name).join(", ");
  throw new InputError(
    `An exported network has one input; this output needs ${inputs.length === 0 ? "none" : names}. Export the logits, not the loss.`,
  );
}

function checkWeights(values: readonly Value[], weights: ReadonlyMap<string, Float32Array>): void {
  const problems: string[] = [];
  for (const { op, attributes, shape } of values) {
    if (op.name !== "weight") continue;
    const { name } = attributes as Weight;
    const problem = weightProblem(shape, weights.get(name));
    if (problem) problems.push(`${name} ${problem}`);
  }
  if (problems.length > 0) throw new InputError(`These weights can't be exported: ${problems.join("; ")}.`);
}

function weightProblem(shape: Shape, data: Float32Array | undefined): string | undefined {
  const size = numel(shape);
  if (!data) return "is missing";
  if (data.length !== size)
    return `has ${data.length} numbers, and its shape [${shape.join(", ")}] needs ${size}`;
  for (let i = 0; i < size; i++) if (!Number.isFinite(data[i])) return `holds ${data[i]} at ${i}`;
  return undefined;
}
