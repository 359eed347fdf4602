/** A network that tells cadences with a needle from those without. */

import { type ImageShape, inputShape } from "../learn/inputs/input-spec.ts";
import type { InputKernels } from "../learn/inputs/kernels.ts";
import { createPreparer, type Preparer } from "../learn/inputs/prepare.ts";
import { preprocessingOf } from "../learn/preprocessing.ts";
import { type View, viewsOf } from "../learn/views.ts";
import type { OnnxSession } from "../nn/onnx/session.ts";
import { InputError } from "../signal/errors.ts";
import type { PanelShape } from "../signal/panels.ts";

export interface Detector {
  /** What errors and tables call it: the file. */
  readonly name: string;
  /** Of the cadences that it knows. */
  readonly shape: PanelShape;
  readonly image: ImageShape;
  /** Writes a cadence's image. */
  readonly prepare: Preparer;
  /** What a score is the mean over; the first is the cadence as it is. */
  readonly views: readonly View[];
  /** The probability that a cadence holds a needle, for images that lie one after the other. */
  score(images: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * A detector from a model that `lodestone train` or `export` wrote, opened by whichever ONNX Runtime is at hand. Closing the detector
 * closes the session. `kernels`, of `instantiateInputKernels` in a browser, serve this detector alone; networks that see whitened cadences
 * need them. Throws a FileError where the model isn't one that scores cadences, a UsageError where it needs kernels that weren't given.
 */
export function createDetector(session: OnnxSession, name: string, kernels?: InputKernels): Detector {
  const { input, shape, flips } = preprocessingOf(session.description, name);
  return {
    name,
    shape,
    image: inputShape(input, shape),
    prepare: createPreparer(input, shape, kernels),
    views: viewsOf(flips),
    async score(images) {
      const { data: logits } = await session.score(images);
      return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
    },
    close: () => session.close(),
  };
}

/** Throws an InputError unless the scans are as many as the detector's panels, ON and OFF in turn. */
export function checkFits({ name, shape }: Detector, roles: readonly ("ON" | "OFF")[]): void {
  const fits = roles.length === shape.panels && roles.every((role, i) => (role === "ON") === (i % 2 === 0));
  if (fits) return;
  throw new InputError(
    `${name} knows cadences of ${shape.panels} scans, ON and OFF in turn; these are ${roles.length}: ${roles.join(" ")}. ` +
      "Give such scans, or a detector that was trained on cadences like these.",
  );
}
