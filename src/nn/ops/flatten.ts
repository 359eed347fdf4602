/** [n, c, 1, 1] as [n, c], between a pool over the whole image and a linear layer. Nothing moves: both lie alike in memory. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";

export const flattenOp = defineOp<undefined>({
  name: "flatten",
  shape([x], _, fail) {
    if (x!.length !== 4 || x![2] !== 1 || x![3] !== 1) {
      return fail("the input needs a height and width of 1. Pool it first.");
    }
    return [x![0]!, x![1]!];
  },
  forward: (lower, value) => lower.define(value as Value, lower.view(value.inputs[0]!)),
  backward: (lower, value) => lower.addGrad(value.inputs[0]!, lower.gradView(value as Value)),
  onnx: (builder, { inputs }) => builder.node("Flatten", [builder.name(inputs[0]!)], { axis: 1 }),
});

export function flatten(x: Value): Value {
  return apply(flattenOp, [x], undefined) as Value;
}
