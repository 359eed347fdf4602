/**
 * Medians of the columns of `rows` x `channels` values, exact, at about 4 ns a value: columns are gathered side by side a cache line
 * at a time, and each is searched for its median where the column before had it. What isn't finite counts nowhere.
 */

import { selectInPlace } from "./robust.ts";

export interface ColumnMedians {
  /** NaN where a column has no value. */
  readonly medians: Float64Array;
  /** Median of |value - median|, rounded to float32 as the distances are. */
  readonly deviations: Float64Array;
}

/** As many float32 as a cache line holds. */
const BLOCK = 16;
/** From so few on, sorting by insertion is quicker. */
const FEW = 16;

/** The median of every column, and its median absolute deviation, in the values' units. */
export function columnMedians(data: Float32Array, rows: number, channels: number): ColumnMedians {
  const medians = new Float64Array(channels);
  const deviations = new Float64Array(channels);
  const block = new Float32Array(rows * BLOCK);
  const columns = Array.from({ length: BLOCK }, (_, c) => block.subarray(c * rows, (c + 1) * rows));
  const distances = new Float32Array(rows);
  const scratch = Array.from({ length: 6 }, () => new Float32Array(rows));
  // The error of a median of n normal values is 1.9 / sqrt(n) of their median absolute deviation, that of the latter 1.2 / sqrt(n).
  const reach = 6 / Math.sqrt(rows);
  let centre = Number.NaN;
  let deviation = Number.NaN;
  for (let start = 0; start < channels; start += BLOCK) {
    const stop = Math.min(channels, start + BLOCK);
    const allFinite = gather(data, rows, channels, start, stop, block);
    for (let channel = start; channel < stop; channel++) {
      const column = columns[channel - start]!;
      const count = allFinite ? rows : packFinite(column);
      centre = medianNear(column, count, centre, reach * deviation, scratch);
      for (let i = 0; i < count; i++) distances[i] = Math.abs(column[i]! - centre);
      deviation = medianNear(distances, count, deviation, reach * deviation, scratch);
      medians[channel] = centre;
      deviations[channel] = deviation;
    }
  }
  return { medians, deviations };
}

/** Writes columns `start` to `stop` one after another; tells whether all their values are finite. */
function gather(
  data: Float32Array,
  rows: number,
  channels: number,
  start: number,
  stop: number,
  into: Float32Array,
): boolean {
  const wide = stop - start;
  let notFinite = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * channels + start;
    for (let c = 0; c < wide; c++) {
      const value = data[at + c]!;
      into[c * rows + row] = value;
      notFinite |= +(value - value !== 0);
    }
  }
  return notFinite === 0;
}

function packFinite(column: Float32Array): number {
  let count = 0;
  for (const value of column) if (Number.isFinite(value)) column[count++] = value;
  return count;
}

/**
 * The median of the first `length` of `values`, which may be reordered, sought within `reach` of `near`: values are parted into those below, within
 * and above, without a branch that the processor could guess wrong, the part that holds the median again where it should lie if
 * the part is evenly spread, and so on. Where a part has no bounds, or shrinks no more, quickselect goes on from there.
 */
function medianNear(
  values: Float32Array,
  length: number,
  near: number,
  reach: number,
  scratch: readonly Float32Array[],
): number {
  if (length === 0) return Number.NaN;
  let part = values;
  let count = length;
  // Ranks, within the part, of the middle value or the middle two.
  let second = length >> 1;
  let first = second - 1 + (length & 1);
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  let low = near - reach;
  let high = near + reach;
  let stride = reach;
  for (let round = 0; count > FEW && low < high; round++) {
    const set = 3 * (round & 1);
    const below = scratch[set]!;
    const within = scratch[set + 1]!;
    const above = scratch[set + 2]!;
    let belows = 0;
    let withins = 0;
    let aboves = 0;
    for (let i = 0; i < count; i++) {
      const value = part[i]!;
      below[belows] = value;
      within[withins] = value;
      above[aboves] = value;
      const isBelow = +(value < low);
      const isAbove = +(value > high);
      belows += isBelow;
      aboves += isAbove;
      withins += 1 - (isBelow | isAbove);
    }
    const before = count;
    const bounded = most - least < Number.POSITIVE_INFINITY;
    if (second < belows) {
      part = below;
      count = belows;
      most = low;
    } else if (first >= belows && second < belows + withins) {
      part = within;
      count = withins;
      first -= belows;
      second -= belows;
      least = low;
      most = high;
    } else if (first >= belows + withins) {
      part = above;
      count = aboves;
      first -= belows + withins;
      second -= belows + withins;
      least = high;
    } else break;
    if (count === before && bounded) break;
    if (most - least < Number.POSITIVE_INFINITY) {
      const share = (first + second + 1) / 2 / count;
      const spread = 2 * Math.sqrt((share * (1 - share)) / count);
      low = least + (most - least) * (share - spread);
      high = least + (most - least) * (share + spread);
    } else {
      stride *= 4;
      low = part === below ? most - stride : least;
      high = low + stride;
    }
  }
  const upper = selectInPlace(part, count, second);
  const lower = first === second ? upper : selectInPlace(part, count, first);
  return lower === upper ? lower : lower * 0.5 + upper * 0.5;
}
