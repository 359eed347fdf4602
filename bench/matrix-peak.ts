/** What a core of this machine reaches in a matrix product of ours whose matrices lie in cache: the measure of the benchmarks' shares. */

import { convForward, packConv, packedForwardFloats } from "../src/nn/engines/wasm/kernels/conv.ts";
import { kernelBench } from "../src/nn/testing/run-kernel.ts";

const rows = 576;
const side = 256;

/** GFLOP/s of one core: [576 x 256] times [256 x 256], the best of many runs. */
export function measurePeak(): number {
  const bench = kernelBench();
  const product = { n: 1, h: 1, wd: rows, c: side, oh: 1, ow: rows, k: side, kh: 1, kw: 1, groups: 1 };
  const shape = { ...product, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1 };
  const numbers = (count: number) => bench.put(new Float32Array(count).fill(0.5));
  const w = bench.space(packedForwardFloats(shape));
  bench.run(packConv, { ...shape, w: numbers(side * side), forward: w });
  const run = bench.prepare(convForward, {
    ...shape,
    x: numbers(rows * side),
    w,
    y: bench.space(rows * side),
  });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 300; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return (2 * rows * side * side) / best / 1e6;
}
