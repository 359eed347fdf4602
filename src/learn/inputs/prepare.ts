/** A cadence as the image that a network is given. */

import { type Normalisation, normaliseByMax, zScoreColumns, zScorePanel } from "../../signal/normalise.ts";
import type { Panels } from "../../signal/panels.ts";
import { type InputSpec, onPanels, type PanelShape } from "./input-spec.ts";

/** Writes a cadence's image, [channels, height, width] of `inputShape`, into `into`. NaN, a missing value, becomes 0. */
export type Preparer = (cadence: Panels, into: Float32Array) => void;

export function createPreparer(spec: InputSpec, shape: PanelShape): Preparer {
  const { rows, channels } = shape;
  const pixels = rows * channels;
  const chosen =
    spec.layout === "on" ? onPanels(shape) : Array.from({ length: shape.panels }, (_, panel) => panel);
  const byPanel = panelNormalisations[spec.normalisation];
  return ({ data }, into) => {
    const image = into.subarray(0, chosen.length * pixels);
    for (const [place, panel] of chosen.entries()) {
      const from = data.subarray(panel * pixels, (panel + 1) * pixels);
      const to = image.subarray(place * pixels, (place + 1) * pixels);
      if (byPanel) byPanel(from, rows, channels, to);
      else to.set(from);
    }
    if (spec.normalisation === "max") normaliseByMax(image, chosen.length * rows, channels, image);
    for (let i = 0; i < image.length; i++) {
      if (Number.isNaN(image[i]!)) image[i] = 0;
    }
  };
}

const panelNormalisations: Readonly<Record<InputSpec["normalisation"], Normalisation | undefined>> = {
  none: undefined,
  max: undefined,
  "z-score-panel": zScorePanel,
  "z-score-columns": zScoreColumns,
};
