/** HDF5 filterbanks in Node: one worker holds the library for all open files, and is ended when none is open. */

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { FileError } from "../signal/errors.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { openFileSource } from "./byte-source.node.ts";
import { hasHdf5Signature, openHdf5Through } from "./hdf5.ts";
import { Hdf5Problem } from "./hdf5-library.ts";
import type { Hdf5Answer, Hdf5Channel, Hdf5Request, Hdf5Result } from "./hdf5-service.ts";
import { type WriteHdf5Options, writeHdf5Through } from "./hdf5-write.ts";
import { withTemporaryPath } from "./write-file.node.ts";

/** A damaged file may send the library in circles: a worker that shows no sign of life for so long is ended. */
const SILENCE_MS = 120_000;
/** Starting a worker costs about 0.1 s, keeping one about 100 MB. */
const IDLE_MS = 2000;

/** Opens an FBH5 file. Throws a FileError where it can't be read as one. */
export async function openHdf5(path: string): Promise<SpectrogramSource> {
  const bytes = await openFileSource(path);
  try {
    if (!(await hasHdf5Signature(bytes))) {
      throw new FileError(
        path,
        "this is no HDF5 file: it lacks the signature. Give an .h5 file of a filterbank.",
      );
    }
  } finally {
    await bytes.close();
  }
  return openHdf5Through(sharedWorker(), { name: path, path: resolve(path), bytes: bytes.size });
}

/**
 * Writes a source as FBH5: float32, packed with bitshuffle and LZ4. It streams in pieces of 16 MB or one chunk. The name holds the
 * whole file or what it held before. Throws a FileError where the file can't be written.
 */
export async function writeHdf5(
  path: string,
  source: SpectrogramSource,
  options: WriteHdf5Options = {},
): Promise<void> {
  await withTemporaryPath(
    path,
    (temporary) =>
      writeHdf5Through(sharedWorker(), { name: path, path: resolve(temporary) }, source, options),
    { signal: options.signal },
  );
}

let shared: Hdf5Channel | undefined;
function sharedWorker(): Hdf5Channel {
  shared ??= makeWorkerChannel();
  return shared;
}

interface Pending {
  readonly id: number;
  readonly request: Hdf5Request;
  readonly transfer: ArrayBuffer[];
  readonly resolve: (result: Hdf5Result) => void;
  readonly reject: (error: unknown) => void;
}

/** A channel whose worker starts with the first request, and again with the next one after its end. */
function makeWorkerChannel(silenceMs = SILENCE_MS, idleMs = IDLE_MS): Hdf5Channel {
  const pending = new Map<number, Pending>();
  const openFiles = new Set<number>();
  let worker: Worker | undefined;
  let lastId = 0;
  let watchdog: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;

  function start(): Worker {
    // The worker's own streams are read by no one: nothing that the library says reaches the terminal. Not even drained: that
    // would keep the process alive.
    const started = new Worker(new URL("./hdf5-worker.node.ts", import.meta.url), {
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    let isReady = false;
    started.on("message", (message: Hdf5Answer | "ready") => {
      if (started !== worker) return;
      if (message === "ready") isReady = true;
      else receive(message);
      rest();
    });
    const died = (cause: unknown) => {
      if (started !== worker) return;
      drop(started);
      if (!isReady) failAll(new Error("The HDF5 library could not be started.", { cause }));
      else failFirst("the HDF5 library broke down on it. The file is damaged; copy it again.", String(cause));
    };
    started.on("error", died);
    started.on("exit", (code) => died(new Error(`exit code ${code}`)));
    return started;
  }

  function drop(old: Worker): void {
    worker = undefined;
    clearTimeout(watchdog);
    void old.terminate();
  }

  function receive(answer: Hdf5Answer): void {
    const asked = pending.get(answer.id);
    if (!asked) return;
    if ("result" in answer) {
      pending.delete(answer.id);
      asked.resolve(answer.result);
    } else if ("problem" in answer) {
      if (answer.fatal) {
        drop(worker!);
        failFirst(answer.problem, answer.detail);
      } else {
        pending.delete(answer.id);
        if (asked.request.op === "open" || asked.request.op === "create")
          openFiles.delete(asked.request.file);
        asked.reject(new Hdf5Problem(answer.problem, answer.detail));
      }
    }
  }

  /** Requests are served in order: the first is the one that ended the worker. The others are asked again of a new one. */
  function failFirst(problem: string, detail: string): void {
    const [first, ...others] = pending.values();
    pending.clear();
    first?.reject(new Hdf5Problem(problem, detail));
    for (const other of others) {
      if (other.transfer.length === 0) post(other);
      else
        other.reject(new Hdf5Problem("writing it was broken off by another file's failure. Write it again."));
    }
    rest();
  }

  function failAll(error: Error): void {
    const all = [...pending.values()];
    pending.clear();
    for (const { reject } of all) reject(error);
  }

  function post(asked: Pending): void {
    clearTimeout(idle);
    worker ??= start();
    worker.ref();
    pending.set(asked.id, asked);
    if (asked.request.op === "close") openFiles.delete(asked.request.file);
    else openFiles.add(asked.request.file);
    worker.postMessage({ id: asked.id, request: asked.request }, asked.transfer);
    if (pending.size === 1) watch();
  }

  function watch(): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      if (worker) drop(worker);
      failFirst(
        `the HDF5 library did nothing for ${silenceMs / 1000} s. The file is damaged, or its disk hangs.`,
        "",
      );
    }, silenceMs);
  }

  /** With nothing under way, the worker keeps no process alive, and ends soon after the last file is closed. */
  function rest(): void {
    if (pending.size > 0) {
      watch();
      return;
    }
    clearTimeout(watchdog);
    clearTimeout(idle);
    worker?.unref();
    if (openFiles.size > 0) return;
    idle = setTimeout(() => {
      if (worker && pending.size === 0) drop(worker);
    }, idleMs);
    idle.unref();
  }

  return {
    request: (request, transfer = []) =>
      new Promise<Hdf5Result>((resolve, reject) => {
        post({ id: ++lastId, request, transfer, resolve, reject });
      }),
  };
}
