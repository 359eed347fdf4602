/** Compiles the AssemblyScript kernels beside this file to kernels/build/NAME.wasm. */

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
mkdirSync(`${here}build`, { recursive: true });

for (const name of ["search"]) {
  const { error, stderr } = await asc.main([
    `${here}${name}.ts`,
    "--outFile",
    `${here}build/${name}.wasm`,
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "simd",
  ]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
