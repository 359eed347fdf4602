/**
 * Turns a graph's values into instructions, forward and then backward. What is fused is fused here: batch norms, activations
 * and gates become views that the kernels reading them apply, and gradients stay views until a kernel reads them.
 */

import { InputError } from "../../signal/errors.ts";
import { ancestors, describe, learnedValues } from "../graph.ts";
import type { ConvShape, GradView, Graph, Lowering, Value, View, Weight } from "../op.ts";
import { gradArguments, sizes, viewArguments } from "../ops/views.ts";
import { type Instruction, padded, type Tensor } from "../plan.ts";
import type { TensorTable, WeightLayout } from "./tensors.ts";

export interface Arenas {
  readonly layout: WeightLayout;
  readonly weights: Tensor;
  /** Absent in inference. */
  readonly gradients?: Tensor;
}

export type PackedConvFloats = (shape: ConvShape) => { readonly forward: number; readonly backward: number };

export interface Lowered {
  readonly instructions: Instruction[];
  /** How many of them compute values; the rest, gradients. */
  readonly forwardLength: number;
  /** What is to be run only after a step that went well. */
  readonly afterStep: Instruction[];
  view(value: Value): View;
  dense(value: Value): Tensor;
}

export interface LoweringChoices {
  readonly training: boolean;
  /** The values wanted; the first is the loss in training. */
  readonly outputs: readonly Value[];
  /** Where the host wants to read values, in PyTorch's order without padding. */
  readonly hostCopies?: readonly { readonly value: Value; readonly to: Tensor }[];
}

