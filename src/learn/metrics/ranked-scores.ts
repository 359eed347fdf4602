/** Scores in order, counted by class: what every measure of ranking is made from. */

import { InputError } from "../../signal/errors.ts";

/** Counts at every distinct score, from the highest down: what a detector finds whose threshold stands there. */
export interface RankedScores {
  /** Distinct scores, falling. */
  readonly thresholds: Float64Array;
  /** Positives that score at least the threshold. */
  readonly hits: Int32Array;
  /** Negatives that score at least the threshold. */
  readonly falseAlarms: Int32Array;
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Sorts scores (finite, any scale, higher means more likely positive) of targets 0 and 1. Equal scores share a threshold. Throws an
 * InputError that names the place for a target that is neither, a score that isn't finite, lengths that differ, or one class alone.
 */
export function rankScores(targets: ArrayLike<number>, scores: ArrayLike<number>): RankedScores {
  const { positives, negatives } = splitByTarget(targets, scores);
  const thresholds = new Float64Array(targets.length);
  const hits = new Int32Array(targets.length);
  const falseAlarms = new Int32Array(targets.length);
  let count = 0;
  let p = positives.length;
  let n = negatives.length;
  while (p > 0 || n > 0) {
    const threshold = Math.max(positives[p - 1] ?? -Infinity, negatives[n - 1] ?? -Infinity);
    while (p > 0 && positives[p - 1] === threshold) p--;
    while (n > 0 && negatives[n - 1] === threshold) n--;
    thresholds[count] = threshold;
    hits[count] = positives.length - p;
    falseAlarms[count] = negatives.length - n;
    count++;
  }
  return {
    thresholds: thresholds.slice(0, count),
    hits: hits.slice(0, count),
    falseAlarms: falseAlarms.slice(0, count),
    positives: positives.length,
    negatives: negatives.length,
  };
}

/** Scores of each class, rising. */
function splitByTarget(
  targets: ArrayLike<number>,
  scores: ArrayLike<number>,
): { positives: Float64Array; negatives: Float64Array } {
  checkTargets(targets, scores);
  let count = 0;
  for (let i = 0; i < targets.length; i++) count += targets[i]!;
  if (count === 0 || count === targets.length) {
    const only = targets.length === 0 ? "there are none" : `all ${targets.length} are ${targets[0]}`;
    throw new InputError(
      `Targets: ${only}. Positives and negatives are both needed to say how well scores tell them apart.`,
    );
  }
  const positives = new Float64Array(count);
  const negatives = new Float64Array(targets.length - count);
  let p = 0;
  let n = 0;
  for (let i = 0; i < targets.length; i++) {
    if (targets[i] === 1) positives[p++] = scores[i]!;
    else negatives[n++] = scores[i]!;
  }
  return { positives: positives.sort(), negatives: negatives.sort() };
}

/** Throws an InputError unless there is a finite score for each target, and each target is 0 or 1. */
export function checkTargets(targets: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (targets.length !== scores.length) {
    throw new InputError(`${targets.length} targets, but ${scores.length} scores: give one score a target.`);
  }
  for (let i = 0; i < targets.length; i++) {
    if (targets[i] !== 0 && targets[i] !== 1) {
      throw new InputError(`Target ${targets[i]} at place ${i} (from 0) is neither 0 nor 1.`);
    }
    if (!Number.isFinite(scores[i]!)) {
      throw new InputError(`Score ${scores[i]} at place ${i} (from 0) is not a finite number.`);
    }
  }
}
