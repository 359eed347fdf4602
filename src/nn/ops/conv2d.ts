/** Two-dimensional convolution, PyTorch's conv2d: any stride, padding, dilation and groups; depthwise has kernels of its own. */

import { apply } from "../graph.ts";
import { type Arguments, defineOp, type Lowering, type Value, type View } from "../op.ts";
import { padded } from "../plan.ts";
import { checkGroups, checkPairs, type Pair, pair } from "./attributes.ts";
import { batchNormOp } from "./batch-norm.ts";
import { packWeight } from "./conv-kernels.ts";
import { multiplyOp } from "./multiply.ts";
import { gradArguments, sizes, viewArguments } from "./views.ts";

export interface Conv2dAttributes {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

export const conv2dOp = defineOp<Conv2dAttributes>({
  name: "conv2d",
  shape([x, weight, bias], { stride, padding, dilation, groups }, fail) {
    if (x!.length !== 4 || weight!.length !== 4) return fail("the input and the weight need four sizes.");
    checkPairs({ stride, dilation }, 1, fail);
    checkPairs({ padding }, 0, fail);
    checkGroups(groups, fail);
    const [n, c, h, w] = x as [number, number, number, number];
    const [k, cg, kh, kw] = weight as [number, number, number, number];
    if (c !== cg * groups)
      fail(`the weight is for ${cg * groups} channels in ${groups} groups, the input has ${c}.`);
    if (k % groups !== 0) fail(`${k} output channels can't be split into ${groups} groups.`);
    if (bias && (bias.length !== 1 || bias[0] !== k)) fail(`the bias needs the shape [${k}].`);
    const size = (length: number, kernel: number, i: 0 | 1) =>
      Math.floor((length + 2 * padding[i] - dilation[i] * (kernel - 1) - 1) / stride[i]) + 1;
    return [n, k, size(h, kh, 0), size(w, kw, 1)];
  },
  forward(lower, value) {
    const [x, weight, bias] = value.inputs as [Value, Value, Value | undefined];
    const shape = convSizes(value);
    const depthwise = isDepthwise(value);
    const y = lower.activation(value.shape, "y");
    const moments = wantsMoments(lower, value as Value)
      ? lower.vector(2 * padded(shape.k), "moments")
      : undefined;
    if (moments) lower.note(value as Value, "moments", moments);
    let packed: Arguments;
    if (depthwise) {
      const w = lower.vector(shape.kh * shape.kw * padded(shape.c), "packed");
      lower.note(value as Value, "forward", w);
      lower.note(value as Value, "backward", w);
      const { c, kh, kw } = shape;
      lower.emit(value as Value, "packDepthwise", { w: lower.weight(weight), c, kh, kw }, { packed: w });
      packed = { w };
    } else {
      packed = { w: packWeight(lower, value, shape) };
    }
    lower.emit(
      value as Value,
      depthwise ? "depthwiseForward" : "convForward",
      { ...viewArguments(lower.view(x)), ...packed, bias: bias && lower.weight(bias), ...kernelSizes(value) },
      { y, moments },
    );
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    const [x, weight, bias] = value.inputs as [Value, Value, Value | undefined];
    const grad = gradArguments(lower.gradView(value as Value));
    const backward = { ...grad, ...kernelSizes(value), w: lower.noted(value as Value, "backward") };
    const weights = { dW: lower.weightGrad(weight), dBias: bias && lower.weightGrad(bias) };
    const below = isDepthwise(value) ? normBelow(lower, x) : undefined;
    if (below) {
      const view = lower.definition(x);
      const g = lower.activation(x.shape, "gradient");
      const reduced = lower.vector(2 * padded(sizes(x.shape).c), "norm sums");
      const reads = { ...backward, ...viewArguments(view), xMoments: view.norm!.moments, accumulate: 0 };
      lower.emit(value as Value, "depthwiseBackward", reads, { dx: g, xSums: reduced, ...weights });
      lower.addGrad(below, { g, act: "none", reduced });
      return;
    }
    const target = lower.needsGrad(x) ? lower.gradTarget(x) : undefined;
    const norm = weights.dW && isPointwise(value) ? normBelowGate(lower, x) : undefined;
    const { n, c } = sizes(x.shape);
    const sums = norm && lower.vector(5 * n * padded(c), "gate sums");
    if (sums) lower.note(x, "gate sums", sums);
    lower.emit(
      value as Value,
      isDepthwise(value) ? "depthwiseBackward" : "convBackward",
      {
        ...backward,
        ...viewArguments(lower.view(x)),
        ...(norm && { xMoments: norm.moments, xRstd: norm.rstd }),
        w: target && backward.w,
        accumulate: target?.accumulate ?? 0,
      },
      { dx: target?.tensor, sums, ...weights },
    );
  },
  onnx(builder, { inputs, attributes: { stride, padding, dilation, groups } }) {
    return builder.node(
      "Conv",
      inputs.map((input) => builder.name(input)),
      {
        kernel_shape: inputs[1]!.shape.slice(2),
        strides: stride,
        pads: [...padding, ...padding],
        dilations: dilation,
        group: groups,
      },
    );
  },
});

/** Convolves x [n, c, h, w] with weight [k, c / groups, kh, kw] and adds bias [k]. Numbers stand for both axes, height first. */
export function conv2d(
  x: Value,
  weight: Value,
  options: { bias?: Value; stride?: Pair; padding?: Pair; dilation?: Pair; groups?: number } = {},
): Value {
  const inputs = options.bias ? [x, weight, options.bias] : [x, weight];
  return apply(conv2dOp, inputs, {
    stride: pair(options.stride ?? 1),
    padding: pair(options.padding ?? 0),
    dilation: pair(options.dilation ?? 1),
    groups: options.groups ?? 1,
  }) as Value;
}

/** The sizes that the convolutions' kernels take, transposed ones too. */
export function convSizes(value: Value<Conv2dAttributes>) {
  const { stride, padding, dilation, groups } = value.attributes;
  const { n, c, h, w } = sizes(value.inputs[0]!.shape);
  const [, k, oh, ow] = value.shape as [number, number, number, number];
  const [, , kh, kw] = value.inputs[1]!.shape as [number, number, number, number];
  const [sh, sw] = stride;
  const [ph, pw] = padding;
  const [dh, dw] = dilation;
  return { n, h, wd: w, c, oh, ow, k, kh, kw, sh, sw, ph, pw, dh, dw, groups };
}

/** Depthwise kernels have one channel a group and need not be told. */
function kernelSizes(value: Value<Conv2dAttributes>) {
  const { k, groups, ...rest } = convSizes(value);
  return isDepthwise(value) ? rest : { ...rest, k, groups };
}

function isPointwise(value: Value<Conv2dAttributes>): boolean {
  const { kh, kw, sh, sw, ph, pw, groups } = convSizes(value);
  return kh * kw * sh * sw * groups === 1 && ph + pw === 0;
}

/**
 * The norm below a gate whose product only this convolution reads, where the gate's gradient and the norm's want the sums that
 * `multiply` would take over that product's gradient.
 */
function normBelowGate(lower: Lowering, x: Value): View["norm"] {
  const view = lower.definition(x);
  const gate = x.op === (multiplyOp as unknown) && view.gate && view.act === "silu" && view === lower.view(x);
  if (!gate || lower.readers(x).length > 1 || !x.inputs.every((input) => lower.needsGrad(input)))
    return undefined;
  return view.norm;
}

function isDepthwise({ inputs, attributes, shape }: Value<Conv2dAttributes>): boolean {
  const c = inputs[0]!.shape[1];
  return c! > 1 && attributes.groups === c && shape[1] === c;
}

/** Whether a batch norm reads the value, so that its statistics are best taken while it is made. */
export function wantsMoments(lower: Lowering, value: Value): boolean {
  return lower.training && lower.readers(value).some(({ op }) => op === (batchNormOp as unknown));
}

/**
 * Where x is the activation of a batch norm and has no other reader: the norm's value. The kernel that has x at hand takes the
 * gradient there itself, and gives the norm its sums; the activation's own backward is left out.
 */
function normBelow(lower: Lowering, x: Value): Value | undefined {
  const [below] = x.inputs;
  if (!below || !lower.needsGrad(x) || lower.readers(x).length > 1) return undefined;
  const { scale, act, gate, norm } = lower.definition(x);
  const inner = lower.definition(below);
  const activated = act !== "none" && inner.act === "none" && inner.scale === scale;
  return norm && activated && !gate && !inner.gate ? below : undefined;
}
