/**
 * Several losses at once: the sum of each times its weight. A loss computes its gradient together with its value, so each takes its
 * weight into its own gradient (`lossForward`), and none passes through here.
 */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";

export interface SumLossesAttributes {
  /** One for each loss. */
  readonly weights: readonly number[];
}

export const sumLossesOp = defineOp<SumLossesAttributes>({
  name: "sumLosses",
  loss: { targets: "what each of its losses needs" },
  shape(shapes, { weights }, fail) {
    if (weights.length !== shapes.length) fail(`${shapes.length} losses need as many weights.`);
    if (!weights.every((weight) => weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      fail(`the weights must be 0 or more, and finite; they are ${weights.join(", ")}.`);
    }
    return [1];
  },
  forward(lower, value) {
    const out = lower.vector(1, "sum of losses");
    for (const [i, loss] of value.inputs.entries()) {
      const reads = { x: lower.dense(loss), factor: value.attributes.weights[i]!, accumulate: i > 0 ? 1 : 0 };
      lower.emit(value as Value, "addNumber", reads, { out });
    }
    lower.define(value as Value, { x: out, act: "none" });
  },
  backward(lower, value) {
    for (const loss of value.inputs) lower.addGrad(loss, { act: "none" });
  },
});

/** Losses of one graph, each with its weight, 0 or more. The result, [1], is a loss to train by. */
export function sumLosses(losses: readonly { readonly loss: Value; readonly weight: number }[]): Value {
  const weights = losses.map(({ weight }) => weight);
  return apply(
    sumLossesOp,
    losses.map(({ loss }) => loss),
    { weights },
  ) as Value;
}
