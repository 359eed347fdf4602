/** Optimisers over flat arenas: kernels/nn/optim.ts. Counts are floats; arenas are padded with zeros to multiples of 16. */

import type { WasmKernel } from "../kernel.ts";

export const fillZero: WasmKernel = { fields: ["y", "count"], phases: ["fillZero"] };

/** `decays` is a table of [start, end, decay]: two integers in floats from the arena's start, and a float32. */
export const sgd: WasmKernel = {
  fields: [
    ...["w", "g", "momentumBuffer", "decays", "decayCount", "lr", "step"],
    ...["momentum", "dampening", "nesterov", "count"],
  ],
  floats: ["momentum", "dampening"],
  phases: ["sgd"],
};

/** Adam, or with `decoupled` AdamW. `lr` and `step` (from 1) are addresses of a float32 and an integer. */
export const adam: WasmKernel = {
  fields: [
    ...["w", "g", "m", "v", "decays", "decayCount", "lr", "step"],
    ...["beta1", "beta2", "eps", "decoupled", "count"],
  ],
  floats: ["beta1", "beta2", "eps"],
  phases: ["adam"],
};

export const gradNorm: WasmKernel = {
  fields: ["g", "norm", "count"],
  phases: ["gradNorm", "gradNormFinish"],
  shared: (_, threads) => threads * 8,
};

export const clipGrad: WasmKernel = {
  fields: ["g", "norm", "maxNorm", "count"],
  floats: ["maxNorm"],
  phases: ["clipGrad"],
};

export const ema: WasmKernel = {
  fields: ["w", "shadow", "decay", "count"],
  floats: ["decay"],
  phases: ["ema"],
};
