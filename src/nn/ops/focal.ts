/** Focal loss from logits (Lin 2017), torchvision's sigmoid_focal_loss; the mean over the batch. What is already right counts less. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { logitsLoss, lossBackward, lossShape } from "./losses.ts";

export interface FocalAttributes {
  /** How much less; 0 makes it binary cross-entropy. */
  readonly gamma: number;
  /** The positives' part of the weight, the negatives' is the rest; below 0, both count in full. */
  readonly alpha: number;
}

export const focalOp = defineOp<FocalAttributes>({
  name: "focal",
  loss: { targets: "numbers from 0 to 1" },
  shape(shapes, attributes, fail) {
    if (!(attributes.gamma >= 0 && attributes.gamma < Number.POSITIVE_INFINITY))
      fail(`gamma must be 0 or more; it is ${attributes.gamma}.`);
    if (!(attributes.alpha <= 1)) fail(`alpha must be 1 or less; it is ${attributes.alpha}.`);
    return lossShape(shapes, attributes, fail);
  },
  forward: (lower, value) => logitsLoss(lower, value, "focal", { ...value.attributes }),
  backward: lossBackward,
});

/** x and targets [n, outputs], targets 0 to 1. The result is [1]. */
export function focal(x: Value, targets: Value, { gamma = 2, alpha = 0.25 } = {}): Value {
  return apply(focalOp, [x, targets], { gamma, alpha }) as Value;
}
