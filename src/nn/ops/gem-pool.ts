/**
 * The generalised mean over height and width, mean(max(x, 1e-6)^p)^(1/p) with one learned p (Radenovic 2018): p = 1 is the mean, larger ones
 * come closer to the maximum.
 */

import { apply } from "../graph.ts";
import { defineOp, type Value, type Weight } from "../op.ts";
import { sizes, viewArguments } from "./views.ts";

/** The kernels' floor, timm's too. */
const EPS = 1e-6;

export const gemPoolOp = defineOp<undefined>({
  name: "gemPool",
  shape([x, p], _, fail) {
    if (p!.length !== 1 || p![0] !== 1) fail("the power needs the shape [1].");
    return x!.length === 4 ? [x![0]!, x![1]!, 1, 1] : fail("the input needs four sizes.");
  },
  forward(lower, value) {
    const [x, p] = value.inputs as [Value, Value];
    const { n, c, pixels } = sizes(x.shape);
    const y = lower.activation(value.shape, "mean");
    const reads = { ...viewArguments(lower.view(x)), p: lower.weight(p), n, pixels, c };
    lower.emit(value as Value, "gemPool", reads, { y });
    lower.define(value as Value, { x: y, act: "none" });
  },
  backward(lower, value) {
    const [x, p] = value.inputs as [Value, Value];
    const { n, c, pixels } = sizes(x.shape);
    const target = lower.needsGrad(x) ? lower.gradTarget(x) : undefined;
    const reads = {
      g: lower.grad(value as Value),
      ...viewArguments(lower.view(x)),
      y: lower.view(value as Value).x,
      p: lower.weight(p),
      accumulate: target?.accumulate ?? 0,
      n,
      pixels,
      c,
    };
    lower.emit(value as Value, "gemPoolBackward", reads, { dx: target?.tensor, dP: lower.weightGrad(p) });
  },
  onnx(builder, { inputs }) {
    const [x, p] = inputs as [Value, Value];
    const [power] = builder.weight((p.attributes as Weight).name);
    const scalar = (label: string, number: number) => builder.constant(label, Float32Array.of(number), []);
    const powers = builder.node("Pow", [
      builder.node("Max", [builder.name(x), scalar("floor", EPS)]),
      scalar("power", power!),
    ]);
    return builder.node("Pow", [
      builder.node("GlobalAveragePool", [powers]),
      scalar("inverse power", 1 / power!),
    ]);
  },
});

/** x [n, c, h, w] to [n, c, 1, 1]; p is a weight of shape [1]. */
export function gemPool(x: Value, p: Value): Value {
  return apply(gemPoolOp, [x, p], undefined) as Value;
}
