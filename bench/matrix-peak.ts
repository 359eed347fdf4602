/** What a core of this machine can do in WASM: its peak of multiply-adds, without memory. */

import { kernelBench } from "../src/nn/testing/run-kernel.ts";

const VECTORS_A_ROUND = 12 * 16;

/** GFLOP/s of one core, the best of several runs. */
export function measurePeak(): number {
  const { exports, put } = kernelBench({ megabytes: 1 });
  const at = put(new Float32Array(16).fill(0.5));
  const rounds = 100_000;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    exports.peak!(at, rounds);
    best = Math.min(best, performance.now() - start);
  }
  return (rounds * VECTORS_A_ROUND * 8) / best / 1e6;
}
