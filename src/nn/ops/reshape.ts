/** The same numbers, in PyTorch's order, under another shape: reshape and flatten. The batch stays as it is. */

import { apply } from "../graph.ts";
import { defineOp, type Lowering, numel, type Shape, type Value } from "../op.ts";
import type { Tensor } from "../plan.ts";
import { sizes } from "./views.ts";

export const reshapeOp = defineOp<{ readonly to: Shape }>({
  name: "reshape",
  shape([x], { to }, fail) {
    if (!Array.isArray(to)) fail("it needs the sizes that follow the batch, as [c, h, w].");
    if (to.some((size) => !Number.isInteger(size) || size < 1)) {
      fail(`the sizes that follow the batch must be whole numbers from 1; they are [${to.join(", ")}].`);
    }
    const shape = [x![0]!, ...to];
    if (shape.length !== 2 && shape.length !== 4) fail("the result needs two or four sizes.");
    if (numel(shape) !== numel(x!)) {
      fail(`[${shape.join(", ")}] holds ${numel(shape)} numbers, the input ${numel(x!)}.`);
    }
    return shape;
  },
  forward(lower, value) {
    const [x] = value.inputs as [Value];
    if (liesTheSame(x.shape, value.shape)) {
      lower.define(value as Value, { x: lower.dense(x), act: "none" });
      return;
    }
    const y = lower.activation(value.shape, "reshaped");
    const shapes = { from: x.shape, to: value.shape };
    emitReshape(lower, value as Value, shapes, { src: lower.dense(x), dst: y, accumulate: 0 });
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    const [x] = value.inputs as [Value];
    const g = lower.grad(value as Value);
    if (liesTheSame(x.shape, value.shape)) {
      lower.addGrad(x, { g, act: "none" });
      return;
    }
    const { tensor, accumulate } = lower.gradTarget(x);
    const shapes = { from: value.shape, to: x.shape };
    emitReshape(lower, value as Value, shapes, { src: g, dst: tensor, accumulate });
  },
  onnx: (builder, { inputs, attributes: { to } }) =>
    builder.node("Reshape", [
      builder.name(inputs[0]!),
      builder.constant("shape", BigInt64Array.from([0n, ...to.map(BigInt)]), [to.length + 1]),
    ]),
});

/** x [n, ...] as [n, ...to]. */
export function reshape(x: Value, to: Shape): Value {
  return apply(reshapeOp, [x], { to }) as Value;
}

/** x [n, c, h, w] as [n, c * h * w], PyTorch's flatten(x, 1). */
export function flatten(x: Value): Value {
  return reshape(x, [numel(x.shape.slice(1))]);
}

/** One pixel an image: channels and features lie alike. */
function liesTheSame(a: Shape, b: Shape): boolean {
  return a[1] === b[1] && sizes(a).pixels === sizes(b).pixels && sizes(a).w === sizes(b).w;
}

function emitReshape(
  lower: Lowering,
  value: Value,
  { from, to }: Record<"from" | "to", Shape>,
  { src, dst, accumulate }: { readonly src: Tensor; readonly dst: Tensor; readonly accumulate: 0 | 1 },
): void {
  const { c: srcC, pixels: srcPixels } = sizes(from);
  const { n: dstN, c: dstC, pixels: dstPixels } = sizes(to);
  lower.emit(value, "reshape", { src, srcC, srcPixels, dstN, dstC, dstPixels, accumulate }, { dst });
}
