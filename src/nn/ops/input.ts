/** What comes from outside: images, targets. The host writes it, in PyTorch's order, before each run. */

import { defineOp, type Graph, type Shape, type Value } from "../op.ts";
import { sizes } from "./views.ts";

export interface InputAttributes {
  readonly name: string;
  readonly shape: Shape;
}

export const inputOp = defineOp<InputAttributes>({
  name: "input",
  shape: (_, { shape }) => shape,
  forward(lower, value) {
    const host = lower.hostInput(value.attributes.name, value.shape);
    const { n, c, pixels } = sizes(value.shape);
    const y = lower.activation(value.shape, value.attributes.name);
    lower.emit(value, "nchwToNhwc", { src: host, n, c, pixels }, { dst: y });
    lower.define(value, { x: y, act: "none" });
  },
  onnx: (builder, value) => builder.input(value.attributes.name, value.shape),
});

/** An image or a target, [n, c, h, w] or [n, features]. */
export function input(graph: Graph, name: string, shape: Shape): Value {
  return graph.add(inputOp, [], { name, shape }) as Value;
}
