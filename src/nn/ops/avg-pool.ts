/** The mean of each window, PyTorch's avg_pool2d without ceil_mode. */

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

export interface AvgPoolAttributes extends WindowAttributes {
  readonly countIncludePad: boolean;
}

export const avgPoolOp = defineOp<AvgPoolAttributes>({
  name: "avgPool",
  shape: windowShape,
  forward: (lower, value) => poolForward(lower, value, "avgPool"),
  backward: (lower, value) => poolBackward(lower, value, "avgPoolBackward"),
  onnx: (builder, { inputs, attributes }) =>
    builder.node("AveragePool", [builder.name(inputs[0]!)], {
      ...onnxWindow(attributes),
      count_include_pad: attributes.countIncludePad ? 1 : 0,
    }),
});

/** x [n, c, h, w]; `countIncludePad` counts the padding's zeros as pixels. */
export function avgPool(
  x: Value,
  { countIncludePad = true, ...options }: WindowOptions & { readonly countIncludePad?: boolean },
): Value {
  return apply(avgPoolOp, [x], { ...windowAttributes(options), countIncludePad }) as Value;
}
