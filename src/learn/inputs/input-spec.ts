/** What a network is given of a cadence: which normalisation, and how six panels become one image. */

import { UsageError } from "../../signal/errors.ts";
import type { Panels } from "../../signal/panels.ts";

export const normalisationNames = ["none", "max", "z-score-panel", "z-score-columns"] as const;
export const layoutNames = ["six", "on", "all"] as const;

export interface InputSpec {
  /**
   * `max` divides the cadence by its largest absolute value, `z-score-panel` brings each panel to mean 0 and deviation 1,
   * `z-score-columns` each channel of each panel to median 0 and robust deviation 1.
   */
  readonly normalisation: (typeof normalisationNames)[number];
  /**
   * `six`: a channel a panel, [panels, rows, channels]. `on`: the ON panels one under another, [1, rows * ON panels, channels]. `all`: all
   * panels one under another.
   */
  readonly layout: (typeof layoutNames)[number];
}

export type PanelShape = Omit<Panels, "data">;

export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** In a cadence every second panel, the first among them, is ON. */
export function isOnPanel(panel: number): boolean {
  return panel % 2 === 0;
}

export function onPanels({ panels }: Pick<PanelShape, "panels">): number[] {
  return Array.from({ length: panels }, (_, panel) => panel).filter(isOnPanel);
}

/** The shape of the image that cadences of one shape become. */
export function inputShape(spec: InputSpec, shape: PanelShape): ImageShape {
  const { panels, rows, channels: width } = shape;
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
  return {
    normalisation: oneOf(recipe, "input.normalisation", normalisationNames, normalisation),
    layout: oneOf(recipe, "input.layout", layoutNames, layout),
  };
}

export function oneOf<T extends string>(recipe: string, key: string, names: readonly T[], value: unknown): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `${recipe}: ${key} must be one of ${names.join(", ")}; it is ${JSON.stringify(value)}.`,
  );
}
