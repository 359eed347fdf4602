/**
 * A network as a graph of typed operations. Shapes are checked when a value is made; nothing is computed here. `compile/`
 * turns a graph into a plan that an engine runs.
 */

import { InputError } from "../signal/errors.ts";
import type { Graph, Op, Shape, Value, Weight } from "./op.ts";

export function createGraph(): Graph {
  const values: Value[] = [];
  const weights = new Map<string, Weight>();
  let scope = "";
  const graph: Graph = {
    values,
    weights,
    add<A>(op: Op<A>, inputs: readonly Value[], attributes: A): Value<A> {
      const place = { op, inputs, scope, attributes };
      inputs.forEach((input, i) => {
        if (input?.graph === graph) return;
        const problem = input?.graph
          ? `${describe(input)}, which belongs to another graph`
          : "no value of a graph";
        throw new InputError(`${describe(place)}: its input ${i + 1} is ${problem}.`);
      });
      const shape = checkedShape(place, attributes);
      const value: Value<A> = { graph, index: values.length, shape, ...place };
      values.push(value as Value);
      return value;
    },
    addWeight(weight) {
      if (weights.has(weight.name)) throw new InputError(`The network has two tensors named ${weight.name}.`);
      weights.set(weight.name, weight);
    },
    scope(name, build) {
      const outer = scope;
      scope = name;
      try {
        return build();
      } finally {
        scope = outer;
      }
    },
  };
  return graph;
}

/** Adds an operation to the graph that its inputs belong to. */
export function apply<A>(op: Op<A>, inputs: readonly Value[], attributes: A): Value<A> {
  const graph = inputs.find((input) => input?.graph)?.graph;
  if (!graph) throw new InputError(`${op.name}: none of its inputs is a value of a graph.`);
  return graph.add(op, inputs, attributes);
}

/** The values that others are made from, themselves among them. */
export function ancestors(outputs: readonly Value[]): Set<Value> {
  const found = new Set<Value>();
  const visit = (value: Value) => {
    if (found.has(value)) return;
    found.add(value);
    value.inputs.forEach(visit);
  };
  outputs.forEach(visit);
  return found;
}

/** The values that depend on a learned weight. */
export function learnedValues(graph: Graph): Set<Value> {
  const learned = new Set<Value>();
  for (const value of graph.values) {
    const own = value.op.name === "weight" && (value.attributes as Weight).trainable;
    if (own || value.inputs.some((input) => learned.has(input))) learned.add(value);
  }
  return learned;
}

type Place<A> = Pick<Value<A>, "op" | "inputs" | "scope" | "attributes">;

/** What errors and profiles call a value: `conv2d of blocks.1.0.conv_pw.weight`, `add in blocks.1.1`, `input image`. */
export function describe<A>({ op, inputs, scope, attributes }: Place<A>): string {
  if (op.name === "input" || op.name === "weight")
    return `${op.name} ${(attributes as { name: string }).name}`;
  const weight = inputs.find((input) => input?.op?.name === "weight");
  if (weight) return `${op.name} of ${(weight.attributes as Weight).name}`;
  return scope === "" ? op.name : `${op.name} in ${scope}`;
}

function checkedShape<A>(place: Place<A>, attributes: A): Shape {
  const shapes = place.inputs.map(({ shape }) => shape);
  const fail = (problem: string): never => {
    const given = shapes.map((shape) => `[${shape.join(", ")}]`).join(", ");
    throw new InputError(`${describe(place)}: ${problem} The inputs' shapes are ${given || "none"}.`);
  };
  const shape = place.op.shape(shapes, attributes, fail);
  if (shape.some((size) => !Number.isInteger(size) || size < 1)) {
    fail(`the result would have the shape [${shape.join(", ")}]; every size must be 1 or more.`);
  }
  return shape;
}
