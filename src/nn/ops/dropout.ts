/** Dropout (Srivastava 2014): in training each number is 0 with probability p, and what stays is divided by 1 - p. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { chance, checkProbability } from "./drop-path.ts";

export const dropoutOp = defineOp<{ readonly p: number }>({
  name: "dropout",
  shape([x], { p }, fail) {
    checkProbability(p, fail);
    return x!;
  },
  forward(lower, value) {
    const [x] = value.inputs as [Value];
    if (!lower.training || value.attributes.p === 0) {
      lower.define(value as Value, lower.view(x));
      return;
    }
    const out = lower.activation(value.shape, "dropout");
    const reads = { ...chance(lower, value), x: lower.dense(x), accumulate: 0, count: out.floats };
    lower.emit(value as Value, "dropout", reads, { out });
    lower.define(value as Value, { x: out, act: "none" });
  },
  backward(lower, value) {
    const [x] = value.inputs as [Value];
    if (value.attributes.p === 0) {
      lower.addGrad(x, lower.gradView(value as Value));
      return;
    }
    // The mask is drawn again, the same, from the same counters.
    const g = lower.grad(value as Value);
    const { tensor: out, accumulate } = lower.gradTarget(x);
    const reads = { ...chance(lower, value), x: g, accumulate, count: out.floats };
    lower.emit(value as Value, "dropout", reads, { out });
  },
  onnx: (builder, { inputs }) => builder.name(inputs[0]!),
});

export function dropout(x: Value, p: number): Value {
  return apply(dropoutOp, [x], { p }) as Value;
}