/** Lowers the whole graph; in training, `loss` is the value that gradients start from. */
export function lowerGraph(
  graph: Graph,
  table: TensorTable,
  arenas: Arenas,
  packedConvFloats: PackedConvFloats,
  { training, outputs, hostCopies = [] }: LoweringChoices,
): Lowered {
  const instructions: Instruction[] = [];
  const afterStep: Instruction[] = [];
  const views = new Map<Value, View>();
  const definitions = new Map<Value, View>();
  const notes = new Map<Value, Map<string, Tensor>>();
  const wanted = ancestors(outputs);
  const readers = readersOf(graph, wanted);
  const learned = learnedValues(graph);
  const terms = new Map<Value, GradView[]>();
  const holders = new Map<Tensor, Set<Value>>();

  /** Whose kernels are being emitted. */
  let current: Value | undefined;
  const wrongInput = (value: Value, wanted: string) =>
    new InputError(
      `${current ? `${describe(current)}: its input` : "The output"} ${describe(value)} must be ${wanted}.`,
    );

  const arenaPart = (arena: Tensor, value: Value) => {
    if (value.op.name !== "weight")
      throw wrongInput(value, "a weight: make it with ops.parameter or ops.buffer");
    const { weight, offset, floats } = arenas.layout.places.get((value.attributes as Weight).name)!;
    return table.part(arena, offset, floats, weight.name);
  };
  const emitTo = (list: Instruction[]): Lowering["emit"] => {
    return (value, kernel, reads, writes) => {
      list.push({ kernel, reads, writes, origin: describe(value), scope: value.scope });
    };
  };
  const emit = emitTo(instructions);

  const activation: Lowering["activation"] = (shape, label) => {
    const { n, c, pixels } = sizes(shape);
    return table.create(label, n * pixels * padded(c), false);
  };
  const hold = (value: Value, tensor: Tensor | undefined) => {
    if (!tensor) return;
    let set = holders.get(tensor);
    if (!set) {
      set = new Set();
      holders.set(tensor, set);
    }
    set.add(value);
  };
  const heldByOthers = (value: Value, tensor: Tensor) => {
    return [...(holders.get(tensor) ?? [])].some((holder) => holder !== value);
  };
  const writeGrad = (value: Value, view: GradView, out: Tensor, accumulate: 0 | 1) => {
    const { n, c, pixels } = sizes(value.shape);
    if (view.g) {
      emit(value, "materialiseGrad", { ...gradArguments(view), accumulate, n, pixels, c }, { out });
    } else {
      emit(value, "addSpread", { spread: view.spread, accumulate, n, pixels, c }, { dx: out });
    }
  };
  const ownDense = (value: Value, view: GradView) => {
    const readings = terms.get(value)!.filter(({ g }) => g === view.g).length;
    const free = !view.g?.kept && !view.reduced;
    return isStored(view) && free && readings === 1 && !heldByOthers(value, view.g!);
  };
  const sumOfTerms = (value: Value): Tensor => {
    const all = terms.get(value)!;
    // By place, for one view may stand there twice: x + x.
    const own = all.findIndex((term) => ownDense(value, term));
    const tensor = own >= 0 ? all[own]!.g! : activation(value.shape, "gradient");
    const others = all.filter((_, i) => i !== own);
    for (const [i, term] of others.entries()) writeGrad(value, term, tensor, own >= 0 || i > 0 ? 1 : 0);
    return tensor;
  };

  const lower: Lowering = {
    training,
    activation,
    vector: (floats, label) => table.create(label, floats, true),
    part: (tensor, offset, floats) => table.part(tensor, offset, floats, tensor.label),
    weight: (value) => arenaPart(arenas.weights, value),
    weightGrad: (value) => (learned.has(value) ? arenaPart(arenas.gradients!, value) : undefined),
    packedConv(shape) {
      const { forward, backward } = packedConvFloats(shape);
      return {
        forward: table.create("packed weight", forward, false),
        backward: table.create("packed weight", backward, false),
      };
    },
    scalar: (name) => table.scalar(name),
    hostInput: (name, shape) => table.hostInput(name, shape),
    stream: (value) => value.index,
    emit,
    emitAfterStep: emitTo(afterStep),
    view(value) {
      const view = views.get(value);
      if (!view) throw wrongInput(value, "computed from an input; this op takes no weight there");
      return view;
    },
    dense(value) {
      const view = lower.view(value);
      if (view.act === "none" && !view.scale && !view.shift && !view.gate) return view.x;
      const { n, c, pixels } = sizes(value.shape);
      const out = activation(value.shape, "stored view");
      emit(value, "materialise", { ...viewArguments(view), n, pixels, c }, { out });
      views.set(value, { x: out, act: "none" });
      return out;
    },
    define(value, view) {
      views.set(value, view);
      definitions.set(value, view);
    },
    definition: (value) => definitions.get(value)!,
    readers: (value) => readers.get(value) ?? [],
    note(value, key, tensor) {
      const of = notes.get(value) ?? new Map<string, Tensor>();
      notes.set(value, of.set(key, tensor));
    },
    noted: (value, key) => notes.get(value)?.get(key),
    needsGrad: (value) => learned.has(value),
    gradView(value) {
      const merged = mergeTerms(terms.get(value)!);
      if (merged?.g) return merged;
      const g = sumOfTerms(value);
      const view: GradView = { g, act: "none" };
      terms.set(value, [view]);
      hold(value, g);
      return view;
    },
    grad(value) {
      const view = lower.gradView(value);
      if (isStored(view)) return view.g!;
      const tensor = activation(value.shape, "gradient");
      writeGrad(value, view, tensor, 0);
      terms.set(value, [{ g: tensor, act: "none" }]);
      hold(value, tensor);
      return tensor;
    },
    addGrad(value, view) {
      if (!learned.has(value)) return;
      terms.set(value, [...(terms.get(value) ?? []), view]);
      hold(value, view.g);
    },
    gradTarget(value) {
      const own = (terms.get(value) ?? []).find((term) => ownDense(value, term));
      if (own) return { tensor: own.g!, accumulate: 1 };
      const tensor = activation(value.shape, "gradient");
      lower.addGrad(value, { g: tensor, act: "none" });
      return { tensor, accumulate: 0 };
    },
  };

  const order = graph.values.filter((value) => wanted.has(value));
  for (const value of order) {
    current = value;
    value.op.forward(lower, value);
  }
  current = undefined;
  for (const output of outputs) lower.dense(output);
  for (const { value, to } of hostCopies) {
    const { n, c, pixels } = sizes(value.shape);
    emit(value, "nhwcToNchw", { src: lower.dense(value), n, c, pixels }, { dst: to });
  }
  const forwardLength = instructions.length;
  if (training) {
    for (const value of order.toReversed()) {
      if (learned.has(value) && (terms.has(value) || value === outputs[0])) value.op.backward?.(lower, value);
      for (const set of holders.values()) set.delete(value);
    }
  }
  return { instructions, forwardLength, afterStep, view: lower.view, dense: lower.dense };
}

function isStored(view: GradView): boolean {
  return view.g !== undefined && !view.gate && !view.spread && view.act === "none" && !view.coefs;
}

/** One GradView for several terms, where that needs no arithmetic: g * gate from one and the spread from another. */
function mergeTerms(views: readonly GradView[]): GradView | undefined {
  if (views.length === 1) return views[0];
  if (views.length !== 2 || views.some(({ act, coefs }) => act !== "none" || coefs)) return undefined;
  const gated = views.find(({ g, spread }) => g && !spread);
  const spread = views.find(({ g, spread }) => !g && spread);
  return gated && spread && { ...gated, spread: spread.spread };
}

function readersOf(graph: Graph, wanted: ReadonlySet<Value>): Map<Value, Value[]> {
  const readers = new Map<Value, Value[]>();
  for (const value of graph.values) {
    if (!wanted.has(value)) continue;
    for (const input of value.inputs) readers.set(input, [...(readers.get(input) ?? []), value]);
  }
  return readers;
}
