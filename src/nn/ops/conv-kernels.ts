/** What ops on the convolution's kernels share: the weight brought into the kernels' form, and a backward pass into which nothing is fused. */

import type { Arguments, ConvShape, Lowering, Value } from "../op.ts";
import type { Tensor } from "../plan.ts";
import { gradArguments, viewArguments } from "./views.ts";

/** Packs the weight, for the backward pass too where the input needs a gradient, and gives what `convForward` reads. */
export function packWeight<A>(lower: Lowering, value: Value<A>, { c, k, kh, kw, groups }: ConvShape): Tensor {
  const [x, weight] = value.inputs as [Value, Value];
  const shape = { c, k, kh, kw, groups };
  const { forward, backward } = lower.packedConv(shape);
  const packed = lower.training && lower.needsGrad(x) ? { forward, backward } : { forward };
  lower.note(value as Value, "backward", backward);
  lower.emit(value as Value, "packConv", { w: lower.weight(weight), ...shape }, packed);
  return forward;
}

/** Emits `kernel`, which reads the packed weight noted as `packed` only for the input's gradient. */
export function emitConvBackward<A>(
  lower: Lowering,
  value: Value<A>,
  kernel: string,
  packed: "forward" | "backward",
  sizes: Arguments,
): void {
  const [x, weight, bias] = value.inputs as [Value, Value, Value | undefined];
  const grad = gradArguments(lower.gradView(value as Value));
  const target = lower.needsGrad(x) ? lower.gradTarget(x) : undefined;
  const w = target && lower.noted(value as Value, packed);
  const accumulate = target?.accumulate ?? 0;
  lower.emit(
    value as Value,
    kernel,
    { ...grad, ...viewArguments(lower.view(x)), w, accumulate, ...sizes },
    { dx: target?.tensor, dW: lower.weightGrad(weight), dBias: bias && lower.weightGrad(bias) },
  );
}
