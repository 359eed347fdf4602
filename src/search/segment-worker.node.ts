/** A thread of the segment pool. */

import { parentPort, workerData } from "node:worker_threads";
import { instantiateSearchKernels } from "./kernels.ts";
import { type SegmentJob, type SegmentPlan, SegmentSearcher, type Tile } from "./segment-job.ts";

export type WorkerMessage =
  | { readonly kind: "tile"; readonly plan?: SegmentPlan; readonly tile: Tile }
  | { readonly kind: "job"; readonly index: number; readonly job: SegmentJob };

const searcher = new SegmentSearcher(await instantiateSearchKernels(workerData as WebAssembly.Module));
let plan: SegmentPlan;
let tile: Tile;

parentPort!.on("message", (message: WorkerMessage) => {
  if (message.kind === "tile") {
    plan = message.plan ?? plan;
    tile = message.tile;
    return;
  }
  parentPort!.postMessage({ index: message.index, answer: searcher.search(plan, tile, message.job) });
});
