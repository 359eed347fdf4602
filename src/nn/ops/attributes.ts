/** The numbers that ops are told beside their inputs: one for both axes or one for each, and whether they are in their range. */

/** One number for both axes, or height and width. */
export type Pair = number | readonly [number, number];

/** Larger ones mean nothing, and would leave the kernels' 32-bit integers. */
const MOST = 65_535;

export function pair(size: Pair): readonly [number, number] {
  return typeof size === "number" ? [size, size] : size;
}

type Fail = (problem: string) => never;

/** Each of the pairs by name; `least` of those that may be 0 is 0. */
export function checkPairs(
  pairs: Readonly<Record<string, readonly number[]>>,
  least: 0 | 1,
  fail: Fail,
): void {
  for (const [name, sizes] of Object.entries(pairs)) {
    if (Array.isArray(sizes) && sizes.length === 2 && sizes.every((size) => isWhole(size, least))) continue;
    fail(`${name} needs a whole number from ${least} to ${MOST}, or two; it is ${show(sizes)}.`);
  }
}

export function checkGroups(groups: number, fail: Fail): void {
  if (!isWhole(groups, 1)) fail(`groups needs a whole number from 1 to ${MOST}; it is ${show(groups)}.`);
}

function isWhole(size: number, least: number): boolean {
  return Number.isInteger(size) && size >= least && size <= MOST;
}

/** As it was given: a pair of equal numbers was one. */
function show(given: unknown): string {
  if (Array.isArray(given) && given.length === 2 && Object.is(given[0], given[1])) return `${given[0]}`;
  return Array.isArray(given) ? `[${given.join(", ")}]` : `${given}`;
}
