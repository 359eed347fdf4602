/** Cross-entropy of one class among several, PyTorch's cross_entropy; the mean over the batch. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { logitsLoss, lossBackward } from "./losses.ts";

export const crossEntropyOp = defineOp<{ readonly labelSmoothing: number }>({
  name: "crossEntropy",
  loss: { targets: "class numbers: whole, from 0, below the number of classes" },
  shape([x, targets], { labelSmoothing }, fail) {
    if (x!.length !== 2) fail("the logits need two sizes.");
    if (targets!.length !== 1 || targets![0] !== x![0]) {
      fail(`the targets are the classes' numbers and need the shape [${x![0]}].`);
    }
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      fail(`label smoothing goes from 0 to 1; it is ${labelSmoothing}.`);
    }
    return [1];
  },
  forward(lower, value) {
    const { labelSmoothing: smoothing } = value.attributes;
    logitsLoss(lower, value, "crossEntropy", { smoothing, targetStride: padded(1) });
  },
  backward: lossBackward,
});

/** x [n, classes], targets [n]: whole numbers from 0; any other makes the loss NaN. The result is [1]. */
export function crossEntropy(x: Value, targets: Value, { labelSmoothing = 0 } = {}): Value {
  return apply(crossEntropyOp, [x, targets], { labelSmoothing }) as Value;
}
