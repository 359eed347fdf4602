/** Binary cross-entropy from logits, PyTorch's binary_cross_entropy_with_logits; the mean over the batch. Targets may be soft. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { logitsLoss, lossBackward, lossShape } from "./losses.ts";

export interface BceAttributes {
  /** Which weights stand behind logits and targets, in this order. */
  readonly optional: readonly ("posWeight" | "weight")[];
}

export const bceWithLogitsOp = defineOp<BceAttributes>({
  name: "bceWithLogits",
  loss: { targets: "numbers from 0 to 1" },
  shape(shapes, attributes, fail) {
    const has = (name: "posWeight" | "weight") => attributes.optional.includes(name);
    const weight = has("weight") ? shapes.at(-1)! : undefined;
    if (weight && String(weight) !== String(shapes[0])) {
      fail(`the weight of each logit needs the logits' shape, [${shapes[0]!.join(", ")}].`);
    }
    return lossShape(shapes.slice(0, has("posWeight") ? 3 : 2), attributes, fail);
  },
  forward(lower, value) {
    const { optional } = value.attributes;
    const weights = { posWeight: undefined, weight: undefined };
    const given = optional.map((name, i) => [name, lower.dense(value.inputs[2 + i]!)]);
    logitsLoss(lower, value, "bceWithLogits", { ...weights, ...Object.fromEntries(given) });
  },
  backward: lossBackward,
});

/**
 * x and targets [n, outputs]; posWeight [1, outputs] weighs the positive targets. The result is [1]. With `weight` [n, outputs], 0 or
 * more, it is the mean that these weigh, so that what weighs 0 doesn't count (PyTorch's `weight` divides by the count of all); 0 where
 * all weigh 0.
 */
export function bceWithLogits(x: Value, targets: Value, posWeight?: Value, weight?: Value): Value {
  const given = Object.entries({ posWeight, weight }).filter((entry): entry is [never, Value] => !!entry[1]);
  const optional = given.map(([name]) => name);
  return apply(bceWithLogitsOp, [x, targets, ...given.map(([, value]) => value)], { optional }) as Value;
}
