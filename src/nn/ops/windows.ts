/** What pooling over windows shares: its sizes, and the kernels' arguments. */

import type { Lowering, Shape, Value } from "../op.ts";
import { checkPairs, type Pair, pair } from "./attributes.ts";
import { sizes, viewArguments } from "./views.ts";

export interface WindowAttributes {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Numbers stand for both axes, height first. */
export interface WindowOptions {
  readonly kernel: Pair;
  /** As the kernel, if not given. */
  readonly stride?: Pair;
  /** At most half the kernel; none, if not given. */
  readonly padding?: Pair;
}

export function windowAttributes({ kernel, stride = kernel, padding = 0 }: WindowOptions): WindowAttributes {
  return { kernel: pair(kernel), stride: pair(stride), padding: pair(padding) };
}

export function windowShape(
  [x]: readonly Shape[],
  { kernel, stride, padding }: WindowAttributes,
  fail: (problem: string) => never,
): Shape {
  if (x!.length !== 4) return fail("the input needs four sizes.");
  checkPairs({ kernel, stride }, 1, fail);
  checkPairs({ padding }, 0, fail);
  if (padding.some((size, i) => size > kernel[i]! / 2)) {
    fail(`the padding must be at most half the kernel; they are ${padding} and ${kernel}.`);
  }
  const size = (length: number, i: 0 | 1) =>
    Math.floor((length + 2 * padding[i] - kernel[i]) / stride[i]) + 1;
  return [x![0]!, x![1]!, size(x![2]!, 0), size(x![3]!, 1)];
}

export function poolForward<A extends WindowAttributes>(
  lower: Lowering,
  value: Value<A>,
  kernel: "maxPool" | "avgPool",
): void {
  const [x] = value.inputs as [Value];
  const y = lower.activation(value.shape, "pooled");
  const indices = kernel === "maxPool" ? lower.activation(value.shape, "places of maxima") : undefined;
  if (indices) lower.note(value as Value, "indices", indices);
  const reads = { ...viewArguments(lower.view(x)), ...poolSizes(value) };
  lower.emit(value as Value, kernel, reads, { y, indices });
  lower.define(value as Value, { x: y, act: "none" });
}

export function poolBackward<A extends WindowAttributes>(
  lower: Lowering,
  value: Value<A>,
  kernel: "maxPoolBackward" | "avgPoolBackward",
): void {
  const g = lower.grad(value as Value);
  const { tensor, accumulate } = lower.gradTarget(value.inputs[0]!);
  const reads = { g, indices: lower.noted(value as Value, "indices"), accumulate, ...poolSizes(value) };
  lower.emit(value as Value, kernel, reads, { dx: tensor });
}

export function onnxWindow({ kernel, stride, padding }: WindowAttributes) {
  return { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] };
}

function poolSizes({ attributes, inputs, shape }: Value<WindowAttributes & { countIncludePad?: boolean }>) {
  const { kernel, stride, padding, countIncludePad } = attributes;
  const { n, c, h, w } = sizes(inputs[0]!.shape);
  const { h: oh, w: ow } = sizes(shape);
  const [kh, kw] = kernel;
  const [sh, sw] = stride;
  const [ph, pw] = padding;
  return { n, h, w, c, oh, ow, kh, kw, sh, sw, ph, pw, countIncludePad: countIncludePad ? 1 : 0 };
}
