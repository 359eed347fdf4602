/** Compiles the AssemblyScript kernels beside this file to kernels/build/NAME.wasm, and removes what else lies there. */

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
mkdirSync(`${here}build`, { recursive: true });

const networkOptions = [
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
];
const threads = ["--enable", "threads"];

/**
 * Binaryen's -O3 moves the multiply-adds of an unrolled loop together by their sums, which then don't fit the registers (a fifth of the
 * speed); -O2 leaves them as they are written.
 * `nn-plain` is for machines without relaxed SIMD: the same kernels, each product rounded before it is added.
 */
const builds = [
  { source: "search", name: "search", optimise: "-O3", options: [] },
  { source: "inputs/index", name: "inputs", optimise: "-O3", options: [] },
  {
    source: "nn/index",
    name: "nn",
    optimise: "-O2",
    options: [...networkOptions, ...threads, "--enable", "relaxed-simd"],
  },
  { source: "nn/index", name: "nn-plain", optimise: "-O2", options: [...networkOptions, ...threads] },
];

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
