/** Batch normalisation's kernels: kernels/nn/norm.ts. Vectors are [cp], parameters and running statistics [c]. */

import { padded, type WasmKernel } from "../kernel.ts";

const WORK_BYTES = 128;
const vectors = (count: number, c: number) => count * padded(c) * 4;

/** Mean and biased variance of a view over n * pixels: moments [2][cp]. */
export const moments: WasmKernel = {
  fields: ["x", "xScale", "xShift", "xGate", "xAct", "moments", "n", "pixels", "c"],
  phases: ["moments", "momentsFinish"],
  scratch: (a) => WORK_BYTES + vectors(6, a.c!),
  shared: (a, threads) => threads * 2 * vectors(2, a.c!),
};

/** Scale, shift and rstd [cp] of a batch norm in training; gamma and beta may be absent. */
export const normForward: WasmKernel = {
  fields: ["moments", "gamma", "beta", "scale", "shift", "rstd", "c", "eps"],
  floats: ["eps"],
  phases: ["normForward"],
};

/** Scale and shift [cp] of a batch norm in evaluation, from the running mean and variance [c]. */
export const normInference: WasmKernel = {
  fields: ["mean", "variance", "gamma", "beta", "scale", "shift", "c", "eps"],
  floats: ["eps"],
  phases: ["normInference"],
};

/** running = (1 - momentum) * running + momentum * new; `count` is n * pixels. */
export const runningStats: WasmKernel = {
  fields: ["moments", "runningMean", "runningVar", "c", "count", "momentum"],
  floats: ["momentum"],
  phases: ["runningStats"],
};

/** Coefficients of the gradient through a batch norm in training; adds to dGamma and dBeta where given. */
export const normBackward: WasmKernel = {
  fields: [
    "g",
    "y",
    "scale",
    "shift",
    "act",
    "gate",
    "spread",
    "moments",
    "rstd",
    "gamma",
    "dGamma",
    "dBeta",
    "coefA",
    "coefB",
    "coefC",
    "n",
    "pixels",
    "c",
  ],
  phases: ["normBackward", "normBackwardFinish"],
  scratch: (a) => WORK_BYTES + vectors(6, a.c!),
  shared: (a, threads) => threads * 2 * vectors(2, a.c!),
};

/** normBackward from sums [2][cp] over all pixels: dz, dz * (y - mean); `scale` is gamma * rstd as normForward wrote it. */
export const normBackwardReduced: WasmKernel = {
  fields: [
    ...["sums", "moments", "rstd", "scale"],
    ...["dGamma", "dBeta", "coefA", "coefB", "coefC"],
    ...["n", "pixels", "c"],
  ],
  phases: ["normBackwardReduced"],
};

/**
 * sums [5][n][cp] over each image's pixels: g*s, g*s', s', g*s'*xhat, s'*xhat, where s = act(z). The first is the gate's gradient,
 * the rest make normBackwardGated.
 */
export const gateSums: WasmKernel = {
  fields: ["g", "x", "xScale", "xShift", "xAct", "moments", "rstd", "sums", "n", "pixels", "c"],
  phases: ["gateSums", "gateSumsFinish"],
  scratch: (a) => WORK_BYTES + vectors(8, a.c!),
  shared: (a, threads) => threads * 3 * 2 * vectors(5, a.c!),
};

/** normBackward from gateSums; `scale` is gamma * rstd as normForward wrote it. */
export const normBackwardGated: WasmKernel = {
  fields: [
    "sums",
    "gate",
    "spread",
    "moments",
    "rstd",
    "scale",
    "dGamma",
    "dBeta",
    "coefA",
    "coefB",
    "coefC",
    "n",
    "pixels",
    "c",
  ],
  phases: ["normBackwardGated"],
};
