/** Whether scores are probabilities: of cadences that score 0.7, do 70 % hold a needle? */

import { InputError, UsageError } from "../../signal/errors.ts";
import { checkTargets } from "./ranked-scores.ts";

export interface CalibrationOptions {
  /** Bins of equal width over 0 to 1; 10 unless given. */
  readonly bins?: number;
}

/** Scores above `low` (in the first bin, from it) up to `high`. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** NaN in an empty bin. */
  readonly meanScore: number;
  /** Share of positives. NaN in an empty bin. */
  readonly positiveShare: number;
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** The mean distance of a bin's positive share from its mean score, each bin by its count (Naeini and others, AAAI 2015). */
  readonly expectedCalibrationError: number;
  /** The mean squared distance of score and target (Brier, Mon. Weather Rev. 78, 1950). */
  readonly brier: number;
}

/**
 * Reliability bins, as scikit-learn's `calibration_curve(strategy="uniform")` makes them, with the empty ones. Targets are 0 and 1,
 * scores from 0 to 1; throws an InputError for others. One class alone is allowed.
 */
export function calibration(
  targets: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: CalibrationOptions = {},
): Calibration {
  const { bins: binCount = 10 } = options;
  if (!Number.isInteger(binCount) || binCount < 1) {
    throw new UsageError(`${binCount} bins: give a whole number, 1 or more.`);
  }
  checkTargets(targets, scores);
  if (targets.length === 0) throw new InputError("There are no scores to check the calibration of.");
  const count = new Float64Array(binCount);
  const scoreSum = new Float64Array(binCount);
  const positives = new Float64Array(binCount);
  let squares = 0;
  for (let i = 0; i < targets.length; i++) {
    const score = scores[i]!;
    const target = targets[i]!;
    if (score < 0 || score > 1) {
      throw new InputError(`Score ${score} at place ${i} (from 0) is no probability; they run from 0 to 1.`);
    }
    const bin = binOf(score, binCount);
    count[bin]!++;
    scoreSum[bin]! += score;
    positives[bin]! += target;
    squares += (score - target) ** 2;
  }
  const bins = Array.from({ length: binCount }, (_, i) => ({
    low: edge(i, binCount),
    high: edge(i + 1, binCount),
    count: count[i]!,
    meanScore: scoreSum[i]! / count[i]!,
    positiveShare: positives[i]! / count[i]!,
  }));
  let error = 0;
  for (let i = 0; i < binCount; i++) error += Math.abs(positives[i]! - scoreSum[i]!);
  return { bins, expectedCalibrationError: error / targets.length, brier: squares / targets.length };
}

/** The edges of `numpy.linspace(0, 1, bins + 1)`, to the bit. */
function edge(i: number, bins: number): number {
  return i === bins ? 1 : i * (1 / bins);
}

function binOf(score: number, bins: number): number {
  let bin = Math.min(bins - 1, Math.floor(score * bins));
  while (bin > 0 && score <= edge(bin, bins)) bin--;
  while (bin < bins - 1 && score > edge(bin + 1, bins)) bin++;
  return bin;
}
