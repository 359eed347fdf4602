/** What a network is given of a cadence: which normalisation, and how six panels become one image. */

import { UsageError } from "../../signal/errors.ts";
import type { PanelShape } from "../../signal/panels.ts";
import { LEAST_ROWS, lineEvidenceShape } from "./line-evidence-shape.ts";
import { onPanels } from "./panel-roles.ts";

export const normalisationNames = ["none", "max", "z-score-panel", "z-score-columns", "whiten"] as const;
export const layoutNames = ["six", "on", "all", "lines"] as const;

export { isOnPanel, onPanels } from "./panel-roles.ts";

export interface InputSpec {
  /**
   * `max` divides the cadence by its largest absolute value, `z-score-panel` brings each panel to mean 0 and deviation 1,
   * `z-score-columns` each channel of each panel to median 0 and robust deviation 1. `whiten` takes the receiver out and leaves the
   * cadence in deviations of its noise, see `createWhitener`.
   */
  readonly normalisation: (typeof normalisationNames)[number];
  /**
   * `six`: a channel a panel, [panels, rows, channels]. `on`: the ON panels one under another, [1, rows * ON panels, channels]. `all`: all
   * panels one under another. `lines`: the evidence for lines in the ON panels, see `lineEvidenceShape`; of whitened cadences only.
   */
  readonly layout: (typeof layoutNames)[number];
}

export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The shape of the image that cadences of one shape become. Throws a UsageError where they have no room for the layout. */
export function inputShape(spec: InputSpec, shape: PanelShape): ImageShape {
  const { panels, rows, channels: width } = shape;
  if (spec.layout === "lines") {
    if (rows < LEAST_ROWS || width % 4 !== 0 || panels < 2) {
      throw new UsageError(
        `The layout lines needs two panels, ${LEAST_ROWS} rows and channels in fours; the cadences are ${panels} x ${rows} x ${width}. Use the layout six.`,
      );
    }
    return lineEvidenceShape(shape);
  }
  if (spec.layout === "six") return { channels: panels, height: rows, width };
  const stacked = spec.layout === "on" ? onPanels(shape).length : panels;
  return { channels: 1, height: stacked * rows, width };
}

/** Throws a UsageError that names the recipe and the key. */
export function checkInputSpec(spec: unknown, recipe: string): InputSpec {
  const { normalisation, layout, ...rest } = (spec ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new UsageError(`${recipe}: input has no key ${unknown}. Its keys are normalisation and layout.`);
  }
  const checked = {
    normalisation: oneOf(recipe, "input.normalisation", normalisationNames, normalisation),
    layout: oneOf(recipe, "input.layout", layoutNames, layout),
  };
  if (checked.layout === "lines" && checked.normalisation !== "whiten") {
    throw new UsageError(
      `${recipe}: input.layout lines needs input.normalisation whiten; it is ${JSON.stringify(normalisation)}.`,
    );
  }
  return checked;
}

export function oneOf<T extends string>(recipe: string, key: string, names: readonly T[], value: unknown): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `${recipe}: ${key} must be one of ${names.join(", ")}; it is ${JSON.stringify(value)}.`,
  );
}
