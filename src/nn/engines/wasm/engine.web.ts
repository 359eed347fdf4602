/**
 * The WASM engine in a browser. Threads are workers and need a page that is cross-origin isolated (the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`); without that, the engine runs where
 * it is called, so call it in a worker of your own.
 */

import { InputError, UsageError } from "../../../signal/errors.ts";
import type { Engine } from "../engine.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import { startThread, type ThreadStart } from "./thread.ts";
import { createWasmEngine, type ThreadTeam } from "./wasm-engine.ts";

export interface WebEngineOptions {
  /** Workers; as many as the machine has cores if the page is isolated, else none: one thread where the engine is called. */
  readonly threads?: number;
  /** Where `nn.wasm` and `nn-plain.wasm` lie; beside this package's files, if not given. */
  readonly kernels?: URL;
}

/** Starts the engine. Close it when done. */
export async function createEngine({ threads, kernels }: WebEngineOptions = {}): Promise<Engine> {
  const isolated = globalThis.crossOriginIsolated === true;
  if (threads !== undefined && threads > 1 && !isolated) {
    throw new UsageError(
      "The page is not cross-origin isolated, so the engine can't share memory with workers; leave `threads` out, " +
        "or serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    );
  }
  const base = kernels ?? new URL("../../../../kernels/build/", import.meta.url);
  const file = new URL(hasRelaxedSimd() ? "nn.wasm" : "nn-plain.wasm", base);
  const response = await fetch(file);
  if (!response.ok)
    throw new InputError(`The kernels are not at ${file.href} (HTTP status ${response.status}).`);
  const module = await WebAssembly.compile(await response.arrayBuffer());
  if (!isolated) return createWasmEngine(module, 1, runHere);
  return createWasmEngine(module, threads ?? navigator.hardwareConcurrency, startWorkers);
}

function runHere(start: Omit<ThreadStart, "thread">): ThreadTeam {
  const thread = startThread({ ...start, thread: 0 });
  return {
    failed: new Promise<never>(() => {}),
    busy() {},
    runHere: () => thread.run(),
    async close() {},
  };
}

function startWorkers(start: Omit<ThreadStart, "thread">): ThreadTeam {
  const workers = Array.from({ length: start.threads }, (_, thread) => {
    const worker = new Worker(new URL("./thread.web.ts", import.meta.url), { type: "module" });
    worker.postMessage({ ...start, thread } satisfies ThreadStart);
    return worker;
  });
  const failed = new Promise<never>((_, reject) => {
    for (const worker of workers) {
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    }
  });
  return {
    failed,
    busy() {},
    async close() {
      for (const worker of workers) worker.terminate();
    },
  };
}
