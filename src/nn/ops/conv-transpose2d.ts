/**
 * Transposed convolution, PyTorch's conv_transpose2d: what takes a convolution's result back to its input's size. It is that convolution's
 * backward pass, and its gradient that convolution's forward pass.
 */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { checkGroups, checkPairs, type Pair, pair } from "./attributes.ts";
import { emitConvBackward } from "./conv-kernels.ts";
import { type Conv2dAttributes, convSizes, wantsMoments } from "./conv2d.ts";
import { viewArguments } from "./views.ts";

export interface ConvTranspose2dAttributes extends Conv2dAttributes {
  /** Lines and columns more at the lower and right edge, where several sizes would give the input's size back. */
  readonly outputPadding: readonly [number, number];
}

export const convTranspose2dOp = defineOp<ConvTranspose2dAttributes>({
  name: "convTranspose2d",
  shape([x, weight, bias], { stride, padding, dilation, groups, outputPadding }, fail) {
    if (x!.length !== 4 || weight!.length !== 4) return fail("the input and the weight need four sizes.");
    checkPairs({ stride, dilation }, 1, fail);
    checkPairs({ padding, outputPadding }, 0, fail);
    checkGroups(groups, fail);
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
    const shape = convSizes(value);
    const { c, k, kh, kw, groups } = shape;
    // The weight is that of the convolution from this op's result back to its input.
    const back = { c: k, k: c, kh, kw, groups };
    const { forward, backward } = lower.packedConv(back);
    const both = lower.training && lower.needsGrad(x);
    lower.note(value as Value, "forward", forward);
    const packed = both ? { forward, backward } : { backward };
    lower.emit(value as Value, "packConv", { w: lower.weight(weight), ...back }, packed);
    const y = lower.activation(value.shape, "y");
    const moments = wantsMoments(lower, value as Value) ? lower.vector(2 * padded(k), "moments") : undefined;
    if (moments) lower.note(value as Value, "moments", moments);
    const reads = {
      ...viewArguments(lower.view(x)),
      w: backward,
      bias: bias && lower.weight(bias),
      ...shape,
    };
    lower.emit(value as Value, "convTransposeForward", reads, { y, moments });
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    emitConvBackward(lower, value, "convTransposeBackward", "forward", convSizes(value));
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
