/** The sum of two values of one shape: the residual connection. Both are read as views, and the gradient goes to both as it is. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { plainGrad, sizes, viewArguments } from "./views.ts";

export const addOp = defineOp<undefined>({
  name: "add",
  shape([a, b], _, fail) {
    if (a!.length !== b!.length || a!.some((size, i) => size !== b![i])) fail("both inputs need one shape.");
    return a!;
  },
  forward(lower, value) {
    const [a, b] = value.inputs as [Value, Value];
    const { n, c, pixels } = sizes(value.shape);
    const out = lower.activation(value.shape, "sum");
    const views = { ...viewArguments(lower.view(a)), ...viewArguments(lower.view(b), "r") };
    lower.emit(value as Value, "materialise", { ...views, n, pixels, c }, { out });
    lower.define(value as Value, { x: out, act: "none" });
  },
  backward(lower, value) {
    const grad = plainGrad(lower, value as Value);
    for (const input of value.inputs) if (lower.needsGrad(input)) lower.addGrad(input, grad);
  },
  onnx: (builder, { inputs }) =>
    builder.node(
      "Add",
      inputs.map((input) => builder.name(input)),
    ),
});

export function add(a: Value, b: Value): Value {
  return apply(addOp, [a, b], undefined) as Value;
}
