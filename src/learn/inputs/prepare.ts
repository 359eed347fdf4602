/** A cadence as the image that a network is given. */

import { UsageError } from "../../signal/errors.ts";
import { type Normalisation, normaliseByMax, zScoreColumns, zScorePanel } from "../../signal/normalise.ts";
import type { PanelShape, Panels } from "../../signal/panels.ts";
import { type InputSpec, onPanels } from "./input-spec.ts";
import type { InputKernels } from "./kernels.ts";
import { createLineEvidence } from "./line-evidence.ts";
import { createWhitener, type Whitener } from "./whiten.ts";

/** Writes a cadence's image, [channels, height, width] of `inputShape`, into `into`. NaN, a missing value, becomes 0. */
export type Preparer = (cadence: Panels, into: Float32Array) => void;

/** `kernels` serve this thread, see `loadInputKernels`; they are needed to whiten. */
export function createPreparer(spec: InputSpec, shape: PanelShape, kernels?: InputKernels): Preparer {
  const { whiten, layOut } = createPreparerParts(spec, shape, kernels);
  if (!whiten) return layOut;
  const white = { ...shape, data: new Float32Array(shape.panels * shape.rows * shape.channels) };
  return (cadence, into) => {
    whiten(cadence, white.data);
    layOut(white, into);
  };
}

/** A preparer in two halves, between which examples are augmented. */
export interface PreparerParts {
  /** Of recipes that whiten. It takes long, and gives the same for a cadence whatever becomes of it afterwards. */
  readonly whiten?: Whitener;
  /** Makes the image of a cadence, whitened where `whiten` is there. */
  readonly layOut: Preparer;
}

export function createPreparerParts(
  spec: InputSpec,
  shape: PanelShape,
  kernels?: InputKernels,
): PreparerParts {
  if (spec.normalisation !== "whiten") return { layOut: normalisingPreparer(spec, shape) };
  if (!kernels) throw new UsageError("To whiten cadences, give createPreparer the input kernels.");
  return { whiten: createWhitener(kernels, shape), layOut: whiteLayout(spec.layout, shape, kernels) };
}

function normalisingPreparer(spec: InputSpec, shape: PanelShape): Preparer {
  const { rows, channels } = shape;
  const pixels = rows * channels;
  const chosen =
    spec.layout === "on" ? onPanels(shape) : Array.from({ length: shape.panels }, (_, panel) => panel);
  const byPanel = panelNormalisations[spec.normalisation as PanelNormalisation];
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

function whiteLayout(layout: InputSpec["layout"], shape: PanelShape, kernels: InputKernels): Preparer {
  if (layout === "lines") {
    const evidence = createLineEvidence(kernels, shape);
    return ({ data }, into) => evidence(data, into);
  }
  if (layout !== "on") return ({ data }, into) => into.set(data);
  const pixels = shape.rows * shape.channels;
  const chosen = onPanels(shape);
  return ({ data }, into) => {
    for (const [place, panel] of chosen.entries()) {
      into.set(data.subarray(panel * pixels, (panel + 1) * pixels), place * pixels);
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
