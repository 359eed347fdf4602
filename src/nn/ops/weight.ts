/** A tensor of the network's own: a parameter that is learned, or a buffer that the network keeps up. */

import { UsageError } from "../../signal/errors.ts";
import { defineOp, type Graph, type Init, type Shape, type Value, type Weight } from "../op.ts";

export const weightOp = defineOp<Weight>({
  name: "weight",
  shape(_, { name, shape, init }, fail) {
    if (!Array.isArray(shape) || shape.length < 1 || shape.length > 4) {
      fail(`${name} needs one to four sizes; its shape is [${shape}].`);
    }
    const number = firstNumber(init);
    if (number === undefined || !Number.isFinite(Math.fround(number))) {
      fail(`${name} can't start from ${JSON.stringify(init)}: its number is ${number}.`);
    }
    return shape;
  },
  forward() {},
  onnx: (builder, { attributes: { name, shape } }) => builder.constant(name, builder.weight(name), shape),
});

function firstNumber(init: Init): number | undefined {
  switch (init?.kind) {
    case "constant":
      return init.value;
    case "normal":
      return init.std;
    case "uniform":
      return init.bound;
  }
}

function weight(graph: Graph, attributes: Weight): Value {
  if (typeof attributes.name !== "string" || attributes.name === "") {
    throw new UsageError("A weight needs a name, under which it is saved.");
  }
  const value = graph.add(weightOp, [], attributes) as Value;
  graph.addWeight(attributes);
  return value;
}

/** A learned tensor. `decay: false` for norms and biases. */
export function parameter(
  graph: Graph,
  name: string,
  shape: Shape,
  { init, decay }: { readonly init: Init; readonly decay: boolean },
): Value {
  return weight(graph, { name, shape, init, decay, trainable: true });
}

/** A tensor that is kept with the weights but not learned. */
export function buffer(graph: Graph, name: string, shape: Shape, value: number): Value {
  return weight(graph, {
    name,
    shape,
    init: { kind: "constant", value },
    decay: false,
    trainable: false,
  });
}
