/**
 * The bank of templates: which straight paths and box widths the first pass sums over. A box of width w is summed on a grid
 * of w / 2 channels and drifts w channels apart end to end, so each width costs a quarter of the one before it. A line that drifts
 * by more than a channel a row smears over as many, so narrow boxes are kept to slow drifts, |drift| <= 2 w channels a row. A line that
 * isn't smeared though it is fast (a pulsed one, a simulated one) keeps about 0.9 / sqrt(w) of its S/N in boxes of w: all drifts are
 * searched with the widest boxes that still keep the share asked for, and the first pass's limit is lowered by that share. The
 * second pass measures each candidate with the box and the path that fit it best, so what is reported loses nothing.
 */

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

export interface Bank {
  readonly rows: number;
  /** Largest |drift| that was asked for, channels from the first row to the last. */
  readonly maxSpan: number;
  /** The least share of a line's S/N that some template keeps, over all lines searched for. */
  readonly match: number;
  readonly levels: readonly BankLevel[];
}

/** Share that the grid of positions and drifts leaves of a line that fills its box. */
const GRID_MATCH = 0.86;
const LEAST_WIDEST = 8;
const WIDEST = 256;
/** A box that fills more of the band than one part in so many can't be told from the baseline. */
const CHANNELS_A_BOX = 16;

/**
 * The bank for `rows` rows (1 or more) and drifts up to `maxSpan` channels over them, in a band of `channels`. Fast lines of one
 * channel's width keep GRID_MATCH / sqrt(`fastWidth`) of their S/N; `fastWidth` is a power of 2.
 */
export function makeBank(rows: number, maxSpan: number, channels: number, fastWidth: number): Bank {
  const smear = maxSpan / Math.max(1, rows - 1);
  const wanted = Math.max(LEAST_WIDEST, 2 ** Math.ceil(Math.log2(Math.max(1, smear))));
  const widest = Math.min(WIDEST, wanted, channels / CHANNELS_A_BOX);
  const levels: BankLevel[] = [];
  for (let width = 1; width <= Math.max(1, widest); width *= 2) {
    const step = Math.max(1, width / 2);
    const span = width < fastWidth ? Math.min(maxSpan, 2 * width * (rows - 1)) : maxSpan;
    levels.push(makeLevel(rows, width, step, Math.ceil(span / step), Math.min(2, width)));
  }
  return { rows, maxSpan, match: GRID_MATCH / Math.sqrt(fastWidth), levels };
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
