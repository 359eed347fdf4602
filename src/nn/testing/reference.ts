/**
 * The oracle for whole graphs: an interpreter in float64 that does every op by its definition, value after value, and gradients by
 * finite differences of it.
 *
 *     const { of, updated } = runReference(graph, { weights, inputs: { image, targets }, training: true });
 *     of(logits); // Float64Array in PyTorch's order
 *     updated.get("bn1.running_mean");
 *     finiteDifferences(loss, { weights, inputs, training: true }, "conv_stem.weight");
 */

import type { Graph, Value } from "../op.ts";
import type { InputAttributes } from "../ops/input.ts";
import { referenceLosses } from "./reference-losses.ts";
import { type Array64, referenceOps, weightName } from "./reference-ops.ts";

type Numbers = ArrayLike<number>;

export interface ReferenceRun {
  /** By name, in PyTorch's order. */
  readonly weights: ReadonlyMap<string, Numbers>;
  /** By the inputs' names. */
  readonly inputs: Readonly<Record<string, Numbers>>;
  /** Whether batch norm takes the batch's own statistics. */
  readonly training?: boolean;
  /** Only what this value needs is computed; without it, the whole graph. */
  readonly output?: Value;
}

export interface ReferenceResult {
  /** A value's numbers in PyTorch's order. */
  of(value: Value): Float64Array;
  /** What running statistics are worth after the step, by name. Empty in inference. */
  readonly updated: ReadonlyMap<string, Float64Array>;
}

export function runReference(graph: Graph, run: ReferenceRun): ReferenceResult {
  const arrays = new Map<Value, Array64>();
  const updated = new Map<string, Float64Array>();
  const wanted = run.output && needed(run.output);
  for (const value of graph.values) {
    if (wanted && !wanted.has(value)) continue;
    const data = compute(value, run, arrays, updated);
    const size = value.shape.reduce((product, length) => product * length, 1);
    if (data.length !== size) {
      throw new Error(`The reference has ${data.length} numbers for ${value.op.name} [${value.shape}].`);
    }
    arrays.set(value, { shape: value.shape, data });
  }
  const of = (value: Value) => {
    const array = arrays.get(value);
    if (!array) throw new Error(`The reference did not compute this value of ${value.op.name}.`);
    return array.data;
  };
  return { of, updated };
}

/**
 * The gradient of a loss (a value of one number) by central differences in float64, of a weight or an input by name: of all its
 * elements, or of those listed. Good to about 1e-8 of the loss's own size, except within `step` of a kink (ReLU, a
 * maximum that changes hands).
 */
export function finiteDifferences(
  loss: Value,
  run: ReferenceRun,
  name: string,
  { elements, step = 1e-5 }: { readonly elements?: readonly number[]; readonly step?: number } = {},
): Float64Array {
  const given = run.weights.get(name) ?? run.inputs[name];
  if (!given) throw new Error(`The reference has no weight or input named ${name}.`);
  const numbers = Float64Array.from(given);
  const weights = new Map(run.weights);
  const inputs = { ...run.inputs };
  if (weights.has(name)) weights.set(name, numbers);
  else inputs[name] = numbers;
  const lossAt = (element: number, number: number) => {
    const kept = numbers[element]!;
    numbers[element] = number;
    const [result] = runReference(loss.graph, { ...run, weights, inputs, output: loss }).of(loss);
    numbers[element] = kept;
    return result!;
  };
  const which = elements ?? Array.from(numbers, (_, element) => element);
  return Float64Array.from(which, (element) => {
    const reach = step * Math.max(1, Math.abs(numbers[element]!));
    const [up, down] = [numbers[element]! + reach, numbers[element]! - reach];
    return (lossAt(element, up) - lossAt(element, down)) / (up - down);
  });
}

function compute(
  value: Value,
  { weights, inputs, training = false }: ReferenceRun,
  arrays: ReadonlyMap<Value, Array64>,
  updated: Map<string, Float64Array>,
): Float64Array {
  const { op, attributes, shape } = value;
  if (op.name === "weight") return numbersOf(weightName(attributes), weights.get(weightName(attributes)));
  if (op.name === "input") {
    const { name } = attributes as InputAttributes;
    return numbersOf(name, inputs[name]);
  }
  const reference = referenceOps[op.name] ?? referenceLosses[op.name];
  if (!reference) throw new Error(`The reference does not know the op ${op.name}.`);
  const update = (input: number, data: Float64Array) => {
    updated.set(weightName(value.inputs[input]!.attributes), data);
  };
  const arguments_ = value.inputs.map((input) => arrays.get(input)!);
  return reference(arguments_, attributes as never, { training, shape, update });
}

function numbersOf(name: string, numbers: Numbers | undefined): Float64Array {
  if (!numbers) throw new Error(`The reference was given no numbers for ${name}.`);
  return Float64Array.from(numbers);
}

/** A value and all that it is made from. */
function needed(output: Value): ReadonlySet<Value> {
  const all = new Set<Value>();
  const visit = (value: Value) => {
    if (all.has(value)) return;
    all.add(value);
    value.inputs.forEach(visit);
  };
  visit(output);
  return all;
}
