/** A thread of the segment pool. */

import { parentPort, workerData } from "node:worker_threads";
import { instantiateSearchKernels } from "./kernels.ts";
import { type SegmentJob, type SegmentPlan, SegmentSearcher, type Tile } from "./segment-job.ts";

export interface WorkerMessage {
  readonly plan: SegmentPlan;
  readonly tile: Tile;
  readonly job: SegmentJob;
}

const searcher = new SegmentSearcher(await instantiateSearchKernels(workerData as WebAssembly.Module));

parentPort!.on("message", ({ plan, tile, job }: WorkerMessage) => {
  parentPort!.postMessage(searcher.search(plan, tile, job));
});
