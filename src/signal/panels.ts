/** The panels of a cadence side by side in one array, as the competition's files and the networks have them. */

export interface PanelShape {
  readonly panels: number;
  readonly rows: number;
  readonly channels: number;
}

/** Power, in whatever units, [panels, rows, channels]: one panel after another, rows in the order of time. */
export interface Panels extends PanelShape {
  readonly data: Float32Array;
}

/** The competition's cadence: ON, OFF, ON, OFF, ON, OFF. */
export const COMPETITION_SHAPE = { panels: 6, rows: 273, channels: 256, pattern: "ABACAD" } as const;
