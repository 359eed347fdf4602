/**
 * Statistics that a few bright lines don't move: quantiles, median absolute deviation, clipped mean.
 *
 * All are exact and take linear time, with no sort of the whole: below 32,768 values by quickselect on a copy, above by two
 * counting passes over the upper and then the lower half of the numbers' bits (a radix select), which needs no copy.
 *
 * NaN marks a missing value and is left out everywhere. Infinities are ordered like numbers in quantiles and left out of
 * means. Where nothing is left the result is NaN.
 */

/** A normal distribution's deviation over its median absolute deviation: 1 / quantile(0.75). */
export const MAD_TO_DEVIATION = 1.482602218505602;

const RADIX_FROM = 32_768;

/** The value below which `fraction` of the values lie, interpolated between neighbours (NumPy's default, Hyndman and Fan's 7th). */
export function quantile(values: Float32Array, fraction: number): number {
  return quantiles(values, [fraction])[0]!;
}

/** Several quantiles at once, for the price of little more than one. `fractions` lie in 0 to 1, in any order. */
export function quantiles(values: Float32Array, fractions: readonly number[]): number[] {
  return distanceQuantiles(values, fractions, undefined);
}

export function median(values: Float32Array): number {
  return quantile(values, 0.5);
}

/** Median of |value - centre|, `centre` being the median unless given. Not scaled: see `robustDeviation`. */
export function medianAbsoluteDeviation(values: Float32Array, centre = median(values)): number {
  if (Number.isNaN(centre)) return Number.NaN;
  return distanceQuantiles(values, [0.5], centre)[0]!;
}

/** Standard deviation as the median absolute deviation tells it, right for normal noise whatever a few per cent of the values are. */
export function robustDeviation(values: Float32Array, centre = median(values)): number {
  return MAD_TO_DEVIATION * medianAbsoluteDeviation(values, centre);
}

export interface ClippedStatistics {
  readonly mean: number;
  readonly deviation: number;
  /** How many values were kept. */
  readonly count: number;
}

/**
 * Mean and deviation (of the population) of the values within `sigmas` deviations of their mean, repeated until no value is dropped or comes
 * back, `maxRounds` times at most; the first round goes by the median and the robust deviation. Normal noise clipped at 3
 * sigmas keeps 0.986 of its deviation, as any cut of its tails does: nothing corrects for that here.
 */
export function clippedStatistics(
  values: Float32Array,
  { sigmas = 3, maxRounds = 10 }: { readonly sigmas?: number; readonly maxRounds?: number } = {},
): ClippedStatistics {
  let mean = median(values);
  let deviation = robustDeviation(values, mean);
  let count = -1;
  for (let round = 0; round < maxRounds; round++) {
    const kept = statisticsWithin(values, mean, sigmas * deviation);
    if (kept.count === 0) return { mean, deviation, count: 0 };
    const settled = kept.count === count;
    ({ mean, deviation, count } = kept);
    if (settled) break;
  }
  return { mean, deviation, count: Math.max(count, 0) };
}

function statisticsWithin(values: Float32Array, centre: number, reach: number): ClippedStatistics {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const offset = values[i]! - centre;
    if (!(Math.abs(offset) <= reach) || Math.abs(offset) === Number.POSITIVE_INFINITY) continue;
    count++;
    sum += offset;
    squares += offset * offset;
  }
  const shift = sum / count;
  return { mean: centre + shift, deviation: Math.sqrt(Math.max(0, squares / count - shift * shift)), count };
}

/**
 * The value of rank `rank` (0 the smallest) of the first `length` of `scratch`, which is reordered: what lies before `rank` is
 * no larger after, what follows no smaller. No NaN among them. Hoare's quickselect, the middle of three as pivot.
 */
