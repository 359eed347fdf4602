/** Dropout and drop path: kernels/nn/random.ts. seedAt and stepAt are addresses of 32-bit words; `stream` sets uses apart. */

import type { WasmKernel } from "../kernel.ts";

/** out = x dropped with probability p and scaled by 1 / (1 - p); given g for x it is its own gradient (accumulate: +=). */
export const dropout: WasmKernel = {
  fields: ["x", "out", "seedAt", "stepAt", "stream", "accumulate", "count", "p"],
  floats: ["p"],
  phases: ["dropout"],
  scratch: () => 64,
};

/** gate [n][cp] = 1 / (1 - p), or 0 with probability p, the same for all channels of an image. */
export const dropPathGate: WasmKernel = {
  fields: ["gate", "seedAt", "stepAt", "stream", "n", "c", "p"],
  floats: ["p"],
  phases: ["dropPathGate"],
  scratch: () => 64,
};
