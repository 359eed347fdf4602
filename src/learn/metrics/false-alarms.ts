/** Recall where few false alarms are allowed: what counts in a search, whose negatives outnumber its needles by far. */

import { type RankedScores, rankScores } from "./ranked-scores.ts";

export interface RecallAtFalseAlarm {
  /** The rate allowed. */
  readonly rate: number;
  /** Share of the positives at or above the threshold. */
  readonly recall: number;
  /** The lowest score that keeps to the rate; Infinity where the highest score of all belongs to too many negatives. */
  readonly threshold: number;
  /** Negatives at or above the threshold, and all of them. */
  readonly falseAlarms: number;
  readonly negatives: number;
  /** Negatives that the rate allows: what the threshold rests on. */
  readonly allowed: number;
  /** Whether that many tell the rate at all: "none" below 1, "few" below 10 (the rate is then known to a third at best). */
  readonly support: "enough" | "few" | "none";
}

const ENOUGH_FALSE_ALARMS = 10;

/**
 * The highest recall at a rate of false alarms of at most `rate` among the negatives given, at a threshold that is one of the scores, not
 * interpolated. Targets are 0 and 1. Throws an InputError where a class is missing or a score isn't finite.
 */
export function recallAtFalseAlarm(
  targets: ArrayLike<number>,
  scores: ArrayLike<number>,
  rate: number,
): RecallAtFalseAlarm {
  return recallAtRate(rankScores(targets, scores), rate);
}

export function recallAtRate(ranked: RankedScores, rate: number): RecallAtFalseAlarm {
  const { thresholds, hits, falseAlarms, positives, negatives } = ranked;
  const allowed = allowedAt(rate, negatives);
  const at = lastAtMost(falseAlarms, allowed);
  return {
    rate,
    recall: at < 0 ? 0 : hits[at]! / positives,
    threshold: at < 0 ? Infinity : thresholds[at]!,
    falseAlarms: at < 0 ? 0 : falseAlarms[at]!,
    negatives,
    allowed,
    support: allowed < 1 ? "none" : allowed < ENOUGH_FALSE_ALARMS ? "few" : "enough",
  };
}

/** The largest count whose share is at most `rate`; the product alone would make 28 of 0.29 * 100. */
function allowedAt(rate: number, negatives: number): number {
  const near = Math.round(rate * negatives);
  return near / negatives <= rate ? near + ((near + 1) / negatives <= rate ? 1 : 0) : near - 1;
}

/** The last place in a rising list whose value is at most `most`; -1 where there is none. */
function lastAtMost(rising: Int32Array, most: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
