/** The receiver operating characteristic: recall against the rate of false alarms, over all thresholds. */

import { type RankedScores, rankScores } from "./ranked-scores.ts";

/** From no alarm at all, threshold Infinity, to everything. */
export interface RocCurve {
  readonly falseAlarmRate: Float64Array;
  readonly recall: Float64Array;
  readonly thresholds: Float64Array;
}

/**
 * The area under the ROC curve, 0 to 1: the chance that a positive scores above a negative, ties counted half (Mann and Whitney, Ann.
 * Math. Stat. 18, 1947; scikit-learn's `roc_auc_score`). Targets are 0 and 1. Throws an InputError where a class is missing or a
 * score isn't finite.
 */
export function rocAuc(targets: ArrayLike<number>, scores: ArrayLike<number>): number {
  return areaUnderRoc(rankScores(targets, scores));
}

/** `rocAuc` of scores in order. The pairs are counted in whole numbers, exact up to 2 ** 53. */
export function areaUnderRoc({ hits, falseAlarms, positives, negatives }: RankedScores): number {
  let twicePairs = 0;
  let hitsBefore = 0;
  let falseBefore = 0;
  for (let i = 0; i < hits.length; i++) {
    twicePairs += (falseAlarms[i]! - falseBefore) * (hitsBefore + hits[i]!);
    hitsBefore = hits[i]!;
    falseBefore = falseAlarms[i]!;
  }
  return twicePairs / (2 * positives * negatives);
}

/** A point a distinct score: scikit-learn's `roc_curve(drop_intermediate=False)`. Throws as `rocAuc`. */
export function rocCurve(targets: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  return rocOf(rankScores(targets, scores));
}

export function rocOf({ thresholds, hits, falseAlarms, positives, negatives }: RankedScores): RocCurve {
  return {
    falseAlarmRate: withFirst(0, falseAlarms, negatives),
    recall: withFirst(0, hits, positives),
    thresholds: withFirst(Infinity, thresholds, 1),
  };
}

function withFirst(first: number, rest: ArrayLike<number>, divisor: number): Float64Array {
  const all = new Float64Array(rest.length + 1);
  all[0] = first;
  for (let i = 0; i < rest.length; i++) all[i + 1] = rest[i]! / divisor;
  return all;
}
