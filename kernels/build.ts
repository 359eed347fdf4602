/** Compiles the AssemblyScript kernels beside this file to kernels/build/NAME.wasm, and removes what else lies there. */

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { builds } from "./builds.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
mkdirSync(`${here}build`, { recursive: true });

// The package ships this folder, so only what is built here may lie in it.
const names = builds.map(({ name }) => `${name}.wasm`);
for (const file of readdirSync(`${here}build`)) {
  if (!names.includes(file)) rmSync(`${here}build/${file}`, { recursive: true });
}

for (const { source, name, optimise, options } of builds) {
  const { error, stderr } = await asc.main([
    `${here}${source}.ts`,
    "--outFile",
    `${here}build/${name}.wasm`,
    optimise,
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "simd",
    ...options,
  ]);
  if (error) {
    process.stderr.write(stderr.toString());
    throw error;
  }
}
