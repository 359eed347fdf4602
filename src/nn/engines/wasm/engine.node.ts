/** The WASM engine in Node: kernels from the package's files, threads from worker_threads. */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { InputError } from "../../../signal/errors.ts";
import type { Engine } from "../engine.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import type { ThreadStart } from "./thread.ts";
import { checkThreads, createWasmEngine, MAX_THREADS, type ThreadTeam } from "./wasm-engine.ts";

export interface EngineOptions {
  /** As many as the machine has cores, unless told otherwise. */
  readonly threads?: number;
  /** Relaxed SIMD (fused multiply-add), where the machine has it. */
  readonly relaxedSimd?: boolean;
}

/** Starts the engine's threads. One engine serves one trainer at a time. Close it when done. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? Math.min(availableParallelism(), MAX_THREADS);
  checkThreads(threads);
  const build = (options.relaxedSimd ?? hasRelaxedSimd()) ? "nn" : "nn-plain";
  const file = new URL(`../../../../kernels/build/${build}.wasm`, import.meta.url);
  return createWasmEngine(await WebAssembly.compile(await readFile(file)), threads, startWorkers);
}

function startWorkers(start: Omit<ThreadStart, "thread">): ThreadTeam {
  const workers = Array.from({ length: start.threads }, (_, thread) => {
    const workerData: ThreadStart = { ...start, thread };
    const worker = new Worker(new URL("./thread.node.ts", import.meta.url), { workerData });
    worker.unref();
    return worker;
  });
  const failed = new Promise<never>((_, reject) => {
    for (const worker of workers) {
      worker.on("error", reject);
      worker.on("exit", (code) =>
        reject(new InputError(`A thread of the engine ended (exit code ${code}).`)),
      );
    }
  });
  return {
    failed,
    busy(busy) {
      for (const worker of workers) {
        if (busy) worker.ref();
        else worker.unref();
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
