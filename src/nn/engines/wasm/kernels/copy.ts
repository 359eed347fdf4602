/** Tensors moved between layouts: kernels/nn/copy.ts. accumulate: += instead of =. */

import type { WasmKernel } from "../kernel.ts";

/**
 * Channels [srcAt, srcAt + channels) of src (srcC channels) to [dstAt, ...) of dst (dstC channels). The part that holds dst's last
 * channel also stores its padding, so all parts together fill dst; the same kernel takes the gradient back.
 */
export const concatPart: WasmKernel = {
  fields: ["src", "dst", "srcC", "dstC", "srcAt", "dstAt", "channels", "accumulate", "n", "pixels"],
  phases: ["concatPart"],
};

/** The same elements, in PyTorch's logical order, under another shape; its gradient with the shapes exchanged. */
export const reshape: WasmKernel = {
  fields: ["src", "dst", "srcC", "srcPixels", "dstN", "dstC", "dstPixels", "accumulate"],
  phases: ["reshape"],
};

/** Host layout [n][c][pixels], without padding, to [n][pixels][cp]. */
export const nchwToNhwc: WasmKernel = {
  fields: ["src", "dst", "n", "c", "pixels"],
  phases: ["nchwToNhwc"],
};

/** [n][pixels][cp] to the host layout [n][c][pixels]. */
export const nhwcToNchw: WasmKernel = {
  fields: ["src", "dst", "n", "c", "pixels"],
  phases: ["nhwcToNchw"],
};
