/** Pooling: kernels/nn/pool.ts. All forward kernels read a view; gradients are of the view's value. */

import { padded, type WasmKernel } from "../kernel.ts";

const vectors = (count: number, c: number) => count * padded(c) * 4;
const view = ["x", "xScale", "xShift", "xGate", "xAct"];
const window = ["n", "h", "w", "c", "oh", "ow", "kh", "kw", "sh", "sw", "ph", "pw", "countIncludePad"];

/** y [n][cp] = mean over pixels. Its gradient: scaleInto by 1 / pixels, then addSpread (or a GradView's spread). */
export const globalAvgPool: WasmKernel = {
  fields: [...view, "y", "n", "pixels", "c"],
  phases: ["globalAvgPool", "globalAvgPoolFinish"],
  scratch: (a) => 128 + vectors(4, a.c!),
  shared: (a, threads) => threads * 3 * 2 * vectors(1, a.c!),
};

/** y [n][cp] = mean(max(x, 1e-6)^p)^(1/p); p is the address of one float. */
export const gemPool: WasmKernel = {
  fields: [...view, "y", "n", "pixels", "c", "p"],
  phases: ["gemPool", "gemPoolFinish", "gemPoolRoot"],
  scratch: (a) => 128 + vectors(4, a.c!),
  shared: (a, threads) => threads * 3 * 2 * vectors(1, a.c!),
};

/** dx (may be absent; accumulate: +=) and dP (one float, added to; may be absent) from g and y [n][cp]. */
export const gemPoolBackward: WasmKernel = {
  fields: ["g", ...view, "y", "p", "dx", "dP", "accumulate", "n", "pixels", "c"],
  phases: ["gemPoolBackward", "gemPoolBackwardFinish"],
  scratch: (a) => vectors(4, a.c!),
  shared: (_, threads) => threads * 8,
};

/** torch.nn.AvgPool2d without ceil_mode. `indices` is not used. */
export const avgPool: WasmKernel = {
  fields: [...view, "y", "indices", ...window],
  phases: ["avgPool"],
  scratch: (a) => vectors(3, a.c!),
};

export const avgPoolBackward: WasmKernel = {
  fields: ["g", "indices", "dx", "accumulate", ...window],
  phases: ["avgPoolBackward"],
};

/** torch.nn.MaxPool2d; indices (int32, laid out as y) hold the place of each maximum for the gradient. */
export const maxPool: WasmKernel = {
  fields: [...view, "y", "indices", ...window],
  phases: ["maxPool"],
  scratch: (a) => vectors(3, a.c!),
};

export const maxPoolBackward: WasmKernel = {
  fields: ["g", "indices", "dx", "accumulate", ...window],
  phases: ["maxPoolBackward"],
};
