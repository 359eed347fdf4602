/** Scores of cadences that a network was not trained on. */

import type { CadenceSet } from "../formats/cadence-folder.node.ts";
import type { Trainer } from "../nn/trainer.ts";
import type { Loader } from "./loader.node.ts";
import type { CadenceTrouble, ExampleJob } from "./loader-messages.ts";
import { rocAuc } from "./metrics/roc.ts";

export interface Validation {
  /** Of those that could be read, in the order of the places asked for. */
  readonly places: readonly number[];
  /** Probabilities. */
  readonly scores: readonly number[];
  /** Mean binary cross-entropy; null where nothing was scored. */
  readonly loss: number | null;
  /** null where one of the classes is missing. */
  readonly auc: number | null;
  readonly problems: readonly CadenceTrouble[];
}

export interface ValidateOptions {
  readonly trainer: Trainer;
  readonly loader: Loader;
  readonly set: CadenceSet;
  readonly labels: ArrayLike<number>;
  readonly places: Int32Array;
  readonly batch: number;
  readonly imageFloats: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/** Scores cadences as they are, without augmentation, with the trainer's weights, or their average where it keeps one. Gives undefined where it was stopped. */
export async function validate(options: ValidateOptions): Promise<Validation | undefined> {
  const { trainer, loader, set, labels, places, batch, imageFloats, onProgress } = options;
  const scored: number[] = [];
  const scores: number[] = [];
  const problems: CadenceTrouble[] = [];
  let loss = 0;
  const stream = loader.open({
    batchSize: batch,
    imageFloats,
    ahead: 1,
    examples(number) {
      const some = places.subarray(number * batch, (number + 1) * batch);
      if (some.length === 0) return undefined;
      return Array.from(some, (place, index): ExampleJob => {
        return { index, source: { path: set.pathOf(place), label: labels[place]!, place }, shareDone: 1 };
      });
    },
  });
  for (let loaded = await stream.next(); loaded; loaded = await stream.next()) {
    if (options.signal?.aborted) {
      await stream.close();
      return undefined;
    }
    const logits = await trainer.evaluate({ image: loaded.images });
    problems.push(...loaded.problems);
    const skipped = new Set(loaded.problems.filter((one) => one.skipped).map(({ place }) => place));
    for (const { index, source } of loaded.examples) {
      if (skipped.has(source.place)) continue;
      const logit = logits[index]!;
      scored.push(source.place);
      scores.push(1 / (1 + Math.exp(-logit)));
      loss += Math.max(logit, 0) - logit * source.label + Math.log1p(Math.exp(-Math.abs(logit)));
    }
    onProgress?.(Math.min(1, ((loaded.number + 1) * batch) / places.length));
  }
  const targets = scored.map((place) => (labels[place]! >= 0.5 ? 1 : 0));
  const bothClasses = targets.includes(0) && targets.includes(1);
  return {
    places: scored,
    scores,
    loss: scored.length > 0 ? loss / scored.length : null,
    auc: bothClasses ? rocAuc(targets, scores) : null,
    problems,
  };
}
