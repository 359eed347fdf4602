/** Compiles the AssemblyScript kernels beside this file to kernels/build/NAME.wasm. */

import { mkdirSync } from "node:fs";
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

/** `nn-plain` is for machines without relaxed SIMD: the same kernels, each product rounded before it is added. */
const builds = [
  { source: "search", name: "search", options: [] },
  { source: "nn/index", name: "nn", options: [...networkOptions, ...threads, "--enable", "relaxed-simd"] },
  { source: "nn/index", name: "nn-plain", options: [...networkOptions, ...threads] },
];

for (const { source, name, options } of builds) {
  const { error, stderr } = await asc.main([
    `${here}${source}.ts`,
    "--outFile",
    `${here}build/${name}.wasm`,
    "-O3",
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
