/** The segment pool on worker_threads. Pixels lie in shared memory; segments are handed out one at a time, in the order asked. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { askWorker } from "../signal/ask-worker.node.ts";
import { compileSearchKernels } from "./kernels.node.ts";
import type { SegmentAnswer } from "./segment-job.ts";
import type { SegmentPool } from "./segment-pool.ts";
import type { WorkerMessage } from "./segment-worker.node.ts";

const script = new URL(
  import.meta.url.endsWith(".ts") ? "./segment-worker.node.ts" : "./segment-worker.node.js",
  import.meta.url,
);

/** Tiles kept for the next search: a tile takes longer to be made by the system than to be read. */
const MOST_FREE = 2;

/** Starts `threads` workers, as many as there are processors if not given. They don't keep the process alive. */
export async function threadPool(threads: number = availableParallelism()): Promise<SegmentPool> {
  const module = await compileSearchKernels();
  const workers = Array.from({ length: threads }, () => new Worker(script, { workerData: module }));
  for (const worker of workers) worker.unref();
  const idle = [...workers];
  const waiting: Waiting[] = [];
  let alive = workers.length;
  const free: Float32Array[] = [];

  return {
    threads,
    allocate(floats) {
      const index = free.findIndex(({ length }) => length === floats);
      if (index >= 0) return free.splice(index, 1)[0]!;
      return new Float32Array(new SharedArrayBuffer(4 * floats));
    },
    release(memory) {
      free.unshift(memory);
      free.length = Math.min(free.length, MOST_FREE);
    },
    search(plan, tile, jobs, onDone) {
      const answers = jobs.map(async (job) => {
        const answer = await new Promise<SegmentAnswer>((resolve, reject) => {
          waiting.push({ message: { plan, tile, job }, resolve, reject });
          handOut();
        });
        onDone?.();
        return answer;
      });
      return Promise.all(answers);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };

  function handOut(): void {
    while (idle.length > 0 && waiting.length > 0) void serve(idle.pop()!, waiting.shift()!);
  }

  async function serve(worker: Worker, { message, resolve, reject }: Waiting): Promise<void> {
    worker.ref();
    try {
      resolve(await askWorker<SegmentAnswer>(worker, message));
      idle.push(worker);
    } catch (error) {
      reject(error);
      alive--;
      if (alive === 0) for (const other of waiting.splice(0)) other.reject(error);
    } finally {
      worker.unref();
    }
    handOut();
  }
}

interface Waiting {
  readonly message: WorkerMessage;
  readonly resolve: (answer: SegmentAnswer) => void;
  readonly reject: (error: unknown) => void;
}
