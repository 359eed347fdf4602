/** Views and gradients of views made dense: kernels/nn/view.ts. */

import { padded, type WasmKernel } from "../kernel.ts";

const vectors = (count: number, c: number) => count * padded(c) * 4;

/** out = the view of x, plus the view of r where r is given. */
export const materialise: WasmKernel = {
  fields: [
    ...["x", "xScale", "xShift", "xGate", "xAct"],
    ...["r", "rScale", "rShift", "rGate", "rAct"],
    ...["out", "n", "pixels", "c"],
  ],
  phases: ["materialise"],
  scratch: (a) => vectors(5, a.c!),
};

/** out = (accumulate: +=) the gradient that a GradView stands for. */
export const materialiseGrad: WasmKernel = {
  fields: [
    ...["g", "y", "scale", "shift", "act", "gate", "spread", "coefA", "coefB", "coefC"],
    ...["out", "accumulate", "n", "pixels", "c"],
  ],
  phases: ["materialiseGrad"],
  scratch: (a) => vectors(4, a.c!),
};

/** dGate [n][cp] = (accumulate: +=) sum over pixels of g times the view of x, its gate left out. */
export const gateGrad: WasmKernel = {
  fields: ["g", "x", "xScale", "xShift", "xAct", "dGate", "accumulate", "n", "pixels", "c"],
  phases: ["gateGrad", "gateGradFinish"],
  scratch: (a) => 64 + vectors(3, a.c!),
  shared: (a, threads) => threads * 3 * 2 * vectors(1, a.c!),
};

/** dx = (accumulate: +=) spread [n][cp], the same for every pixel of an image. */
export const addSpread: WasmKernel = {
  fields: ["spread", "dx", "accumulate", "n", "pixels", "c"],
  phases: ["addSpread"],
};
