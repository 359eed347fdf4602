/** The mean squared difference, PyTorch's mse_loss: of images too, for autoencoders. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { lossBackward, lossForward, sameShape } from "./losses.ts";
import { sizes } from "./views.ts";

export const mseOp = defineOp<undefined>({
  name: "mse",
  loss: { targets: "numbers of the predictions' size" },
  shape([x, targets], _, fail) {
    sameShape(x!, targets!, fail);
    return [1];
  },
  forward(lower, value) {
    const [x] = value.inputs as [Value];
    const { n, c, pixels } = sizes(x.shape);
    lossForward(lower, value, { kernel: "mse", reads: { x: lower.dense(x), n, c, pixels }, gradient: "dx" });
  },
  backward: lossBackward,
});

/** x and targets of one shape. The result is [1]. */
export function mse(x: Value, targets: Value): Value {
  return apply(mseOp, [x, targets], undefined) as Value;
}
