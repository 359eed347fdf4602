/** Values one after the other along their channels or features, PyTorch's cat(values, 1). */

import { UsageError } from "../../signal/errors.ts";
import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import { sizes } from "./views.ts";

export const concatOp = defineOp<undefined>({
  name: "concat",
  shape(shapes, _, fail) {
    const [first] = shapes;
    const alike = shapes.every(
      (shape) => shape.length === first!.length && shape.every((size, i) => i === 1 || size === first![i]),
    );
    if (!alike || first!.length < 2) fail("the inputs may differ in their channels alone.");
    return first!.map((size, i) => (i === 1 ? shapes.reduce((sum, shape) => sum + shape[1]!, 0) : size));
  },
  forward(lower, value) {
    const dst = lower.activation(value.shape, "joined");
    const { n, c: dstC, pixels } = sizes(value.shape);
    let dstAt = 0;
    for (const input of value.inputs) {
      const channels = input.shape[1]!;
      const reads = { src: lower.dense(input), srcC: channels, srcAt: 0, dstC, dstAt, channels, n, pixels };
      lower.emit(value as Value, "concatPart", { ...reads, accumulate: 0 }, { dst });
      dstAt += channels;
    }
    lower.define(value as Value, { x: dst, act: "none" });
  },
  backward(lower, value) {
    const src = lower.grad(value as Value);
    const { n, c: srcC, pixels } = sizes(value.shape);
    let srcAt = 0;
    for (const input of value.inputs) {
      const channels = input.shape[1]!;
      if (lower.needsGrad(input)) {
        const { tensor: dst, accumulate } = lower.gradTarget(input);
        const reads = { src, srcC, srcAt, dstC: channels, dstAt: 0, channels, accumulate, n, pixels };
        lower.emit(value as Value, "concatPart", reads, { dst });
      }
      srcAt += channels;
    }
  },
  onnx: (builder, { inputs }) =>
    builder.node(
      "Concat",
      inputs.map((input) => builder.name(input)),
      { axis: 1 },
    ),
});

/** [n, c1, h, w], [n, c2, h, w], ... to [n, c1 + c2 + ..., h, w]; or [n, features]. */
export function concat(values: readonly Value[]): Value {
  if (values.length === 0) throw new UsageError("concat needs one value or more; none was given.");
  return apply(concatOp, values, undefined) as Value;
}
