/** What losses share: they compute their gradient together with their value, and the gradient is that of the predictions alone. */

import { InputError } from "../../signal/errors.ts";
import { describe } from "../graph.ts";
import type { Arguments, Lowering, Shape, Value } from "../op.ts";

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
  const lossScale = lower.scalar("lossScale");
  const all = { ...reads, targets: lower.dense(targets), lossScale };
  lower.emit(value as Value, kernel, all, { loss, [gradient]: dx });
  lower.note(value as Value, "gradient", dx);
  lower.define(value as Value, { x: loss, act: "none" });
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
