/** What comes from outside: images, targets. The host writes it, in PyTorch's order, before each run. */

import { defineOp, type Graph, type Shape, type Value } from "../op.ts";
import { sizes } from "./views.ts";

export interface InputAttributes {
  readonly name: string;
  readonly shape: Shape;
}

export const inputOp = defineOp<InputAttributes>({
  name: "input",
  shape(_, { name, shape }, fail) {
    if (typeof name !== "string" || name === "") fail("an input needs a name, by which batches give it.");
    if (!Array.isArray(shape) || ![1, 2, 4].includes(shape.length)) {
      fail(`${name} needs the shape [n, c, h, w], [n, features] or [n]; it is [${shape}].`);
    }
    return shape;
  },
  forward(lower, value) {
    const host = lower.hostInput(value.attributes.name, value.shape);
    const { n, c, pixels } = sizes(value.shape);
    const y = lower.activation(value.shape, value.attributes.name);
    lower.emit(value, "nchwToNhwc", { src: host, n, c, pixels }, { dst: y });
    lower.define(value, { x: y, act: "none" });
  },
  onnx: (builder, value) => builder.input(value.attributes.name, value.shape),
});

/** An image or a target, [n, c, h, w], [n, features] or, for classes' numbers, [n]. */
export function input(graph: Graph, name: string, shape: Shape): Value {
  return graph.add(inputOp, [], { name, shape }) as Value;
}
