/** What comes from outside: images, targets. The host writes it, in PyTorch's order, before each run. */

import { InputError } from "../../signal/errors.ts";
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

/**
 * An image or a target, [n, c, h, w], [n, features] or, for classes' numbers, [n]. Inputs of one name are one array, so their shapes must
 * agree.
 */
export function input(graph: Graph, name: string, shape: Shape): Value {
  const same = graph.values.find(({ op, attributes }) => {
    return op === (inputOp as unknown) && (attributes as InputAttributes).name === name;
  });
  if (same && String(same.shape) !== String(shape)) {
    throw new InputError(
      `The network has an input ${name} of shape [${same.shape.join(", ")}] already; the one of shape [${shape.join(", ")}] needs ` +
        "another name.",
    );
  }
  return graph.add(inputOp, [], { name, shape }) as Value;
}
