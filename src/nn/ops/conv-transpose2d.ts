/**
 * Transposed convolution, PyTorch's conv_transpose2d: what takes a convolution's result back to its input's size. It is that convolution's
 * backward pass, and its gradient that convolution's forward pass, so it runs on the same kernels, given the convolution's sizes.
 */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { type Conv2dAttributes, type Pair, pair } from "./conv2d.ts";
import { sizes } from "./views.ts";

export interface ConvTranspose2dAttributes extends Conv2dAttributes {
  /** Lines and columns more at the lower and right edge, where several sizes would give the input's size back. */
  readonly outputPadding: readonly [number, number];
}

export const convTranspose2dOp = defineOp<ConvTranspose2dAttributes>({
  name: "convTranspose2d",
  shape([x, weight, bias], { stride, padding, dilation, groups, outputPadding }, fail) {
    if (x!.length !== 4 || weight!.length !== 4) return fail("the input and the weight need four sizes.");
    const [n, c, h, w] = x as [number, number, number, number];
    const [cw, kg, kh, kw] = weight as [number, number, number, number];
    if (c !== cw) fail(`the weight is for ${cw} channels, the input has ${c}.`);
    if (c % groups !== 0) fail(`${c} channels can't be split into ${groups} groups.`);
    if (bias && (bias.length !== 1 || bias[0] !== kg * groups)) {
      fail(`the bias needs the shape [${kg * groups}].`);
    }
    if (outputPadding.some((more, i) => more >= Math.max(stride[i]!, dilation[i]!))) {
      fail(`the output padding must be below the stride or the dilation; it is ${outputPadding}.`);
    }
    const size = (length: number, kernel: number, i: 0 | 1) =>
      (length - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel - 1) + outputPadding[i] + 1;
    return [n, kg * groups, size(h, kh, 0), size(w, kw, 1)];
  },
  forward(lower, value) {
    const [x, weight, bias] = value.inputs as [Value, Value, Value | undefined];
    const shape = adjointSizes(value);
    const { c, k, kh, kw, groups } = shape;
    const { forward, backward } = lower.packedConv(shape);
    const both = lower.training && lower.needsGrad(x);
    lower.note(value as Value, "forward", forward);
    const reads = { w: lower.weight(weight), c, k, kh, kw, groups };
    lower.emit(value as Value, "packConv", reads, both ? { forward, backward } : { backward });
    const y = lower.activation(value.shape, "y");
    lower.emit(
      value as Value,
      "convBackward",
      { g: lower.dense(x), w: backward, accumulate: 0, ...shape },
      { dx: y },
    );
    // Weights lie in their arena with zeros after them, as a vector of padded channels does.
    lower.define(value as Value, { x: y, shift: bias && lower.weight(bias), act: "none" });
  },
  backward(lower, value) {
    const [x, weight, bias] = value.inputs as [Value, Value, Value | undefined];
    const shape = adjointSizes(value);
    const gradient = lower.grad(value as Value);
    if (lower.needsGrad(x)) {
      const dx = lower.activation(x.shape, "gradient");
      const w = lower.noted(value as Value, "forward");
      lower.emit(value as Value, "convForward", { x: gradient, w, ...shape }, { y: dx });
      lower.addGrad(x, { g: dx, act: "none" });
    }
    const dW = lower.weightGrad(weight);
    if (dW) {
      const reads = { g: lower.dense(x), x: gradient, accumulate: 0, ...shape };
      lower.emit(value as Value, "convBackward", reads, { dW });
    }
    const dBias = bias && lower.weightGrad(bias);
    if (dBias) {
      const { n, h, wd, c } = shape;
      const reads = {
        g: gradient,
        x: gradient,
        accumulate: 0,
        n,
        h,
        wd,
        c,
        oh: h,
        ow: wd,
        k: c,
        ...onePixel,
      };
      lower.emit(value as Value, "convBackward", reads, { dBias });
    }
  },
  onnx(builder, { inputs, attributes: { stride, padding, dilation, groups, outputPadding } }) {
    return builder.node(
      "ConvTranspose",
      inputs.map((input) => builder.name(input)),
      {
        kernel_shape: inputs[1]!.shape.slice(2),
        strides: stride,
        pads: [...padding, ...padding],
        dilations: dilation,
        output_padding: outputPadding,
        group: groups,
      },
    );
  },
});

const onePixel = { kh: 1, kw: 1, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1, groups: 1 };

/** x [n, c, h, w], weight [c, k / groups, kh, kw], bias [k]. Numbers stand for both axes, height first. */
export function convTranspose2d(
  x: Value,
  weight: Value,
  options: {
    bias?: Value;
    stride?: Pair;
    padding?: Pair;
    dilation?: Pair;
    outputPadding?: Pair;
    groups?: number;
  } = {},
): Value {
  const inputs = options.bias ? [x, weight, options.bias] : [x, weight];
  return apply(convTranspose2dOp, inputs, {
    stride: pair(options.stride ?? 1),
    padding: pair(options.padding ?? 0),
    dilation: pair(options.dilation ?? 1),
    outputPadding: pair(options.outputPadding ?? 0),
    groups: options.groups ?? 1,
  }) as Value;
}

/** The sizes of the convolution from this op's result back to its input. */
function adjointSizes({ inputs, shape, attributes }: Value<ConvTranspose2dAttributes>) {
  const { n, c: k, h: oh, w: ow } = sizes(inputs[0]!.shape);
  const { c, h, w: wd } = sizes(shape);
  const [, , kh, kw] = inputs[1]!.shape as [number, number, number, number];
  const [sh, sw] = attributes.stride;
  const [ph, pw] = attributes.padding;
  const [dh, dw] = attributes.dilation;
  return { n, h, wd, c, oh, ow, k, kh, kw, sh, sw, ph, pw, dh, dw, groups: attributes.groups };
}
