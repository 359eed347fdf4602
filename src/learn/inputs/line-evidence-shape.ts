/** The shape of the evidence for lines that a network is given. */

import type { PanelShape } from "../../signal/panels.ts";
import { onPanels } from "./panel-roles.ts";

/** Blocks of time that a panel is cut into. */
export const BLOCKS_PER_PANEL = 16;
/** Odd, about a drift of 0. */
export const DRIFTS = 17;
/** Of a panel's blocks, those whose evidence is given. */
export const GIVEN_BLOCKS = [2, 6, 10, 13] as const;
/** See `lineEvidenceShape`. */
export const IMAGE_CHANNELS = 3 * DRIFTS + 3;
/** The rows that a panel must have at least, two a block; of more, those past the last whole block are left out. Channels come in fours. */
export const LEAST_ROWS = 2 * BLOCKS_PER_PANEL;

/**
 * Channels: evidence at each drift; the larger of what is found for it in the OFF panels before and after; the smaller; then the strongest evidence
 * of any drift nearby, in the ON panel itself, in the OFF panel after it and in that before. Height: the given blocks of the ON panels, one panel under another. Width: the cadence's channels.
 */
export function lineEvidenceShape(shape: PanelShape) {
  const height = onPanels(shape).length * GIVEN_BLOCKS.length;
  return { channels: IMAGE_CHANNELS, height, width: shape.channels };
}
