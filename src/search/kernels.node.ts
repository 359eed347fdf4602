/** Loads the compiled kernels from the package's files. */

import { readFile } from "node:fs/promises";
import { instantiateSearchKernels, type SearchKernels } from "./kernels.ts";

const file = new URL("../../kernels/build/search.wasm", import.meta.url);

export async function compileSearchKernels(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file));
}

export async function loadSearchKernels(): Promise<SearchKernels> {
  return instantiateSearchKernels(await compileSearchKernels());
}
