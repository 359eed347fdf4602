/** Element by element: kernels/nn/elementwise.ts. `count` is of floats, padding included; accumulate: += instead of =. */

import { padded, type WasmKernel } from "../kernel.ts";

/** y = act(x). */
export const unary: WasmKernel = {
  fields: ["x", "y", "act", "n", "pixels", "c"],
  phases: ["unary"],
  scratch: (a) => padded(a.c!) * 4,
};

/** dx = g * act'(x). */
export const unaryBackward: WasmKernel = {
  fields: ["g", "x", "dx", "act", "accumulate", "count"],
  phases: ["unaryBackward"],
};

/** out = a + b. */
export const add: WasmKernel = { fields: ["a", "b", "out", "count"], phases: ["add"] };

/** dst += src. */
export const addInto: WasmKernel = { fields: ["src", "dst", "count"], phases: ["addInto"] };

/** y = factor * x. */
export const scaleInto: WasmKernel = {
  fields: ["x", "y", "accumulate", "count", "factor"],
  floats: ["factor"],
  phases: ["scaleInto"],
};

/** out = a * b. */
export const multiply: WasmKernel = { fields: ["a", "b", "out", "count"], phases: ["multiply"] };

/** da = g * b and db = g * a, either of which may be absent. */
export const multiplyBackward: WasmKernel = {
  fields: ["g", "a", "b", "da", "db", "accumulateA", "accumulateB", "count"],
  phases: ["multiplyBackward"],
};

/** out = x times gate [n][cp]; with g for x, its gradient. */
export const gateMultiply: WasmKernel = {
  fields: ["x", "gate", "out", "accumulate", "n", "pixels", "c"],
  phases: ["gateMultiply"],
};

export const fillZero: WasmKernel = { fields: ["address", "bytes"], phases: ["fillZero"] };
