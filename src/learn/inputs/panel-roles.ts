/** Which panels of a cadence are ON. */

import type { PanelShape } from "../../signal/panels.ts";

/** In a cadence every second panel, the first among them, is ON. */
export function isOnPanel(panel: number): boolean {
  return panel % 2 === 0;
}

export function onPanels({ panels }: Pick<PanelShape, "panels">): number[] {
  return Array.from({ length: panels }, (_, panel) => panel).filter(isOnPanel);
}
