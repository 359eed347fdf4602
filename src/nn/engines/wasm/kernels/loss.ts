/**
 * Losses: kernels/nn/loss.ts. Each writes the mean to `loss` (one float) and its gradient times the float at lossScale (absent: 1) to
 * dLogits or dx (which may be absent). Logits and targets lie [n][fp] unless said otherwise.
 */

import type { WasmKernel } from "../kernel.ts";

const shared = (_: unknown, threads: number) => threads * 8;

/** torch.nn.BCEWithLogitsLoss; posWeight [f] may be absent, and so may weight [n][fp], by whose sum it is then divided. */
export const bceWithLogits: WasmKernel = {
  fields: ["logits", "targets", "loss", "dLogits", "lossScale", "n", "f", "posWeight", "weight"],
  phases: ["bceWithLogits", "bceWithLogitsFinish"],
  shared,
};

/** The mean of torchvision.ops.sigmoid_focal_loss; alpha below 0: no weights. */
export const focal: WasmKernel = {
  fields: ["logits", "targets", "loss", "dLogits", "lossScale", "n", "f", "gamma", "alpha"],
  floats: ["gamma", "alpha"],
  phases: ["focal", "focalFinish"],
  shared,
};

/**
 * torch.nn.CrossEntropyLoss with label smoothing. targets: n class numbers as floats, targetStride floats apart (0: 1). A number
 * that is no class makes the loss NaN.
 */
export const crossEntropy: WasmKernel = {
  fields: ["logits", "targets", "loss", "dLogits", "lossScale", "n", "f", "targetStride", "smoothing"],
  floats: ["smoothing"],
  phases: ["crossEntropy", "crossEntropyFinish"],
  shared,
};

/** torch.nn.MSELoss of x and targets [n][pixels][cp]. */
export const mse: WasmKernel = {
  fields: ["x", "targets", "loss", "dx", "lossScale", "n", "pixels", "c"],
  phases: ["mse", "mseFinish"],
  shared,
};

/** out = (or +=) factor * x, of one float. */
export const addNumber: WasmKernel = {
  fields: ["x", "out", "factor", "accumulate"],
  floats: ["factor"],
  phases: ["addNumber"],
};
