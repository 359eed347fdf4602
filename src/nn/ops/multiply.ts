/**
 * The product of two values of one shape, or of x [n, c, h, w] with a gate [n, c, 1, 1] (squeeze-excite, Hu 2018). A gated value is not
 * stored: its readers apply the gate.
 */

import { apply } from "../graph.ts";
import { defineOp, type Lowering, type Value } from "../op.ts";
import { padded } from "../plan.ts";
import { plainGrad, sizes, viewArguments } from "./views.ts";

export const multiplyOp = defineOp<undefined>({
  name: "multiply",
  shape([a, b], _, fail) {
    const same = a!.length === b!.length && a!.every((size, i) => size === b![i] || (i > 1 && b![i] === 1));
    const gate = !b!.slice(2).every((size) => size === 1);
    if (!same || (gate && a!.some((size, i) => size !== b![i]))) {
      fail("both inputs need one shape, or the second one's height and width must be 1.");
    }
    return a!;
  },
  forward(lower, value) {
    const [a, b] = value.inputs as [Value, Value];
    if (isGate(value)) {
      const view = lower.view(a);
      const ungated = view.gate ? { x: lower.dense(a), act: "none" as const } : view;
      lower.define(value as Value, { ...ungated, gate: lower.dense(b) });
      return;
    }
    const out = lower.activation(value.shape, "product");
    const count = out.floats;
    lower.emit(value as Value, "multiply", { a: lower.dense(a), b: lower.dense(b), count }, { out });
    lower.define(value as Value, { x: out, act: "none" });
  },
  backward(lower, value) {
    if (isGate(value)) gateBackward(lower, value as Value);
    else productBackward(lower, value as Value);
  },
  onnx: (builder, { inputs }) =>
    builder.node(
      "Mul",
      inputs.map((input) => builder.name(input)),
    ),
});

export function multiply(a: Value, b: Value): Value {
  return apply(multiplyOp, [a, b], undefined) as Value;
}

function isGate({ inputs, shape }: Value<undefined>): boolean {
  return (
    shape.length === 4 && shape[2]! * shape[3]! > 1 && inputs[1]!.shape[2] === 1 && inputs[1]!.shape[3] === 1
  );
}

function gateBackward(lower: Lowering, value: Value): void {
  const [a, b] = value.inputs as [Value, Value];
  const { n, c, pixels } = sizes(value.shape);
  const { x, scale, shift, act, norm, gate } = lower.definition(value);
  const incoming = plainGrad(lower, value);
  const g = incoming.gate || incoming.spread || !incoming.g ? lower.grad(value) : incoming.g;
  const view = viewArguments({ x, scale, shift, act });
  const aNeeds = lower.needsGrad(a);
  if (!lower.needsGrad(b)) {
    lower.addGrad(a, { g, gate, act: "none" });
  } else if (norm && aNeeds) {
    let sums = lower.noted(value, "gate sums");
    if (!sums) {
      sums = lower.vector(5 * n * padded(c), "gate sums");
      lower.emit(value, "gateSums", { g, ...view, ...norm, n, pixels, c }, { sums });
    }
    lower.addGrad(b, { g: lower.part(sums, 0, n * padded(c)), act: "none" });
    lower.addGrad(a, { g, gate, act: "none", sums });
  } else {
    const { tensor, accumulate } = lower.gradTarget(b);
    lower.emit(value, "gateGrad", { g, ...view, accumulate, n, pixels, c }, { dGate: tensor });
    if (aNeeds) lower.addGrad(a, { g, gate, act: "none" });
  }
}

function productBackward(lower: Lowering, value: Value): void {
  const [a, b] = value.inputs as [Value, Value];
  const g = lower.grad(value);
  const wanted = [
    { input: a, factors: { b: lower.dense(b) }, out: "da", accumulated: "accumulateA" },
    { input: b, factors: { a: lower.dense(a) }, out: "db", accumulated: "accumulateB" },
  ];
  for (const { input, factors, out, accumulated } of wanted) {
    if (!lower.needsGrad(input)) continue;
    const { tensor, accumulate } = lower.gradTarget(input);
    const reads = { g, ...factors, [accumulated]: accumulate, count: tensor.floats };
    lower.emit(value, "multiplyBackward", reads, { [out]: tensor });
  }
}
