/** Looking through many cadences with threads, each file once, in bounded memory. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { askWorker } from "../../signal/ask-worker.node.ts";
import type { PanelShape } from "../../signal/panels.ts";
import type { FileLook, ScanBatch, ScanSettings } from "./scan-messages.ts";

export interface ScanOptions {
  /** Twice as many as there are processors unless given, as they wait for the disk part of their time. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of files that have been read, and the set of the last ones. */
  readonly onProgress?: (files: number, set: number) => void;
}

export interface ScannedSet {
  readonly shape: PanelShape;
  readonly files: readonly { readonly id: string; readonly path: string }[];
}

const BATCH_FILES = 16;
const MOST_THREADS = 16;

const script = new URL(
  import.meta.url.endsWith(".ts") ? "./scan-worker.node.ts" : "./scan-worker.node.js",
  import.meta.url,
);

/**
 * Calls `onLook` once a file, in any order, with its set and its place in it. Gives for each set how often each half-precision value
 * occurs, of a sample of the values. Throws what a thread throws, and `signal.reason` where it is aborted.
 */
export async function scanCadences(
  sets: readonly ScannedSet[],
  onLook: (set: number, place: number, look: FileLook) => void,
  options: ScanOptions = {},
): Promise<Float64Array[]> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const batches = sets.flatMap(({ files }, set) =>
    Array.from({ length: Math.ceil(files.length / BATCH_FILES) }, (_, i) => ({
      set,
      first: i * BATCH_FILES,
    })),
  );
  const wanted = options.threads ?? Math.min(MOST_THREADS, 2 * availableParallelism());
  const totals = sets.map(() => new Float64Array(1 << 16));
  let next = 0;
  let done = 0;
  const serve = async ({ worker, counts }: Thread) => {
    while (next < batches.length) {
      const { set, first } = batches[next++]!;
      const { shape, files } = sets[set]!;
      const batch: ScanBatch = { shape, files: files.slice(first, first + BATCH_FILES) };
      const looks = await askWorker<FileLook[]>(worker, batch, signal);
      for (const [i, look] of looks.entries()) onLook(set, first + i, look);
      const total = totals[set]!;
      for (let i = 0; i < total.length; i++) total[i]! += counts[i]!;
      counts.fill(0);
      done += looks.length;
      onProgress?.(done, set);
      signal?.throwIfAborted();
    }
  };
  const threads = Array.from({ length: Math.min(wanted, batches.length) }, startThread);
  try {
    await Promise.all(threads.map(serve));
    return totals;
  } finally {
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}

interface Thread {
  readonly worker: Worker;
  readonly counts: Uint32Array;
}

function startThread(): Thread {
  const counts = new Uint32Array(new SharedArrayBuffer(4 << 16));
  const settings: ScanSettings = { counts };
  return { worker: new Worker(script, { workerData: settings }), counts };
}
