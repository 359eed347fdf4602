/** What losses share: they compute their gradient together with their value, and the gradient is that of the predictions alone. */

import { InputError } from "../../signal/errors.ts";
import { describe } from "../graph.ts";
import type { Arguments, Lowering, Shape, Value } from "../op.ts";
import type { Tensor } from "../plan.ts";
import type { SumLossesAttributes } from "./sum-losses.ts";

/** Predictions and targets of one shape, [n, outputs]; further inputs are [1, outputs]. */
export function lossShape(
  [x, targets, ...weights]: readonly Shape[],
  _: unknown,
  fail: (problem: string) => never,
): Shape {
  sameShape(x!, targets!, fail);
  if (x!.length !== 2) fail("the logits need two sizes.");
  if (weights.some((shape) => shape.length !== 2 || shape[0] !== 1 || shape[1] !== x![1])) {
    fail(`the weight of the positives needs the shape [1, ${x![1]}].`);
  }
  return [1];
}

export function sameShape(x: Shape, targets: Shape, fail: (problem: string) => never): void {
  if (x.length !== targets.length || x.some((size, i) => size !== targets[i])) {
    fail("the predictions and the targets need one shape.");
  }
}

/** Emits a loss's kernel, which gives the gradient too: `gradient` is what the kernel calls it. */
export function lossForward<A>(
  lower: Lowering,
  value: Value<A>,
  {
    kernel,
    reads,
    gradient,
  }: { readonly kernel: string; readonly reads: Arguments; readonly gradient: string },
): void {
  const [x, targets] = value.inputs as [Value, Value];
  const loss = lower.vector(1, "loss");
  const dx = lower.activation(x.shape, "gradient");
  const lossScale = scaleOf(lower, value as Value);
  const all = { ...reads, targets: lower.dense(targets), lossScale };
  lower.emit(value as Value, kernel, all, { loss, [gradient]: dx });
  lower.note(value as Value, "gradient", dx);
  lower.define(value as Value, { x: loss, act: "none" });
}

/** What the gradient is scaled by: the training's own scale, times the loss's weight where it is one of a sum. */
function scaleOf(lower: Lowering, value: Value): Tensor {
  const scale = lower.scalar("lossScale");
  const weight = weightOf(lower, value);
  if (weight === 1) return scale;
  const out = lower.vector(1, "scale of the loss");
  lower.emit(value, "addNumber", { x: scale, factor: weight, accumulate: 0 }, { out });
  return out;
}

function weightOf(lower: Lowering, value: Value): number {
  const sums = lower.readers(value) as readonly Value<SumLossesAttributes>[];
  if (sums.length === 0) return 1;
  // A sum that reads the loss twice stands there twice.
  return [...new Set(sums)].reduce((total, sum) => {
    const own = sum.attributes.weights.filter((_, i) => sum.inputs[i] === value);
    return total + own.reduce((a, b) => a + b, 0) * weightOf(lower, sum as Value);
  }, 0);
}

/** A loss of logits [n, outputs], whose kernel takes `options`. */
export function logitsLoss<A>(lower: Lowering, value: Value<A>, kernel: string, options: Arguments): void {
  const [x] = value.inputs as [Value];
  const [n, f] = x.shape;
  const reads = { logits: lower.dense(x), n, f, ...options };
  lossForward(lower, value, { kernel, reads, gradient: "dLogits" });
}

export function lossBackward<A>(lower: Lowering, value: Value<A>): void {
  const [x, ...others] = value.inputs as [Value, ...Value[]];
  if (others.some((other) => lower.needsGrad(other))) {
    throw new InputError(`${describe(value)}: gradients do not go to targets; make them of inputs alone.`);
  }
  lower.addGrad(x, { g: lower.noted(value as Value, "gradient"), act: "none" });
}
