/** Looking through many cadences with threads, each file once, in bounded memory. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CadenceShape } from "../../formats/cadence-folder.node.ts";
import type { FileLook, ScanBatch, ScanSettings } from "./scan-messages.ts";

export interface ScanOptions {
  /** Twice as many as there are processors unless given, as they wait for the disk part of their time. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of files of which all is known. */
  readonly onProgress?: (files: number, bytes: number) => void;
}

export interface ScannedSet {
  readonly shape: CadenceShape;
  readonly files: readonly { readonly id: string; readonly path: string }[];
}

const BATCH_FILES = 16;
const MOST_THREADS = 16;

const script = new URL(
  import.meta.url.endsWith(".ts") ? "./scan-worker.node.ts" : "./scan-worker.node.js",
  import.meta.url,
);

/**
 * Calls `onLook` once a file, in any order, with its place in the set. Gives how often each half-precision value occurs, of
 * a sample of the values. Throws what a thread throws, and `signal.reason` where it is aborted.
 */
export async function scanCadences(
  { shape, files }: ScannedSet,
  onLook: (place: number, look: FileLook) => void,
  options: ScanOptions = {},
): Promise<Float64Array> {
  const { signal, onProgress } = options;
  const wanted = options.threads ?? Math.min(MOST_THREADS, 2 * availableParallelism());
  const threads = Math.min(wanted, Math.ceil(files.length / BATCH_FILES));
  const counts = Array.from({ length: threads }, () => new Uint32Array(new SharedArrayBuffer(4 << 16)));
  const total = new Float64Array(1 << 16);
  let next = 0;
  let done = 0;
  let bytes = 0;
  const workers = counts.map((own) => {
    const settings: ScanSettings = { counts: own };
    return new Worker(script, { workerData: settings });
  });
  const serve = async (worker: Worker, own: Uint32Array) => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const first = next;
      next += BATCH_FILES;
      const batch: ScanBatch = { shape, files: files.slice(first, first + BATCH_FILES) };
      const looks = await ask(worker, batch, signal);
      for (const [i, look] of looks.entries()) {
        onLook(first + i, look);
        bytes += look.bytes;
      }
      for (let i = 0; i < total.length; i++) total[i]! += own[i]!;
      own.fill(0);
      done += looks.length;
      onProgress?.(done, bytes);
    }
  };
  try {
    await Promise.all(workers.map((worker, i) => serve(worker, counts[i]!)));
    return total;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, batch: ScanBatch, signal: AbortSignal | undefined): Promise<FileLook[]> {
  return new Promise((resolve, reject) => {
    const onMessage = (looks: FileLook[]) => settle(() => resolve(looks));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error("A thread ended before it answered.")));
    const onAbort = () => settle(() => reject(signal!.reason));
    const settle = (finish: () => void) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal?.addEventListener("abort", onAbort);
    worker.postMessage(batch);
  });
}
