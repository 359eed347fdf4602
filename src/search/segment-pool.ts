/** Who searches segments: this thread, or several where the platform has workers (thread-pool.node.ts). */

import type { SearchKernels } from "./kernels.ts";
import {
  type SegmentAnswer,
  type SegmentJob,
  type SegmentPlan,
  SegmentSearcher,
  type Tile,
} from "./segment-job.ts";

export interface SegmentPool {
  readonly threads: number;
  /** Memory for pixels that every thread sees. */
  allocate(floats: number): Float32Array;
  /** Gives memory back for the next that asks for as much. */
  release(memory: Float32Array): void;
  /** Answers in the order of the jobs, whichever thread took them. `onDone` is called after each. */
  search(
    plan: SegmentPlan,
    tile: Tile,
    jobs: readonly SegmentJob[],
    onDone?: () => void,
  ): Promise<SegmentAnswer[]>;
  close(): Promise<void>;
}

/** The pool of this thread alone. */
export function localPool(kernels: SearchKernels): SegmentPool {
  const searcher = new SegmentSearcher(kernels);
  return {
    threads: 1,
    allocate: (floats) => new Float32Array(floats),
    release: () => {},
    async search(plan, tile, jobs, onDone) {
      return jobs.map((job) => {
        const answer = searcher.search(plan, tile, job);
        onDone?.();
        return answer;
      });
    },
    async close() {},
  };
}
