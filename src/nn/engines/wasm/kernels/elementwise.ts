/** Element by element: kernels/nn/elementwise.ts. `count` is of floats, padding included; accumulate: += instead of =. */

import type { WasmKernel } from "../kernel.ts";

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

export const fillZero: WasmKernel = { fields: ["address", "bytes"], phases: ["fillZero"] };
