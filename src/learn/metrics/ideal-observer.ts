/** What no detector can beat: an observer that knows the signal's shape and place and the noise, and asks only whether it is there. */

import { UsageError } from "../../signal/errors.ts";
import { normalBelow } from "../../simulate/special-functions.ts";

/**
 * Its recall of signals of a matched-filter S/N (a ratio, not dB) at a rate of false alarms, in white Gaussian noise: the likelihood ratio is a normal
 * deviate of deviation 1, whose mean the signal moves from 0 to `snr` (Kay, Fundamentals of Statistical Signal Processing II, 4.3). Throws a UsageError
 * for a rate that is not between 0 and 1.
 */
export function idealRecall(snr: number, rate: number): number {
  return normalBelow(snr - idealThreshold(rate));
}

/** What that likelihood ratio reaches in noise alone at a rate of false alarms, in deviations. */
export function idealThreshold(rate: number): number {
  if (!(rate > 0 && rate < 1)) throw new UsageError(`Rate ${rate}: give a share between 0 and 1.`);
  let [low, high] = [-40, 40];
  for (let i = 0; i < 60; i++) {
    const middle = 0.5 * (low + high);
    if (normalBelow(-middle) > rate) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}