export function selectInPlace(scratch: Float32Array, length: number, rank: number): number {
  let low = 0;
  let high = length - 1;
  while (high - low > 16) {
    const pivot = middleOfThree(scratch[low]!, scratch[(low + high) >> 1]!, scratch[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (scratch[i]! < pivot) i++;
      while (scratch[j]! > pivot) j--;
      if (i > j) break;
      const swapped = scratch[i]!;
      scratch[i++] = scratch[j]!;
      scratch[j--] = swapped;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return scratch[rank]!;
  }
  for (let i = low + 1; i <= high; i++) {
    const value = scratch[i]!;
    let j = i - 1;
    for (; j >= low && scratch[j]! > value; j--) scratch[j + 1] = scratch[j]!;
    scratch[j + 1] = value;
  }
  return scratch[rank]!;
}

/** Median of the first `length` values of `scratch`, which is reordered. No NaN among them; NaN for no values. */
export function medianInPlace(scratch: Float32Array, length: number): number {
  if (length === 0) return Number.NaN;
  const half = length >> 1;
  const upper = selectInPlace(scratch, length, half);
  if (length % 2 === 1) return upper;
  let lower = scratch[0]!;
  for (let i = 1; i < half; i++) lower = Math.max(lower, scratch[i]!);
  return midpoint(lower, upper, 0.5);
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Quantiles of the values, or of their distances from `centre`. */
function distanceQuantiles(
  values: Float32Array,
  fractions: readonly number[],
  centre: number | undefined,
): number[] {
  const small = values.length < RADIX_FROM;
  const kept = small ? presentDistances(values, centre) : undefined;
  const count = kept ? kept.length : countPresent(values, centre);
  if (count === 0) return fractions.map(() => Number.NaN);
  const positions = fractions.map((fraction) => Math.min(1, Math.max(0, fraction)) * (count - 1));
  const ranks = positions.flatMap((position) => [Math.floor(position), Math.ceil(position)]);
  const found = kept
    ? ranks.map((rank) => selectInPlace(kept, count, rank))
    : radixSelect(values, ranks, centre);
  return positions.map((position, i) =>
    midpoint(found[2 * i]!, found[2 * i + 1]!, position - Math.floor(position)),
  );
}

function midpoint(lower: number, upper: number, part: number): number {
  return lower === upper ? lower : lower * (1 - part) + upper * part;
}

function presentDistances(values: Float32Array, centre: number | undefined): Float32Array {
  const kept = new Float32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = centre === undefined ? values[i]! : Math.abs(values[i]! - centre);
    if (!Number.isNaN(value)) kept[count++] = value;
  }
  return kept.subarray(0, count);
}

function countPresent(values: Float32Array, centre: number | undefined): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = centre === undefined ? values[i]! : values[i]! - centre;
    if (!Number.isNaN(value)) count++;
  }
  return count;
}

const HALF = 65_536;
const BLOCK = 4096;
const block = new Float32Array(BLOCK);
const blockBits = new Uint32Array(block.buffer);

/** Calls `visit` with runs of keys, in `keys[0..length)`: 32-bit numbers in the order of the values, NaN left out. */
function forKeyBlocks(
  values: Float32Array,
  centre: number | undefined,
  visit: (keys: Uint32Array, length: number) => void,
): void {
  for (let start = 0; start < values.length; start += BLOCK) {
    const stop = Math.min(values.length, start + BLOCK);
    let length = 0;
    for (let i = start; i < stop; i++) {
      const value = centre === undefined ? values[i]! : Math.abs(values[i]! - centre);
      if (!Number.isNaN(value)) block[length++] = value;
    }
    for (let i = 0; i < length; i++) {
      const bits = blockBits[i]!;
      blockBits[i] = bits & 0x8000_0000 ? ~bits : bits | 0x8000_0000;
    }
    visit(blockBits, length);
  }
}

function radixSelect(values: Float32Array, ranks: readonly number[], centre: number | undefined): number[] {
  const upperCounts = new Uint32Array(HALF);
  forKeyBlocks(values, centre, (keys, length) => {
    for (let i = 0; i < length; i++) upperCounts[keys[i]! >>> 16]!++;
  });
  const places = ranks.map((rank) => placeOfRank(upperCounts, rank));
  const lowerCounts = new Map(places.map(({ bin }) => [bin, new Uint32Array(HALF)]));
  const countsOfBin: (Uint32Array | undefined)[] = new Array(HALF);
  for (const [bin, counts] of lowerCounts) countsOfBin[bin] = counts;
  forKeyBlocks(values, centre, (keys, length) => {
    for (let i = 0; i < length; i++) {
      const counts = countsOfBin[keys[i]! >>> 16];
      if (counts !== undefined) counts[keys[i]! & 0xffff]!++;
    }
  });
  return places.map(({ bin, rankWithin }) => {
    const key = ((bin << 16) | placeOfRank(lowerCounts.get(bin)!, rankWithin).bin) >>> 0;
    return valueOfKey(key);
  });
}

function placeOfRank(counts: Uint32Array, rank: number): { bin: number; rankWithin: number } {
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin]!;
    if (rank < before + count) return { bin, rankWithin: rank - before };
    before += count;
  }
  throw new RangeError(`rank ${rank} of ${before} values`);
}

function valueOfKey(key: number): number {
  blockBits[0] = key & 0x8000_0000 ? key & 0x7fff_ffff : ~key;
  return block[0]!;
}
