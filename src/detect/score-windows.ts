/** Scores windows by a detector: cut, normalised, turned into views and prepared while those before are scored. */

import { turnInto } from "../learn/views.ts";
import type { Panels } from "../signal/panels.ts";
import { cutWindow } from "./cadence-panels.ts";
import type { Detector } from "./detector.ts";

/** Larger batches save no time, see learn/score.node.ts. */
const BATCH = 4;

export interface WindowScorer {
  /**
   * The score of each window, the first pixels of which in `panels` are `starts`: the mean over the detector's views; NaN where the network
   * gives no number. Windows that can't reach `atLeast` any more, whatever the views to come give, are left at the
   * mean over the views that they had.
   */
  score(panels: Panels, starts: readonly number[], atLeast?: number): Promise<Float64Array>;
}

export function createWindowScorer(detector: Detector, signal?: AbortSignal): WindowScorer {
  const { shape, image, prepare, views } = detector;
  const { channels, height, width } = image;
  const imageFloats = channels * height * width;
  const cadence = { ...shape, data: new Float32Array(shape.panels * shape.rows * shape.channels) };
  const scratch = new Float32Array(cadence.data.length);
  // One is written while the other is scored.
  const buffers = [new Float32Array(BATCH * imageFloats), new Float32Array(BATCH * imageFloats)];

  return {
    async score(panels, starts, atLeast = 0) {
      const sums = new Float64Array(starts.length);
      const seen = new Float64Array(starts.length);
      let left = starts.map((_, i) => i);
      for (const [done, view] of views.entries()) {
        let scoring: Promise<void> | undefined;
        for (let from = 0; from < left.length; from += BATCH) {
          signal?.throwIfAborted();
          const batch = left.slice(from, from + BATCH);
          const images = buffers[(from / BATCH) % 2]!;
          for (const [i, window] of batch.entries()) {
            cutWindow(panels, starts[window]!, cadence);
            turnInto(view, cadence, scratch);
            prepare(cadence, images.subarray(i * imageFloats, (i + 1) * imageFloats));
          }
          await scoring;
          scoring = detector.score(images.subarray(0, batch.length * imageFloats)).then((scores) => {
            for (const [i, window] of batch.entries()) {
              sums[window]! += scores[i]!;
              seen[window]!++;
            }
          });
          // It is awaited a batch later; until then a failure must not count as one that nobody handles.
          scoring.catch(() => {});
        }
        await scoring;
        const toCome = views.length - done - 1;
        left = left.filter((window) => sums[window]! + toCome >= atLeast * views.length);
      }
      return sums.map((sum, i) => sum / seen[i]!);
    },
  };
}
