/**
 * SiLU, x * sigmoid(x) (Elfwing 2017), ReLU and sigmoid. They are never stored: whoever reads the value applies the function, and
 * whoever reads the gradient its derivative, from the input alone.
 */

import { apply } from "../graph.ts";
import { type Activation, defineOp, type OnnxBuilder, type Value } from "../op.ts";
import { linearView, plainGrad } from "./views.ts";

function activation(name: Exclude<Activation, "none">, onnx: (b: OnnxBuilder, x: string) => string) {
  return defineOp<undefined>({
    name,
    shape: ([x]) => x!,
    forward(lower, value) {
      const view = linearView(lower, value.inputs[0]!);
      lower.define(value as Value, { ...view, act: name });
    },
    backward(lower, value) {
      const { x: y, scale, shift } = lower.definition(value as Value);
      lower.addGrad(value.inputs[0]!, { ...plainGrad(lower, value as Value), act: name, y, scale, shift });
    },
    onnx: (builder, value) => onnx(builder, builder.name(value.inputs[0]!)),
  });
}

export const siluOp = activation("silu", (b, x) => b.node("Mul", [x, b.node("Sigmoid", [x])]));
export const reluOp = activation("relu", (b, x) => b.node("Relu", [x]));
export const sigmoidOp = activation("sigmoid", (b, x) => b.node("Sigmoid", [x]));

export const silu = (x: Value): Value => apply(siluOp, [x], undefined) as Value;
export const relu = (x: Value): Value => apply(reluOp, [x], undefined) as Value;
export const sigmoid = (x: Value): Value => apply(sigmoidOp, [x], undefined) as Value;
