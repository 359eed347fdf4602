/** Losses with their gradients: kernels/nn/loss.ts. Logits and targets are [n][fp]; the loss is one float. */

import type { WasmKernel } from "../kernel.ts";

export const bceWithLogits: WasmKernel = {
  fields: ["x", "targets", "posWeight", "loss", "dx", "n", "c", "weight"],
  floats: ["weight"],
  phases: ["bceWithLogits"],
};

export const focal: WasmKernel = {
  fields: ["x", "targets", "loss", "dx", "n", "c", "alpha", "gamma", "weight"],
  floats: ["alpha", "gamma", "weight"],
  phases: ["focal"],
};

/** Targets are class numbers, [n][4]. */
export const crossEntropy: WasmKernel = {
  fields: ["x", "targets", "loss", "dx", "n", "c", "smoothing", "weight"],
  floats: ["smoothing", "weight"],
  phases: ["crossEntropy"],
};

export const mse: WasmKernel = {
  fields: ["x", "targets", "loss", "dx", "n", "pixels", "c", "weight"],
  floats: ["weight"],
  phases: ["mse", "mseFinish"],
  shared: (_, threads) => threads * 8,
};
