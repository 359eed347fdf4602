/** The largest number of each window, PyTorch's max_pool2d without ceil_mode. The gradient goes to the first maximum. */

import { apply } from "../graph.ts";
import { defineOp, type Value } from "../op.ts";
import {
  onnxWindow,
  poolBackward,
  poolForward,
  type WindowAttributes,
  type WindowOptions,
  windowAttributes,
  windowShape,
} from "./windows.ts";

export const maxPoolOp = defineOp<WindowAttributes>({
  name: "maxPool",
  shape: windowShape,
  forward: (lower, value) => poolForward(lower, value, "maxPool"),
  backward: (lower, value) => poolBackward(lower, value, "maxPoolBackward"),
  onnx: (builder, { inputs, attributes }) =>
    builder.node("MaxPool", [builder.name(inputs[0]!)], onnxWindow(attributes)),
});

/** x [n, c, h, w]; padding never wins. */
export function maxPool(x: Value, options: WindowOptions): Value {
  return apply(maxPoolOp, [x], windowAttributes(options)) as Value;
}
