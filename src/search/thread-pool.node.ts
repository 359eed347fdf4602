/**
 * The segment pool on worker_threads. Pixels lie in shared memory; segments are handed out one at a time. A worker knows one tile
 * at a time, so tiles of searches that share the pool take turns.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { compileSearchKernels } from "./kernels.node.ts";
import type { SegmentAnswer, SegmentJob, SegmentPlan, Tile } from "./segment-job.ts";
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
  let known: SegmentPlan | undefined;
  let turn: Promise<unknown> = Promise.resolve();
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
      const answers = turn.then(() => searchTile(plan, tile, jobs, onDone));
      turn = answers.catch(() => {});
      return answers;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };

  async function searchTile(
    plan: SegmentPlan,
    tile: Tile,
    jobs: readonly SegmentJob[],
    onDone?: () => void,
  ): Promise<SegmentAnswer[]> {
    const answers: SegmentAnswer[] = [];
    let next = 0;
    const tell: WorkerMessage = { kind: "tile", tile, ...(plan === known ? {} : { plan }) };
    known = plan;
    for (const worker of workers) worker.postMessage(tell);
    await Promise.all(workers.map(serve));
    return answers;

    async function serve(worker: Worker): Promise<void> {
      worker.ref();
      try {
        while (next < jobs.length) {
          const index = next++;
          answers[index] = await ask(worker, { kind: "job", index, job: jobs[index]! });
          onDone?.();
        }
      } finally {
        worker.unref();
      }
    }
  }
}

function ask(worker: Worker, message: WorkerMessage): Promise<SegmentAnswer> {
  return new Promise((resolve, reject) => {
    const onMessage = ({ answer }: { answer: SegmentAnswer }) => settle(() => resolve(answer));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error("A search thread ended before it answered.")));
    const settle = (finish: () => void) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      finish();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(message);
  });
}
