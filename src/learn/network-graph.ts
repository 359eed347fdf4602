/** A network as the nodes that TensorBoard draws: its blocks and layers become boxes that open. */

import type { GraphAttribute, GraphNode } from "../formats/tensorboard.ts";
import { ancestors } from "../nn/graph.ts";
import type { Value, Weight } from "../nn/op.ts";

/**
 * The nodes of all that leads to `output`, each after those that it reads. Weights stand where their names say
 * (`blocks.1.0.conv_pw.weight` in blocks/1/0/conv_pw), operations beside the weights that they read, others in their scope.
 */
export function networkNodes(output: Value): GraphNode[] {
  const wanted = ancestors([output]);
  const names = new Map<Value, string>();
  const taken = new Set<string>();
  const nodes: GraphNode[] = [];
  for (const value of output.graph.values) {
    if (!wanted.has(value)) continue;
    const name = unused(nameOf(value), taken);
    names.set(value, name);
    nodes.push({
      name,
      op: value.op.name === "weight" ? "Const" : value.op.name,
      inputs: value.inputs.map((input) => names.get(input)!),
      attributes: attributesOf(value),
      shape: value.shape,
    });
  }
  return nodes;
}

function nameOf(value: Value): string {
  if (value.op.name === "weight" || value.op.name === "input") {
    return path((value.attributes as { name: string }).name);
  }
  const box = layerOf(value) ?? boxOf(value);
  return box === "" ? value.op.name : `${path(box)}/${value.op.name}`;
}

/** The layer that the value's weight belongs to: `blocks.1.0.conv_pw`; "" for a weight that has no layer. */
function layerOf({ inputs }: Value): string | undefined {
  const weight = inputs.find((input) => input.op.name === "weight");
  return weight && parentOf((weight.attributes as Weight).name);
}

/**
 * Where an operation of no layer stands: in its scope, or beside the layer that it alone follows, where that lies deeper in the scope. Else
 * arrows would leave a squeeze-excite for its activation and come back.
 */
function boxOf({ inputs, scope }: Value): string {
  const [input] = inputs;
  if (scope === "" || inputs.length !== 1) return scope;
  const layer = layerOf(input!);
  const box = layer === undefined ? boxOf(input!) : parentOf(layer);
  return box.startsWith(`${scope}.`) ? box : scope;
}

function parentOf(name: string): string {
  return name.replace(/\.?[^.]*$/, "");
}

/** TensorFlow's names are letters, digits and `_.-`, the first no sign; `/` between boxes. */
function path(name: string): string {
  return name
    .split(".")
    .map((part) => part.replace(/[^\w-]/g, "_").replace(/^(?=[_-])|^$/, "n"))
    .join("/");
}

function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  taken.add(free);
  return free;
}

/** What is plain among an op's attributes; a weight says what becomes of it. */
function attributesOf({ op, attributes }: Value): Record<string, GraphAttribute> {
  if (op.name === "weight") {
    const { trainable, decay } = attributes as Weight;
    return { trainable, decay };
  }
  const plain: Record<string, GraphAttribute> = {};
  for (const [key, value] of Object.entries((attributes ?? {}) as Record<string, unknown>)) {
    if (isPlain(value) && key !== "name" && key !== "shape") plain[key] = value;
  }
  return plain;
}

function isPlain(value: unknown): value is GraphAttribute {
  if (Array.isArray(value)) return value.every((item) => typeof item === "number");
  return ["string", "number", "boolean"].includes(typeof value);
}
