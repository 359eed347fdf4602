/** Between the host's order of numbers and the engine's: kernels/nn/layout.ts. */

import type { WasmKernel } from "../kernel.ts";

/** x [n][c][h][w] to y [n][h][w][cp]. */
export const nchwToNhwc: WasmKernel = { fields: ["x", "y", "n", "c", "h", "w"], phases: ["nchwToNhwc"] };

/** x [n][h][w][cp] to y [n][c][h][w]. */
export const nhwcToNchw: WasmKernel = { fields: ["x", "y", "n", "c", "h", "w"], phases: ["nhwcToNchw"] };
