/**
 * Batch normalisation over [n, h, w] (Ioffe and Szegedy 2015), PyTorch's batch_norm. The result is not stored: it is a scale and a
 * shift a channel, which its readers apply. In training the statistics are the batch's own, and the running ones follow them
 * once the step has gone well.
 */

import { InputError } from "../../signal/errors.ts";
import { apply, describe } from "../graph.ts";
import { defineOp, type GradView, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { gradArguments, sizes, viewArguments } from "./views.ts";

export interface BatchNormAttributes {
  readonly eps: number;
  readonly momentum: number;
}

export const batchNormOp = defineOp<BatchNormAttributes>({
  name: "batchNorm",
  shape([x, ...vectors], { eps, momentum }, fail) {
    if (x!.length !== 4) return fail("the input needs four sizes.");
    for (const vector of vectors) {
      if (vector.length !== 1 || vector[0] !== x![1]) fail(`each of its weights needs the shape [${x![1]}].`);
    }
    if (!(Math.fround(eps) > 0 && eps < Number.POSITIVE_INFINITY)) fail(`eps must be above 0; it is ${eps}.`);
    if (!(momentum >= 0 && momentum <= 1)) fail(`momentum goes from 0 to 1; it is ${momentum}.`);
    return x!;
  },
  forward(lower, value) {
    const [x, gamma, beta, mean, variance] = value.inputs as [Value, Value, Value, Value, Value];
    const { n, c, pixels } = sizes(value.shape);
    const { eps, momentum } = value.attributes;
    if (lower.training && n * pixels === 1) throw new InputError(oneValue(value as Value));
    const base = lower.dense(x);
    const affine = { gamma: lower.weight(gamma), beta: lower.weight(beta), c, eps };
    const scale = lower.vector(padded(c), "scale");
    const shift = lower.vector(padded(c), "shift");
    if (!lower.training) {
      const running = { mean: lower.weight(mean), variance: lower.weight(variance) };
      lower.emit(value as Value, "normInference", { ...running, ...affine }, { scale, shift });
      lower.define(value as Value, { x: base, scale, shift, act: "none" });
      return;
    }
    let moments = lower.noted(x, "moments");
    if (!moments) {
      moments = lower.vector(2 * padded(c), "moments");
      lower.emit(
        value as Value,
        "moments",
        { ...viewArguments({ x: base, act: "none" }), n, pixels, c },
        { moments },
      );
    }
    const rstd = lower.vector(padded(c), "rstd");
    lower.emit(value as Value, "normForward", { moments, ...affine }, { scale, shift, rstd });
    lower.emitAfterStep(
      value as Value,
      "runningStats",
      { moments, c, count: n * pixels, momentum },
      { runningMean: lower.weight(mean), runningVar: lower.weight(variance) },
    );
    lower.define(value as Value, { x: base, scale, shift, act: "none", norm: { moments, rstd } });
  },
  backward(lower, value) {
    const [x, gamma, beta] = value.inputs as [Value, Value, Value];
    const { n, c, pixels } = sizes(value.shape);
    const { x: base, scale, shift, norm } = lower.definition(value as Value);
    const { moments, rstd } = norm!;
    let grad: GradView = lower.gradView(value as Value);
    const foreign = grad.act !== "none" && (grad.y !== base || grad.scale !== scale);
    if (foreign || grad.coefs) grad = { g: lower.grad(value as Value), act: "none" };
    const coefs = {
      a: lower.vector(padded(c), "coefA"),
      b: lower.vector(padded(c), "coefB"),
      c: lower.vector(padded(c), "coefC"),
    };
    const out = {
      dGamma: lower.weightGrad(gamma),
      dBeta: lower.weightGrad(beta),
      coefA: coefs.a,
      coefB: coefs.b,
      coefC: coefs.c,
    };
    const { sums, reduced, gate, spread } = grad;
    if (reduced && !gate && !spread) {
      lower.emit(
        value as Value,
        "normBackwardReduced",
        { sums: reduced, moments, rstd, scale, n, pixels, c },
        out,
      );
    } else if (sums && gate && spread) {
      lower.emit(
        value as Value,
        "normBackwardGated",
        { sums, gate, spread, moments, rstd, scale, n, pixels, c },
        out,
      );
    } else {
      const { g, y, scale, shift, act, gate, spread } = gradArguments({ ...grad, y: base });
      const reads = {
        g,
        y,
        scale,
        shift,
        act,
        gate,
        spread,
        moments,
        rstd,
        gamma: lower.weight(gamma),
        n,
        pixels,
        c,
      };
      lower.emit(value as Value, "normBackward", reads, out);
    }
    const { act } = grad;
    lower.addGrad(x, {
      g: grad.g,
      gate,
      spread,
      act,
      y: base,
      ...(act === "none" ? {} : { scale, shift }),
      coefs,
    });
  },
  onnx: (builder, { inputs, attributes: { eps } }) =>
    builder.node(
      "BatchNormalization",
      inputs.map((input) => builder.name(input)),
      { epsilon: { float: eps } },
    ),
});

/** Normalised, a single value is 0 whatever the image; PyTorch refuses it too ("Expected more than 1 value per channel"). */
function oneValue(value: Value): string {
  return (
    `${describe(value)}: training needs more than one value a channel, and the shape here is [${value.shape.join(", ")}]. ` +
    "Use a larger batch or larger images."
  );
}

/** Normalises x [n, c, h, w]; weight, bias, runningMean and runningVar are [c]. `momentum` weighs the new batch, as in PyTorch. */
export function batchNorm(
  x: Value,
  { weight, bias, runningMean, runningVar }: Record<"weight" | "bias" | "runningMean" | "runningVar", Value>,
  { eps = 1e-5, momentum = 0.1 } = {},
): Value {
  return apply(batchNormOp, [x, weight, bias, runningMean, runningVar], { eps, momentum }) as Value;
}
