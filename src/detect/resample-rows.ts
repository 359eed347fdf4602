/**
 * Brings a scan's rows to the number that a network knows, so that noise stays what it knows too.
 *
 * A row is the mean of its time. Where the new rows' limits fall between the old rows' limits, as they do when n rows become more or
 * aren't a multiple, an old row has to be cut, and how its power was spread within it isn't known. Repeating it, or drawing a
 * line from row to row, makes noise that is alike over many rows: streaks, which a network trained on noise that is new
 * in every row takes for lines. So a row is cut as white noise of its deviation could have been, given its mean: by a Brownian bridge from 0 at
 * the row's start to 0 at its end. Then
 * - new rows have independent noise, of variance old variance x new rows / old rows, whichever is more;
 * - means over whole old rows stay what they were, so a matched filter finds what it found;
 * - rows that are whole multiples are plain means, and nothing is drawn.
 * What is lost can't be had back: a line that drifts within an old row stays smeared over it.
 */

import { noiseRow, panelNoise } from "../simulate/panel-noise.ts";
import { streamKey } from "../simulate/random.ts";

export interface RowPlan {
  readonly rowsIn: number;
  readonly rowsOut: number;
  /** Columns of a row. */
  readonly width: number;
}

export interface RowNoise {
  /** Standard deviation of an old row's pixels, one a column. */
  readonly deviation: Float32Array;
  /** What is drawn depends on these, the new row and the column's place in the band alone. */
  readonly stream: readonly number[];
  /** Place of column 0 in the band. */
  readonly columnStart: number;
}

/** Whether rows have to be cut, so that their noise must be known. */
export function cutsRows({ rowsIn, rowsOut }: Pick<RowPlan, "rowsIn" | "rowsOut">): boolean {
  return rowsIn % rowsOut !== 0;
}

/** Takes the old rows in their order and writes the new ones, rowsOut x width, into `into`. `noise` is used where rows are cut. */
export function createRowResampler(
  { rowsIn, rowsOut, width }: RowPlan,
  noise: RowNoise | undefined,
  into: Float32Array,
): (row: Float32Array) => void {
  into.fill(0);
  const perOut = rowsOut / rowsIn;
  const bridge = new Float32Array(width);
  const draw = drawer(noise, width);
  let index = 0;

  // Positions in time count in 1 / rowsOut of an old row: old row i begins at i * rowsOut, new row k at k * rowsIn.
  return (row) => {
    const stop = (index + 1) * rowsOut;
    let from = index * rowsOut;
    let out = Math.floor(from / rowsIn);
    let cut = false;
    while (from < stop) {
      const to = Math.min((out + 1) * rowsIn, stop);
      const share = ((to - from) / rowsOut) * perOut;
      const target = into.subarray(out * width, (out + 1) * width);
      if (to === stop) {
        for (let c = 0; c < width; c++) target[c]! += share * row[c]!;
        if (cut) for (let c = 0; c < width; c++) target[c]! -= perOut * bridge[c]!;
      } else {
        const before = cut ? (stop - to) / (stop - from) : 0;
        const spread = Math.sqrt(((to - from) * (stop - to)) / ((stop - from) * rowsOut));
        const drawn = draw(out);
        const { deviation } = noise!;
        for (let c = 0; c < width; c++) {
          const old = cut ? bridge[c]! : 0;
          const next = before * old + spread * deviation[c]! * drawn[c]!;
          target[c]! += share * row[c]! + perOut * (next - old);
          bridge[c] = next;
        }
        cut = true;
      }
      from = to;
      out++;
    }
    index++;
  };
}

/** Columns that are drawn together, so that what one gets doesn't depend on where a row is cut. */
const BLOCK = 128;

/** A row of normal noise for the limit after a new row; it holds until the next is drawn. */
function drawer(noise: RowNoise | undefined, width: number): (outRow: number) => Float32Array {
  if (noise === undefined) return () => new Float32Array(width);
  const { stream, columnStart } = noise;
  const first = Math.floor(columnStart / BLOCK);
  const blocks = Array.from(
    { length: Math.ceil((columnStart + width) / BLOCK) - first },
    (_, i) => first + i,
  );
  const drawn = new Float32Array(blocks.length * BLOCK);
  const parts = blocks.map((block, i) => ({
    into: drawn.subarray(i * BLOCK, (i + 1) * BLOCK),
    key: streamKey(SEED, ...stream, block),
  }));
  const row = drawn.subarray(columnStart - first * BLOCK, columnStart - first * BLOCK + width);
  const normal = panelNoise(Number.POSITIVE_INFINITY);
  return (outRow) => {
    for (const { into, key } of parts) noiseRow(into, normal, key, outRow);
    return row;
  };
}

/** The same for every search, so that results repeat. */
const SEED = 0x10de;
