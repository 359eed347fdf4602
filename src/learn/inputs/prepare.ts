/** A cadence as the image that a network is given. */

import { normaliseByMax, zScoreColumns, zScorePanel } from "../../signal/normalise.ts";
import type { Panels } from "../../signal/panels.ts";
import { type InputSpec, inputShape, onPanels, type PanelShape } from "./input-spec.ts";

/** Writes a cadence's image, [channels, height, width] of `inputShape`, into `into`. NaN, a missing value, becomes 0. */
export type Preparer = (cadence: Panels, into: Float32Array) => void;

export function createPreparer(spec: InputSpec, shape: PanelShape): Preparer {
  const pixels = shape.rows * shape.channels;
  const chosen =
    spec.layout === "on" ? onPanels(shape) : Array.from({ length: shape.panels }, (_, panel) => panel);
  const image = inputShape(spec, shape);
  return ({ data }, into) => {
    for (const [place, panel] of chosen.entries()) {
      into.set(data.subarray(panel * pixels, (panel + 1) * pixels), place * pixels);
    }
    normalise(spec, into.subarray(0, image.channels * image.height * image.width), pixels, shape);
  };
}

function normalise(
  { normalisation }: InputSpec,
  image: Float32Array,
  pixels: number,
  { rows, channels }: PanelShape,
): void {
  if (normalisation === "max") image.set(normaliseByMax(image, rows, channels));
  else if (normalisation !== "none") {
    const byPanel = normalisation === "z-score-panel" ? zScorePanel : zScoreColumns;
    for (let at = 0; at < image.length; at += pixels) {
      image.set(byPanel(image.subarray(at, at + pixels), rows, channels), at);
    }
  }
  for (let i = 0; i < image.length; i++) {
    if (Number.isNaN(image[i]!)) image[i] = 0;
  }
}
