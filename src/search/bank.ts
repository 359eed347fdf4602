/**
 * The bank of templates: which straight paths and box widths the first pass sums over. Boxes are 1, 3, 6, 12, ... channels
 * wide. A box of w is placed every w / 3 channels, and its drifts are 5 / 3 w channels apart end to end, so each width costs a quarter of
 * the one before it. A line that drifts by more than a channel a row smears over as many, so boxes of one channel are kept to
 * drifts of a channel a row. A line that isn't smeared though it is fast (a pulsed one, a simulated one) keeps 0.50 to
 * 0.58 of its S/N in boxes of three, so the first pass looks for candidates down to MATCH of the S/N asked for. The second pass
 * measures each with the box and the path that fit it best, so what is reported loses nothing.
 */

import { type SharedSums, shareSums } from "./shared-sums.ts";

export interface BankLevel {
  /** Box width in channels. */
  readonly width: number;
  /** Channels between the positions of boxes. */
  readonly step: number;
  /** Row offsets of each template from its position at the middle of the rows, in steps: `offsets[k * rows + row]`. */
  readonly offsets: Int32Array;
  readonly templates: number;
  /** Largest |offset|, in steps. */
  readonly reach: number;
}

export interface SharedLevel extends BankLevel {
  readonly shared?: SharedSums;
}

export interface Bank {
  readonly rows: number;
  /** Largest |drift| that was asked for, channels from the first row to the last. */
  readonly maxSpan: number;
  readonly levels: readonly SharedLevel[];
}

/** The least share of a line's S/N that some template keeps, over all lines searched for. */
export const MATCH = 0.47;

const NARROW_CHANNELS_PER_ROW = 1;
const LEAST_WIDEST = 12;
const WIDEST = 192;
/** A box that fills more of the band than one part in so many can't be told from the baseline. */
const CHANNELS_A_BOX = 16;

/** The bank for `rows` rows (1 or more) and drifts up to `maxSpan` channels over them, in a band of `channels`. */
export function makeBank(rows: number, maxSpan: number, channels: number): Bank {
  const smear = maxSpan / Math.max(1, rows - 1);
  const widest = Math.min(WIDEST, Math.max(LEAST_WIDEST, 1.5 * smear), channels / CHANNELS_A_BOX);
  const narrowSpan = Math.min(maxSpan, NARROW_CHANNELS_PER_ROW * (rows - 1));
  const levels = [makeLevel(rows, 1, 1, Math.ceil(narrowSpan), 1)];
  for (let width = 3; width <= widest; width *= 2) {
    levels.push(makeLevel(rows, width, width / 3, Math.ceil((3 * maxSpan) / width), 5));
  }
  return { rows, maxSpan, levels: levels.map((level) => ({ ...level, shared: shareSums(level, rows) })) };
}

function makeLevel(rows: number, width: number, step: number, span: number, spanStep: number): BankLevel {
  const most = rows > 1 ? Math.ceil(span / spanStep) : 0;
  const templates = 2 * most + 1;
  const offsets = new Int32Array(templates * rows);
  for (let k = 0; k < templates; k++) {
    for (let row = 0; row < rows; row++) {
      offsets[k * rows + row] = pathOffset((k - most) * spanStep, row, rows);
    }
  }
  const reach = offsets.reduce((largest, offset) => Math.max(largest, Math.abs(offset)), 0);
  return { width, step, offsets, templates, reach };
}

/** The step nearest to a straight path that moves by `span` steps from the first row to the last and is at 0 in their middle. */
function pathOffset(span: number, row: number, rows: number): number {
  return rows > 1 ? Math.floor((span * (row - 0.5 * (rows - 1))) / (rows - 1) + 0.5) : 0;
}

/** Slope of a template in channels a row. */
export function templateSlope(level: BankLevel, rows: number, template: number): number {
  if (rows < 2) return 0;
  const first = level.offsets[template * rows]!;
  const last = level.offsets[template * rows + rows - 1]!;
  return ((last - first) * level.step) / (rows - 1);
}
