/** Binary cross-entropy from logits, PyTorch's binary_cross_entropy_with_logits; the mean over the batch. Targets may be soft. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { logitsLoss, lossBackward, lossShape } from "./losses.ts";

export const bceWithLogitsOp = defineOp<undefined>({
  name: "bceWithLogits",
  loss: { targets: "numbers from 0 to 1" },
  shape: lossShape,
  forward(lower, value) {
    const posWeight = value.inputs[2];
    logitsLoss(lower, value, "bceWithLogits", { posWeight: posWeight && lower.dense(posWeight) });
  },
  backward: lossBackward,
});

/** x and targets [n, outputs]; posWeight [1, outputs] weighs the positive targets. The result is [1]. */
export function bceWithLogits(x: Value, targets: Value, posWeight?: Value): Value {
  return apply(bceWithLogitsOp, posWeight ? [x, targets, posWeight] : [x, targets], undefined) as Value;
}
