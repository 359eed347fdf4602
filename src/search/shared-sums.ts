/**
 * Sums over groups of rows that several templates share. Over a few rows many slow paths are the same up to where they start: their sum
 * there is made once for every position, and a template is then a sum over groups. The result is the same sum, with fewer
 * additions. Fast paths share nothing, so it is done only where it pays.
 */

/** Paths over rows, as a level of the bank has them. */
interface Paths {
  readonly offsets: Int32Array;
  readonly templates: number;
}

/** The sum over some rows of the boxes at fixed distances from a first one. */
export interface GroupSum {
  readonly firstRow: number;
  /** Boxes from the first row's, one a row. */
  readonly offsets: Int32Array;
  /** Where templates need it: boxes from their own position. */
  readonly least: number;
  readonly most: number;
}

export interface SharedSums {
  readonly groups: number;
  readonly sums: readonly GroupSum[];
  /** For template k and group g, at `k * groups + g`: the index of its sum, and the box that it starts from. */
  readonly sumOf: Int32Array;
  readonly startOf: Int32Array;
}

const GROUP_ROWS = [2, 4, 8, 16];
/** Additions that storing a sum and loading it again cost besides. */
const SUM_COST = 3;
/** Sharing must save this share of the additions. */
const WORTHWHILE = 0.75;

/** The cheapest way to share sums, or undefined where plain sums are about as cheap. */
export function shareSums(level: Paths, rows: number): SharedSums | undefined {
  let best: SharedSums | undefined;
  let least = WORTHWHILE * level.templates * rows;
  for (const groupRows of GROUP_ROWS.filter((n) => n <= rows / 2)) {
    const shared = shareGroups(level, rows, groupRows);
    const cost =
      level.templates * shared.groups +
      shared.sums.reduce((sum, { offsets }) => sum + offsets.length + SUM_COST, 0);
    if (cost < least) {
      best = shared;
      least = cost;
    }
  }
  return best;
}

function shareGroups({ offsets, templates }: Paths, rows: number, groupRows: number): SharedSums {
  const groups = Math.ceil(rows / groupRows);
  const sums: { firstRow: number; offsets: Int32Array; least: number; most: number }[] = [];
  const sumOf = new Int32Array(templates * groups);
  const startOf = new Int32Array(templates * groups);
  for (let g = 0; g < groups; g++) {
    const firstRow = g * groupRows;
    const length = Math.min(groupRows, rows - firstRow);
    const known = new Map<number, number>();
    for (let k = 0; k < templates; k++) {
      const at = k * rows + firstRow;
      const start = offsets[at]!;
      let hash = 0;
      for (let r = 1; r < length; r++) hash = (Math.imul(hash, 31) + offsets[at + r]! - start) | 0;
      let index = known.get(hash);
      while (index !== undefined && !isShape(sums[index]!.offsets, offsets, at)) index = known.get(++hash);
      if (index === undefined) {
        index = sums.length;
        known.set(hash, index);
        const shape = offsets.slice(at, at + length).map((offset) => offset - start);
        sums.push({ firstRow, offsets: shape, least: start, most: start });
      }
      const sum = sums[index]!;
      sum.least = Math.min(sum.least, start);
      sum.most = Math.max(sum.most, start);
      sumOf[k * groups + g] = index;
      startOf[k * groups + g] = start;
    }
  }
  return { groups, sums, sumOf, startOf };
}

function isShape(shape: Int32Array, offsets: Int32Array, at: number): boolean {
  const start = offsets[at]!;
  for (let r = 1; r < shape.length; r++) if (offsets[at + r]! - start !== shape[r]) return false;
  return true;
}
