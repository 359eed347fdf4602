/** Detectors made by hand, for tests: what a score is can be worked out beside them. */

import { type InputSpec, inputShape } from "../../learn/inputs/input-spec.ts";
import { createPreparer } from "../../learn/inputs/prepare.ts";
import { viewsOf } from "../../learn/views.ts";
import type { Detector } from "../detector.ts";

export interface FakeOptions {
  readonly input?: InputSpec;
  readonly flips?: Parameters<typeof viewsOf>[0];
}

/** A detector that scores an image, [panels, rows, channels], by a function. `batches` counts what it was given. */
export function fakeDetector(
  shape: Detector["shape"],
  score: (image: Float32Array) => number,
  { input = { normalisation: "none", layout: "six" }, flips = "none" }: FakeOptions = {},
): Detector & { readonly batches: number[] } {
  const { channels, height, width } = inputShape(input, shape);
  const size = channels * height * width;
  const batches: number[] = [];
  return {
    name: "fake.onnx",
    shape,
    image: { channels, height, width },
    prepare: createPreparer(input, shape),
    views: viewsOf(flips),
    batches,
    async score(images) {
      batches.push(images.length / size);
      // Images are looked at later, as they are by a runtime that works beside this thread.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return Float32Array.from({ length: images.length / size }, (_, i) =>
        score(images.subarray(i * size, (i + 1) * size)),
      );
    },
    async close() {},
  };
}

/**
 * A matched filter for a line in the middle third of the window that is in ON panels only: the excess there over the rest of the window, ON minus OFF, in
 * its own deviations, through a sigmoid that is a half at `atSigmas`.
 */
export function middleLine({ panels, rows, channels }: Detector["shape"], atSigmas: number) {
  const [low, high] = [Math.floor(channels / 3), Math.ceil((2 * channels) / 3)];
  const inside = (high - low) / channels;
  return (image: Float32Array): number => {
    let sum = 0;
    for (const [i, value] of image.entries()) {
      const channel = i % channels;
      const on = Math.floor(i / (rows * channels)) % 2 === 0;
      const weight = channel >= low && channel < high ? 1 - inside : -inside;
      sum += (on ? weight : -weight) * value;
    }
    const deviation = Math.sqrt(panels * rows * channels * inside * (1 - inside));
    return 1 / (1 + Math.exp(-(sum / deviation - atSigmas)));
  };
}
