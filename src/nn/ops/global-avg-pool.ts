/** The mean over height and width, PyTorch's adaptive_avg_pool2d(x, 1): [n, c, h, w] to [n, c, 1, 1]. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { sizes, viewArguments } from "./views.ts";

export const globalAvgPoolOp = defineOp<undefined>({
  name: "globalAvgPool",
  shape: ([x], _, fail) => (x!.length === 4 ? [x![0]!, x![1]!, 1, 1] : fail("the input needs four sizes.")),
  forward(lower, value) {
    const [x] = value.inputs as [Value];
    const { n, c, pixels } = sizes(x.shape);
    const y = lower.activation(value.shape, "mean");
    lower.emit(value as Value, "globalAvgPool", { ...viewArguments(lower.view(x)), n, pixels, c }, { y });
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    const [x] = value.inputs as [Value];
    const { n, c, pixels } = sizes(x.shape);
    const spread = lower.vector(n * padded(c), "spread");
    const count = n * padded(c);
    lower.emit(
      value as Value,
      "scaleInto",
      { x: lower.grad(value as Value), factor: 1 / pixels, accumulate: 0, count },
      { y: spread },
    );
    lower.addGrad(x, { spread, act: "none" });
  },
  onnx: (builder, { inputs }) => builder.node("GlobalAveragePool", [builder.name(inputs[0]!)]),
});

export function globalAvgPool(x: Value): Value {
  return apply(globalAvgPoolOp, [x], undefined) as Value;
}
