/**
 * The way to the HDF5 library's worker, which a damaged file can end or send in circles: the request that did it fails with a
 * sentence, and the rest is asked again of a new worker.
 */

import { Worker } from "node:worker_threads";
import { type Aftermath, Hdf5Problem } from "./hdf5-library.ts";
import type { Hdf5Answer, Hdf5Channel, Hdf5Request, Hdf5Result } from "./hdf5-service.ts";

interface Pending {
  readonly id: number;
  readonly request: Hdf5Request;
  readonly resolve: (result: Hdf5Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkerLimits {
  /** A worker that gives no sign of life for so long is ended. */
  readonly silenceMs?: number;
  /** How long a worker is kept when no file is open. Starting one costs about 0.1 s, keeping one about 100 MB. */
  readonly idleMs?: number;
  /** Goes on with the same worker after a damaged file, which is quicker and less safe. */
  readonly trustful?: boolean;
}

/** The worker starts with the first request, and again with the next one after its end. It says "ready" before it answers. */
export function hdf5WorkerChannel(startWorker: () => Worker, limits: WorkerLimits = {}): Hdf5Channel {
  const { silenceMs = 120_000, idleMs = 2000, trustful = false } = limits;
  const pending = new Map<number, Pending>();
  const openFiles = new Set<number>();
  const growingFiles = new Set<number>();
  let worker: Worker | undefined;
  let lastId = 0;
  let watchdog: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;

  function start(): Worker {
    const started = startWorker();
    let isReady = false;
    started.on("message", (message: Hdf5Answer | "ready") => {
      if (started !== worker) return;
      if (message === "ready") isReady = true;
      else receive(message);
      rest();
    });
    const died = (cause: unknown) => {
      if (started !== worker) return;
      drop();
      const problem = "the HDF5 library broke down on it. The file is damaged; copy it again.";
      if (isReady) failFirst(problem, String(cause));
      else failAll(new Error("The HDF5 library could not be started.", { cause }));
    };
    started.on("error", died);
    started.on("exit", (code) => died(new Error(`exit code ${code}`)));
    return started;
  }

  function drop(): void {
    clearTimeout(watchdog);
    clearTimeout(idle);
    void worker?.terminate();
    worker = undefined;
  }

  function receive(answer: Hdf5Answer): void {
    const asked = pending.get(answer.id);
    if (!asked) return;
    if ("result" in answer) {
      pending.delete(answer.id);
      asked.resolve(answer.result);
    } else if ("problem" in answer && mustRestart(answer.library)) {
      drop();
      failFirst(answer.problem, answer.detail);
    } else if ("problem" in answer) {
      fail(asked, new Hdf5Problem(answer.problem, answer.detail));
    }
  }

  /** Files that are read are opened again by themselves; a file that is being written would be lost. */
  function mustRestart(library: Aftermath): boolean {
    return library === "broken" || (library === "suspect" && !trustful && growingFiles.size === 0);
  }

  function fail(asked: Pending, error: Error): void {
    pending.delete(asked.id);
    if (asked.request.op === "open" || asked.request.op === "create") forget(asked.request.file);
    asked.reject(error);
  }

  /** Requests are served in order: the first is the one that ended the worker. */
  function failFirst(problem: string, detail: string): void {
    const [first, ...others] = [...pending.values()];
    pending.clear();
    if (first) fail(first, new Hdf5Problem(problem, detail));
    for (const other of others) post(other);
    rest();
  }

  function failAll(error: Error): void {
    for (const asked of [...pending.values()]) fail(asked, error);
  }

  function post(asked: Pending): void {
    clearTimeout(idle);
    worker ??= start();
    worker.ref();
    pending.set(asked.id, asked);
    const { op, file } = asked.request;
    if (op === "close") forget(file);
    else openFiles.add(file);
    if (op === "create") growingFiles.add(file);
    worker.postMessage({ id: asked.id, request: asked.request });
    if (pending.size === 1) watch();
  }

  function forget(file: number): void {
    openFiles.delete(file);
    growingFiles.delete(file);
  }

  function watch(): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      drop();
      const seconds = silenceMs / 1000;
      failFirst(`the HDF5 library did nothing for ${seconds} s. The file is damaged, or its disk hangs.`, "");
    }, silenceMs);
  }

  /** With nothing under way, the worker keeps no process alive, and ends soon after the last file is closed. */
  function rest(): void {
    clearTimeout(watchdog);
    if (pending.size > 0) {
      watch();
      return;
    }
    worker?.unref();
    clearTimeout(idle);
    if (openFiles.size > 0) return;
    idle = setTimeout(drop, idleMs);
    idle.unref();
  }

  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        post({ id: ++lastId, request, resolve, reject });
      }),
  };
}

export function startHdf5Worker(): Worker {
  return new Worker(new URL("./hdf5-worker.node.ts", import.meta.url), {
    execArgv: [],
    // Read by no one: nothing that the library says reaches the terminal. Not even drained, which would keep the process alive.
    stdout: true,
    stderr: true,
  });
}
