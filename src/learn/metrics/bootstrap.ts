/** How far a measure would move on other cadences of the same kind: the bootstrap (Efron, Ann. Stat. 7, 1979). */

import { UsageError } from "../../signal/errors.ts";
import { streamKey, threefryWords } from "../../simulate/random.ts";
import { type RankedScores, rankScores } from "./ranked-scores.ts";
import { areaUnderRoc } from "./roc.ts";

export interface BootstrapOptions {
  /** The same seed gives the same interval. 0 unless given. */
  readonly seed?: number;
  /** 1000 unless given. */
  readonly resamples?: number;
  /** Share of resamples within the interval; 0.95 unless given. */
  readonly level?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The percentile interval of the AUC, positives and negatives each drawn again with replacement (stratified). Its 95 % are 93 to 97 % for
 * normal scores with an AUC of 0.8 or with hundreds of positives, 89 % at an AUC of 0.95 with 30 positives; it has no width where the
 * scores tell all apart, however few they are. Throws an InputError where a class is missing or a score isn't finite.
 */
export function bootstrapAuc(
  targets: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: BootstrapOptions = {},
): Interval {
  return bootstrapIntervals(rankScores(targets, scores), [areaUnderRoc], options)[0]!;
}

/**
 * Percentile intervals of several measures over the same resamples. A resample keeps the thresholds and has other counts, so that
 * some thresholds may have nobody.
 */
export function bootstrapIntervals(
  ranked: RankedScores,
  measures: readonly ((ranked: RankedScores) => number)[],
  options: BootstrapOptions = {},
): Interval[] {
  const { seed = 0, resamples = 1000, level = 0.95 } = options;
  if (!Number.isInteger(resamples) || resamples < 2) {
    throw new UsageError(`${resamples} resamples: give a whole number, 2 or more.`);
  }
  if (!(level > 0 && level < 1)) throw new UsageError(`Level ${level}: give a share between 0 and 1.`);
  const values = measures.map(() => new Float64Array(resamples));
  const hits = resampler(ranked.hits);
  const falseAlarms = resampler(ranked.falseAlarms);
  for (let i = 0; i < resamples; i++) {
    const drawn = { ...ranked, hits: hits(seed, i, 0), falseAlarms: falseAlarms(seed, i, 1) };
    measures.forEach((measure, m) => {
      values[m]![i] = measure(drawn);
    });
  }
  return values.map((found) => {
    found.sort();
    return { low: quantile(found, (1 - level) / 2), high: quantile(found, (1 + level) / 2) };
  });
}

/** Draws as many members again as `cumulative` counts, and gives their counts, cumulative as well, in an array that each call reuses. */
function resampler(cumulative: Int32Array): (seed: number, resample: number, part: number) => Int32Array {
  const count = cumulative.at(-1)!;
  const group = new Int32Array(count);
  cumulative.forEach((end, i) => {
    group.fill(i, cumulative[i - 1] ?? 0, end);
  });
  const words = new Int32Array(2 * Math.ceil(count / 2));
  const drawn = new Int32Array(cumulative.length);
  return (seed, resample, part) => {
    threefryWords(words, words.length / 2, streamKey(seed, resample, part), 0, 0);
    drawn.fill(0);
    const scale = count / 4_294_967_296;
    for (let i = 0; i < count; i++) drawn[group[Math.floor((words[i]! >>> 0) * scale)]!]!++;
    for (let i = 1; i < drawn.length; i++) drawn[i]! += drawn[i - 1]!;
    return drawn;
  };
}

/** Linear between neighbours, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
