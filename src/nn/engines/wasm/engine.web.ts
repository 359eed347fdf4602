/**
 * The WASM engine in a browser. Threads are workers and need a page that is cross-origin isolated (the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`); without that, the engine runs where
 * it is called, so call it in a worker of your own.
 */

import { InputError, UsageError } from "../../../signal/errors.ts";
import type { Engine } from "../engine.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import { startThread, type ThreadStart } from "./thread.ts";
import { checkThreads, createWasmEngine, MAX_THREADS, type ThreadTeam } from "./wasm-engine.ts";

export interface WebEngineOptions {
  /**
   * Workers; as many as the machine has cores if the page is isolated and the browser has Atomics.waitAsync, else none: one thread where
   * the engine is called.
   */
  readonly threads?: number;
  /** The folder, on a server, that holds `nn.wasm` and `nn-plain.wasm`; if not given, where the package or a bundler put them. */
  readonly kernels?: URL | string;
}

/** Each written out whole, as bundlers look for it. */
const builds = {
  nn: new URL("../../../../kernels/build/nn.wasm", import.meta.url),
  "nn-plain": new URL("../../../../kernels/build/nn-plain.wasm", import.meta.url),
};

/** Of a folder with or without a slash at its end, relative to the page. */
function kernelFile(build: keyof typeof builds, folder: URL | string | undefined): URL {
  if (folder === undefined) return builds[build];
  return new URL(`${build}.wasm`, new URL(String(folder).replace(/\/*$/, "/"), location.href));
}

/** Starts the engine. One engine serves one trainer at a time. Close it when done. */
export async function createEngine({ threads, kernels }: WebEngineOptions = {}): Promise<Engine> {
  if (threads !== undefined) checkThreads(threads);
  const isolated = globalThis.crossOriginIsolated === true;
  // What the page waits for its workers with; Firefox lacked it until 2025.
  const canWait = "waitAsync" in Atomics;
  if (threads !== undefined && threads > 1 && !canWait) {
    throw new UsageError(
      "This browser lacks Atomics.waitAsync, so the engine has one thread here; leave `threads` out.",
    );
  }
  if (threads !== undefined && threads > 1 && !isolated) {
    throw new UsageError(
      "The page is not cross-origin isolated, so the engine can't share memory with workers; leave `threads` out, " +
        "or serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    );
  }
  const file = kernelFile(hasRelaxedSimd() ? "nn" : "nn-plain", kernels);
  const response = await fetch(file);
  if (!response.ok)
    throw new InputError(`The kernels are not at ${file.href} (HTTP status ${response.status}).`);
  const module = await WebAssembly.compile(await response.arrayBuffer());
  if (!isolated || !canWait) return createWasmEngine(module, 1, runHere);
  return createWasmEngine(
    module,
    threads ?? Math.min(navigator.hardwareConcurrency, MAX_THREADS),
    startWorkers,
  );
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
      worker.addEventListener("error", ({ message }) => reject(message ? new Error(message) : notLoaded()));
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

/** Browsers say nothing of why a worker's script could not be loaded. */
function notLoaded(): InputError {
  const { href } = new URL("./thread.web.ts", import.meta.url);
  return new InputError(
    `A worker could not load its script, ${href}, or what that imports: see that the server gives these files, as JavaScript and from ` +
      "the page's own origin.",
  );
}
