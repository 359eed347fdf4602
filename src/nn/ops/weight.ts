/** A tensor of the network's own: a parameter that is learned, or a buffer that the network keeps up. */

import { defineOp, type Graph, type Init, type Shape, type Value, type Weight } from "../op.ts";

export const weightOp = defineOp<Weight>({
  name: "weight",
  shape: (_, { shape }) => shape,
  forward() {},
  onnx: (builder, { attributes: { name, shape } }) => builder.constant(name, builder.weight(name), shape),
});

function weight(graph: Graph, attributes: Weight): Value {
  graph.addWeight(attributes);
  return graph.add(weightOp, [], attributes) as Value;
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
