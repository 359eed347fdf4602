/** A fully connected layer, y = x W^T + b; the convolution's kernels on images of one pixel. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { emitConvBackward, packWeight } from "./conv-kernels.ts";
import { viewArguments } from "./views.ts";

export const linearOp = defineOp<undefined>({
  name: "linear",
  shape([x, weight, bias], _, fail) {
    if (x!.length !== 2 || weight!.length !== 2) return fail("the input and the weight need two sizes.");
    if (x![1] !== weight![1]) fail(`the weight is for ${weight![1]} features, the input has ${x![1]}.`);
    if (bias && (bias.length !== 1 || bias[0] !== weight![0]))
      fail(`the bias needs the shape [${weight![0]}].`);
    return [x![0]!, weight![0]!];
  },
  forward(lower, value) {
    const [x, , bias] = value.inputs as [Value, Value, Value | undefined];
    const shape = linearSizes(value);
    const w = packWeight(lower, value, shape);
    const y = lower.activation(value.shape, "y");
    lower.emit(
      value as Value,
      "convForward",
      { ...viewArguments(lower.view(x)), w, bias: bias && lower.weight(bias), ...shape },
      { y },
    );
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    emitConvBackward(lower, value, "convBackward", "backward", linearSizes(value));
  },
  onnx: (builder, { inputs }) =>
    builder.node(
      "Gemm",
      inputs.map((input) => builder.name(input)),
      { transB: 1 },
    ),
});

/** x [n, features] times weight [out, features], plus bias [out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  return apply(linearOp, bias ? [x, weight, bias] : [x, weight], undefined) as Value;
}

function linearSizes({ inputs, shape: [n, k] }: Value<undefined>) {
  const c = inputs[0]!.shape[1]!;
  const one = {
    h: 1,
    wd: 1,
    oh: 1,
    ow: 1,
    kh: 1,
    kw: 1,
    sh: 1,
    sw: 1,
    ph: 0,
    pw: 0,
    dh: 1,
    dw: 1,
    groups: 1,
  };
  return { n: n!, c, k: k!, ...one };
}
