/** Binary cross-entropy from logits, PyTorch's binary_cross_entropy_with_logits; the mean over the batch. Targets may be soft. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { lossBackward, lossShape } from "./losses.ts";
import { sizes } from "./views.ts";

export const bceWithLogitsOp = defineOp<undefined>({
  name: "bceWithLogits",
  shape: lossShape,
  forward(lower, value) {
    const [x, targets, posWeight] = value.inputs as [Value, Value, Value | undefined];
    const { n, c } = sizes(x.shape);
    const loss = lower.vector(1, "loss");
    const dx = lower.activation(x.shape, "gradient");
    const reads = {
      x: lower.dense(x),
      targets: lower.dense(targets),
      posWeight: posWeight && lower.dense(posWeight),
      weight: lower.gradientScale,
    };
    lower.emit(value as Value, "bceWithLogits", { ...reads, n, c }, { loss, dx });
    lower.note(value as Value, "gradient", dx);
    lower.define(value as Value, { x: loss, act: "none" });
  },
  backward: lossBackward,
});

/** x and targets [n, outputs]; posWeight [1, outputs] weighs the positive targets. The result is [1]. */
export function bceWithLogits(x: Value, targets: Value, posWeight?: Value): Value {
  return apply(bceWithLogitsOp, posWeight ? [x, targets, posWeight] : [x, targets], undefined) as Value;
}
