/** Views and gradient views as kernels take them: five and ten arguments. */

import { type Arguments, activations, type GradView, type Lowering, type Value, type View } from "../op.ts";

/** The arguments of a kernel that reads a View named `x` (or another letter). */
export function viewArguments(view: View, name = "x"): Arguments {
  return {
    [name]: view.x,
    [`${name}Scale`]: view.scale,
    [`${name}Shift`]: view.shift,
    [`${name}Gate`]: view.gate,
    [`${name}Act`]: activations[view.act],
  };
}

/** The arguments of a kernel that reads a GradView. */
export function gradArguments(grad: GradView): Arguments {
  return {
    g: grad.g,
    y: grad.y,
    scale: grad.scale,
    shift: grad.shift,
    act: activations[grad.act],
    gate: grad.gate,
    spread: grad.spread,
    coefA: grad.coefs?.a,
    coefB: grad.coefs?.b,
    coefC: grad.coefs?.c,
  };
}

/** A value's view without activation and gate, so that either can be put on top. */
export function linearView(lower: Lowering, value: Value): View {
  const view = lower.view(value);
  return view.act === "none" && !view.gate ? view : { x: lower.dense(value), act: "none" };
}

/** A gradient that is g * gate + spread and no more; stored where it wasn't. */
export function plainGrad(lower: Lowering, value: Value): GradView {
  const grad = lower.gradView(value);
  return grad.act === "none" && !grad.coefs ? grad : { g: lower.grad(value), act: "none" };
}

/** [n, c, h, w] or [n, features] as the sizes that kernels take. */
export function sizes(shape: readonly number[]): {
  n: number;
  c: number;
  h: number;
  w: number;
  pixels: number;
} {
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  return { n, c, h, w, pixels: h * w };
}
