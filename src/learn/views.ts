/** Views of a cadence that a prediction averages: a needle is one whichever way time and frequency run. */

import type { Panels } from "../signal/panels.ts";
import { flipFrequency, flippedTime } from "./inputs/augment.ts";
import type { Recipe } from "./recipe.ts";

export interface View {
  /** Whether time runs backwards, as `flippedTime` has it. */
  readonly time: boolean;
  readonly frequency: boolean;
}

/** As it is first, then mirrored along the axes that a recipe's `flips` names. */
export function viewsOf(flips: Recipe["flips"]): readonly View[] {
  const times = flips === "time" || flips === "both" ? [false, true] : [false];
  const frequencies = flips === "frequency" || flips === "both" ? [false, true] : [false];
  return times.flatMap((time) => frequencies.map((frequency) => ({ time, frequency })));
}

/** Turns a cadence into a view of it, in place, before it is normalised. `scratch` is as large as its data. */
export function turnInto(view: View, cadence: Panels, scratch: Float32Array): void {
  if (view.time) {
    flippedTime(cadence, scratch);
    cadence.data.set(scratch);
  }
  if (view.frequency) flipFrequency(cadence);
}
