/** Depthwise convolution (groups = channels = outputs): argument structs and memory of kernels/nn/depthwise*.ts. */

import { type KernelArgs, padded, type WasmKernel } from "../kernel.ts";

const PIXEL_BYTES = 64;
const TILE_CHANNELS = 16;

const view = ["x", "xScale", "xShift", "xGate", "xAct"] as const;
const sizes = [
  ...["n", "h", "wd", "c", "oh", "ow"],
  ...["kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw"],
] as const;

/** Weights [c][1][kh][kw] to [kh*kw][cp], as the other kernels of this file read them. */
export const packDepthwise: WasmKernel = {
  fields: ["w", "packed", "c", "kh", "kw"],
  phases: ["packDepthwise"],
};

/** y = depthwise convolution of a View, zero padded; moments, if asked for: mean and biased variance of y, [2][cp]. */
export const depthwiseForward: WasmKernel = {
  fields: [...view, "w", "bias", "y", "moments", ...sizes],
  phases: ["depthwiseForward", "depthwiseForwardMoments"],
  scratch: (a) => {
    const ringRows = (a.kh! - 1) * a.dh! + 1;
    const rowBytes = tiles(a) * (a.wd! + 2 * a.pw!) * PIXEL_BYTES;
    return (
      tiles(a) * PIXEL_BYTES * (4 + taps(a)) + to64(8 * a.kh!) + to64(4 * ringRows) + ringRows * rowBytes
    );
  },
  shared: (a, threads) => threads * to64(5 * 4 * padded(a.c!)),
};

/**
 * dx, dW and dBias (each 0: not wanted; dx: added to if accumulate is 1; dW and dBias: always added to) of a GradView of y.
 *
 * Where xMoments (mean and variance, [2][cp]) is given, x stands for act(norm(x)), without a gate: dx receives the gradient of norm(x),
 * not of its activation, and xSums [2][cp] the sums over all pixels of dx and of dx * (x - mean): see normBackwardReduced.
 */
export const depthwiseBackward: WasmKernel = {
  fields: [
    ...["g", "y", "scale", "shift", "act", "gate", "spread", "coefA", "coefB", "coefC"],
    ...[...view, "xMoments", "w", "dx", "accumulate", "dW", "dBias", "xSums"],
    ...sizes,
  ],
  phases: ["depthwiseBackward", "depthwiseBackwardSums"],
  scratch: (a) => {
    const ringRows = Math.floor(((a.kh! - 1) * a.dh!) / a.sh!) + 1;
    const left = Math.max(0, Math.ceil(((a.kw! - 1) * a.dw! - a.pw!) / a.sw!));
    const right = Math.max(0, Math.floor((a.wd! - 1 + a.pw!) / a.sw!) - (a.ow! - 1));
    const pixels = ringRows * (left + a.ow! + right) + a.wd! + 2 * a.pw!;
    return (
      PIXEL_BYTES * (tiles(a) * (12 + 2 * taps(a) + pixels) + a.wd!) +
      (1 + a.sw!) * to64(8 * a.kh!) +
      to64(32 * a.sw!) +
      to64(4 * ringRows)
    );
  },
  shared: (a, threads) => threads * tiles(a) * TILE_CHANNELS * 8 * (taps(a) + 3),
};

function tiles(a: KernelArgs): number {
  return Math.ceil(a.c! / TILE_CHANNELS);
}

function taps(a: KernelArgs): number {
  return a.kh! * a.kw!;
}

function to64(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
