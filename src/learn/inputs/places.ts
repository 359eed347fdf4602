/** Where in a cadence a needle is: a grid over the ON panels and the band, and for each of its cells whether a needle passes it. */

import type { PanelShape } from "../../signal/panels.ts";
import { onPanels } from "./panel-roles.ts";

export interface PlaceGrid {
  /** As many as there are ON panels. */
  readonly rows: number;
  /** Parts that the band is cut into, evenly. */
  readonly columns: number;
}

/** Of one example or of a batch of them, one after another; [rows, columns] of the grid each. */
export interface PlaceTargets {
  /** 1 where a needle is, 0 where none is, 0.5 where that isn't known. */
  readonly targets: Float32Array;
  /** 1 where that is known, else 0. */
  readonly known: Float32Array;
}

/** A needle is in a cell that holds at least so much of its energy: the sum of its pixels' squares, the noise's deviation 1. */
export const LEAST_ENERGY = 12;

/** Marks all cells as without a needle, or all as unknown. */
export function fillPlaces({ targets, known }: PlaceTargets, isKnown: boolean): void {
  targets.fill(isKnown ? 0 : 0.5);
  known.fill(isKnown ? 1 : 0);
}

/** Marks the cells of one example that what was added to panels between `before`, their ON panels alone, and `after` is in. */
export function markPlaces(
  before: Float32Array,
  after: Float32Array,
  shape: PanelShape,
  { columns }: PlaceGrid,
  targets: Float32Array,
): void {
  const { rows, channels } = shape;
  const size = rows * channels;
  const byChannel = new Float64Array(channels);
  const cells = new Float64Array(columns);
  for (const [place, panel] of onPanels(shape).entries()) {
    byChannel.fill(0);
    for (let row = 0; row < rows; row++) {
      const was = place * size + row * channels;
      const is = panel * size + row * channels;
      for (let c = 0; c < channels; c++) {
        const added = after[is + c]! - before[was + c]!;
        byChannel[c]! += added * added;
      }
    }
    cells.fill(0);
    for (const [c, energy] of byChannel.entries()) cells[Math.floor((c * columns) / channels)]! += energy;
    for (const [column, energy] of cells.entries()) {
      if (energy >= LEAST_ENERGY) targets[place * columns + column] = 1;
    }
  }
}
