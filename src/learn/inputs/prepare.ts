/** A cadence as the image that a network is given. */

import { UsageError } from "../../signal/errors.ts";
import { type Normalisation, normaliseByMax, zScoreColumns, zScorePanel } from "../../signal/normalise.ts";
import type { Panels } from "../../signal/panels.ts";
import { type InputSpec, onPanels, type PanelShape } from "./input-spec.ts";
import type { InputKernels } from "./kernels.ts";
import { createLineEvidence } from "./line-evidence.ts";
import { createWhitener } from "./whiten.ts";

/**
 * Writes a cadence's image, [channels, height, width] of `inputShape`, into `into`. NaN, a missing value, becomes 0. `change`, if given, may change the
 * whitened panels before they are laid out; nothing calls it where cadences aren't whitened.
 */
export type Preparer = (cadence: Panels, into: Float32Array, change?: (white: Float32Array) => void) => void;

/** `kernels` serve this thread, see `loadInputKernels`; they are needed to whiten. */
export function createPreparer(spec: InputSpec, shape: PanelShape, kernels?: InputKernels): Preparer {
  if (spec.normalisation === "whiten") {
    if (!kernels) throw new UsageError("To whiten cadences, give createPreparer the input kernels.");
    return whitenedPreparer(spec.layout, shape, kernels);
  }
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

function whitenedPreparer(layout: InputSpec["layout"], shape: PanelShape, kernels: InputKernels): Preparer {
  const pixels = shape.rows * shape.channels;
  const white = new Float32Array(shape.panels * pixels);
  const whiten = createWhitener(kernels, shape);
  if (layout === "lines") {
    const evidence = createLineEvidence(kernels, shape);
    return (cadence, into, change) => {
      whiten(cadence, white);
      change?.(white);
      evidence(white, into);
    };
  }
  const chosen = layout === "on" ? onPanels(shape) : undefined;
  return (cadence, into, change) => {
    whiten(cadence, white);
    change?.(white);
    if (!chosen) return into.set(white);
    for (const [place, panel] of chosen.entries()) {
      into.set(white.subarray(panel * pixels, (panel + 1) * pixels), place * pixels);
    }
  };
}

type PanelNormalisation = Exclude<InputSpec["normalisation"], "whiten">;

const panelNormalisations: Readonly<Record<PanelNormalisation, Normalisation | undefined>> = {
  none: undefined,
  max: undefined,
  "z-score-panel": zScorePanel,
  "z-score-columns": zScoreColumns,
};
