/** The nouns of a network: values, weights, operations, and what an operation writes its kernels and its ONNX form with. */

import type { Argument, Tensor } from "./plan.ts";

/** PyTorch's order: [n, c, h, w] or [n, features]. */
export type Shape = readonly number[];

/** How many numbers a shape holds. */
export function numel(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How a weight's first values are drawn. `normal` and `uniform` are centred on zero. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number };

/** A tensor that a checkpoint holds: learned (`trainable`) or kept up by the network (running statistics). */
export interface Weight {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  readonly trainable: boolean;
  /** Whether weight decay applies: not to norms and biases. */
  readonly decay: boolean;
}

/** One operation's result. */
export interface Value<A = unknown> {
  readonly graph: Graph;
  readonly index: number;
  readonly op: Op<A>;
  readonly attributes: A;
  readonly inputs: readonly Value[];
  readonly shape: Shape;
  /** Where in the network it stands, as `blocks.1.0`; blocks are the units of recomputation. */
  readonly scope: string;
}

export interface Graph {
  /** Every value, each after those that it is made from. */
  readonly values: readonly Value[];
  /** Parameters and buffers by name, in the order in which they were made. */
  readonly weights: ReadonlyMap<string, Weight>;
  add<A>(op: Op<A>, inputs: readonly Value[], attributes: A): Value<A>;
  addWeight(weight: Weight): void;
  /** Values made within `build` stand in this scope. */
  scope<T>(name: string, build: () => T): T;
}

/** What there is to know of an operation. Each op stands in a file of its own in `ops/`. */
export interface Op<A = unknown> {
  /** As PyTorch's function is called. */
  readonly name: string;
  /** The result's shape. `fail` throws an error that names the op, its place and its inputs' shapes. */
  shape(inputs: readonly Shape[], attributes: A, fail: (problem: string) => never): Shape;
  /** Emits the kernels that compute the value, or defines it as a view that its readers compute. */
  forward(lower: Lowering, value: Value<A>): void;
  /** Emits the kernels that turn the value's gradient into its inputs'. Absent where no gradient passes. */
  backward?(lower: Lowering, value: Value<A>): void;
  /** Marks a loss, which training may start from, and says what its targets must be: `numbers from 0 to 1`. */
  readonly loss?: { readonly targets: string };
  /** Adds the ONNX nodes that compute the value in inference, and gives the name of their result. Absent for losses. */
  onnx?(builder: OnnxBuilder, value: Value<A>): string;
}

export const activations = { none: 0, relu: 1, silu: 2, sigmoid: 3 } as const;
export type Activation = keyof typeof activations;

/** A value as its readers compute it from a stored tensor: act(x * scale[c] + shift[c]) * gate[n, c]. */
export interface View {
  readonly x: Tensor;
  readonly scale?: Tensor | undefined;
  readonly shift?: Tensor | undefined;
  readonly act: Activation;
  readonly gate?: Tensor | undefined;
  /** What scale and shift were made from, where a batch norm in training made them. */
  readonly norm?: { readonly moments: Tensor; readonly rstd: Tensor } | undefined;
}

/**
 * A gradient as its readers compute it. With z = y * scale[c] + shift[c] and
 * dz = (g * gate[n, c] + spread[n, c]) * act'(z), it is coefs.a[c] * dz + coefs.b[c] * y + coefs.c[c].
 */
export interface GradView {
  /** Absent where the gradient is the same for all pixels, `spread` alone. */
  readonly g?: Tensor | undefined;
  readonly gate?: Tensor | undefined;
  readonly spread?: Tensor | undefined;
  readonly act: Activation;
  readonly y?: Tensor | undefined;
  readonly scale?: Tensor | undefined;
  readonly shift?: Tensor | undefined;
  readonly coefs?: { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor } | undefined;
  /** What `gateSums` found over the same g and y, so that batch norm need not read them again. */
  readonly sums?: Tensor | undefined;
  /** Sums of g and of g * (x - mean), where x is what the value's batch norm normalises: [2][cp], so that it need not read them again. */
  readonly reduced?: Tensor | undefined;
}

/** What ops emit their kernels with. */
export interface Lowering {
  readonly training: boolean;
  /** A tensor in the layout of an activation: [n][h][w][cp] or [n][fp]. */
  activation(shape: Shape, label: string): Tensor;
  /** A small tensor that is kept until the step ends. */
  vector(floats: number, label: string): Tensor;
  /** Some floats of another tensor. */
  part(tensor: Tensor, offset: number, floats: number): Tensor;
  /** A weight, and its gradient, as PyTorch lays it out. */
  weight(value: Value): Tensor;
  weightGrad(value: Value): Tensor | undefined;
  /** A convolution's weight as the engine's kernels want it. */
  packedConv(shape: ConvShape): { readonly forward: Tensor; readonly backward: Tensor };
  /** A number that the host writes before each run: `step`, `seed`, `lossScale`. */
  scalar(name: string): Tensor;
  /** Memory that the host writes before each run, in PyTorch's order without padding. */
  hostInput(name: string, shape: Shape): Tensor;
  /** A number by which ops with randomness differ from each other, the same whenever the graph is compiled. */
  stream(value: Value): number;
  emit(value: Value, kernel: string, reads: Arguments, writes: Arguments): void;
  /** For what is only done once a step has gone well: running statistics. */
  emitAfterStep(value: Value, kernel: string, reads: Arguments, writes: Arguments): void;

  view(value: Value): View;
  /** The value, stored; computed from its view where it wasn't. */
  dense(value: Value): Tensor;
  define(value: Value, view: View): void;
  /** The view as `define` had it: what gradients need also where the value was stored since. */
  definition(value: Value): View;
  /** The values that read this one. */
  readers(value: Value): readonly Value[];
  /** What an op's forward leaves for its backward, or for an op that follows. */
  note(value: Value, key: string, tensor: Tensor): void;
  noted(value: Value, key: string): Tensor | undefined;

  needsGrad(value: Value): boolean;
  /** The value's whole gradient, for kernels that read GradViews. */
  gradView(value: Value): GradView;
  /** The value's whole gradient, stored. */
  grad(value: Value): Tensor;
  /** Adds to a value's gradient; nothing is computed yet. */
  addGrad(value: Value, term: GradView): void;
  /** A tensor to write a part of the value's gradient to; `accumulate` says that it holds another part already. */
  gradTarget(value: Value): { readonly tensor: Tensor; readonly accumulate: 0 | 1 };
}

export type Arguments = Readonly<Record<string, Argument>>;

export interface ConvShape {
  readonly c: number;
  readonly k: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
}

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** What ops write their ONNX form with. */
export interface OnnxBuilder {
  /** The ONNX name of a value that was built before. */
  name(value: Value): string;
  /**
   * Adds a node of ONNX's operator set and gives the name of its first output. Whole numbers and lists become int64
   * attributes; `{ float }` is a float.
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string;
  /** An input of the model; its batch size is left free. */
  input(name: string, shape: Shape): string;
  /** Adds an initialiser, and gives its name. */
  constant(label: string, data: Float32Array | BigInt64Array, shape: readonly number[]): string;
  /** A weight's numbers, in PyTorch's order. */
  weight(name: string): Float32Array;
}

/** Checks an op's definition against its attributes' type. */
export function defineOp<A>(op: Op<A>): Op<A> {
  return op;
}
