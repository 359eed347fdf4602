/**
 * Stochastic depth (Huang 2016), timm's drop_path: in training an image's branch is left out with probability p, and what stays is divided
 * by 1 - p. It is a gate, so nothing is stored.
 */

import { apply } from "../graph.ts";
import { type Arguments, defineOp, type Lowering, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { plainGrad, sizes } from "./views.ts";

export const dropPathOp = defineOp<{ readonly p: number }>({
  name: "dropPath",
  shape([x], { p }, fail) {
    checkProbability(p, fail);
    return x!;
  },
  forward(lower, value) {
    const [x] = value.inputs as [Value];
    const view = lower.view(x);
    if (!lower.training || value.attributes.p === 0) {
      lower.define(value as Value, view);
      return;
    }
    const { n, c } = sizes(value.shape);
    const gate = lower.vector(n * padded(c), "drop path");
    lower.emit(value as Value, "dropPathGate", { ...chance(lower, value), n, c }, { gate });
    const ungated = view.gate ? { x: lower.dense(x), act: "none" as const } : view;
    lower.define(value as Value, { ...ungated, gate });
  },
  backward(lower, value) {
    const [x] = value.inputs as [Value];
    if (value.attributes.p === 0) {
      lower.addGrad(x, lower.gradView(value as Value));
      return;
    }
    const { gate } = lower.definition(value as Value);
    const grad = plainGrad(lower, value as Value);
    const g = grad.gate || grad.spread || !grad.g ? lower.grad(value as Value) : grad.g;
    lower.addGrad(x, { g, gate, act: "none" });
  },
  onnx: (builder, { inputs }) => builder.name(inputs[0]!),
});

export function dropPath(x: Value, p: number): Value {
  return apply(dropPathOp, [x], { p }) as Value;
}

export function checkProbability(p: number, fail: (problem: string) => never): void {
  if (!(p >= 0 && p < 1)) fail(`the probability must be at least 0 and below 1; it is ${p}.`);
}

/** What kernels draw with: the same numbers in one step, others in each step and for each op. */
export function chance(lower: Lowering, value: Value<{ readonly p: number }>): Arguments {
  const { p } = value.attributes;
  const stream = lower.stream(value as Value);
  return { seedAt: lower.scalar("seed"), stepAt: lower.scalar("step"), stream, p };
}
