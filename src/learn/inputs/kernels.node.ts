/** Loads the compiled kernels from the package's files. */

import { readFileSync } from "node:fs";
import { type InputKernels, instantiateInputKernels } from "./kernels.ts";

const file = new URL("../../../kernels/build/inputs.wasm", import.meta.url);

export function loadInputKernels(): InputKernels {
  return instantiateInputKernels(new WebAssembly.Module(readFileSync(file)));
}
