/** Precision against recall, over all thresholds. */

import { type RankedScores, rankScores } from "./ranked-scores.ts";

/** From no alarm at all (recall 0, precision 1 by convention, threshold Infinity) to everything. */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly thresholds: Float64Array;
}

/**
 * A point a distinct score: scikit-learn's `precision_recall_curve`, in the order of falling thresholds. Targets are 0 and 1. Throws
 * an InputError where a class is missing or a score isn't finite.
 */
export function precisionRecall(targets: ArrayLike<number>, scores: ArrayLike<number>): PrecisionRecallCurve {
  return precisionRecallOf(rankScores(targets, scores));
}

export function precisionRecallOf(ranked: RankedScores): PrecisionRecallCurve {
  const { thresholds, hits, falseAlarms, positives } = ranked;
  const curve = {
    precision: new Float64Array(hits.length + 1),
    recall: new Float64Array(hits.length + 1),
    thresholds: new Float64Array(hits.length + 1),
  };
  curve.precision[0] = 1;
  curve.thresholds[0] = Infinity;
  for (let i = 0; i < hits.length; i++) {
    curve.precision[i + 1] = hits[i]! / (hits[i]! + falseAlarms[i]!);
    curve.recall[i + 1] = hits[i]! / positives;
    curve.thresholds[i + 1] = thresholds[i]!;
  }
  return curve;
}

/** The mean precision over the steps of recall, without interpolation: scikit-learn's `average_precision_score`. Throws as `precisionRecall`. */
export function averagePrecision(targets: ArrayLike<number>, scores: ArrayLike<number>): number {
  return averagePrecisionOf(rankScores(targets, scores));
}

export function averagePrecisionOf({ hits, falseAlarms, positives }: RankedScores): number {
  let sum = 0;
  let before = 0;
  for (let i = 0; i < hits.length; i++) {
    if (hits[i]! > before) sum += ((hits[i]! - before) * hits[i]!) / (hits[i]! + falseAlarms[i]!);
    before = hits[i]!;
  }
  return sum / positives;
}
