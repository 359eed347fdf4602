/**
 * Optimisers over flat arenas: kernels/nn/optim.ts. `count` is of floats, a multiple of four. lrAt is the address of a float32,
 * stepAt of a 32-bit word that counts steps from 1. decayRuns: decayCount times (start, end: uint32 in floats; decay: float32), sorted.
 */

import type { WasmKernel } from "../kernel.ts";

/** torch.optim.SGD. momentumBuffer may be absent. */
export const sgd: WasmKernel = {
  fields: [
    ...["w", "g", "momentumBuffer", "count", "lrAt", "stepAt", "decayRuns", "decayCount", "nesterov"],
    ...["momentum", "dampening"],
  ],
  floats: ["momentum", "dampening"],
  phases: ["sgd"],
};

/** torch.optim.Adam, or AdamW if decoupled. m and v begin as 0. */
export const adam: WasmKernel = {
  fields: [
    ...["w", "g", "m", "v", "count", "lrAt", "stepAt", "decayRuns", "decayCount", "decoupled"],
    ...["beta1", "beta2", "eps"],
  ],
  floats: ["beta1", "beta2", "eps"],
  phases: ["adam"],
};

/** norm (one float) = sqrt(sum of g squared), summed in float64. */
export const gradNorm: WasmKernel = {
  fields: ["g", "count", "norm"],
  phases: ["gradNorm", "gradNormFinish"],
  shared: (_, threads) => threads * 8,
};

/** g *= min(1, maxNorm / (norm + 1e-6)), norm from gradNorm. */
export const clipGrad: WasmKernel = {
  fields: ["g", "count", "norm", "maxNorm"],
  floats: ["maxNorm"],
  phases: ["clipGrad"],
};

/** shadow = decay * shadow + (1 - decay) * w; decayAt is the address of a float32. */
export const ema: WasmKernel = { fields: ["shadow", "w", "count", "decayAt"], phases: ["ema"] };

/** out (one uint32) = how many of `count` floats (any number) are NaN or infinite. */
export const countNonFinite: WasmKernel = {
  fields: ["x", "count", "out"],
  phases: ["countNonFinite", "countNonFiniteFinish"],
  shared: (_, threads) => threads * 4,
};
