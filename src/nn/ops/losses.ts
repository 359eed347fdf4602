/** What losses share: they compute their gradient together with their value, and the gradient is that of the logits. */

import type { Lowering, Shape, Value } from "../op.ts";

export function lossShape(
  [x, targets]: readonly Shape[],
  _: unknown,
  fail: (problem: string) => never,
): Shape {
  if (x!.some((size, i) => size !== targets![i])) fail("the logits and the targets need one shape.");
  return [1];
}

export function lossBackward(lower: Lowering, value: Value<never>): void {
  const loss = value as unknown as Value;
  lower.addGrad(loss.inputs[0]!, { g: lower.noted(loss, "gradient"), act: "none" });
}
