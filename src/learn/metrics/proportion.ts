/** A share counted on few, and how sure it is. */

import type { Interval } from "./bootstrap.ts";

/** Within 95 % of a normal distribution. */
const Z = 1.959963984540054;

/** The 95 % interval of a share of `count` out of `total`, above 0 (Wilson, J. Am. Stat. Assoc. 22, 1927). */
export function wilsonInterval(count: number, total: number): Interval {
  const share = count / total;
  const square = Z ** 2 / total;
  const middle = share + square / 2;
  const reach = Z * Math.sqrt((share * (1 - share)) / total + square / total / 4);
  const low = count === 0 ? 0 : (middle - reach) / (1 + square);
  const high = count === total ? 1 : (middle + reach) / (1 + square);
  return { low, high };
}
