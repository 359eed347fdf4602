/** What build.ts compiles: the sources, the names of what comes of them, and how. The package ships all of it. */

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
export const builds = [
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
