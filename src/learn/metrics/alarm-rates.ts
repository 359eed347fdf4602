/** Scores of different kinds on one scale: how rarely a negative reaches them. */

/** The largest negatives, by which the tail is told: this share of them, but so many at least. */
const TAIL_SHARE = 0.01;
const LEAST_TAIL = 8;

/**
 * The share of negatives that reach a score, as a function of it that falls with the score, never to 0. Up to the largest hundredth of the `negatives` given (eight
 * of them at least) it is counted, beyond that their excesses stand for an exponential tail. Scores that have a tail like a power's are given as logarithms.
 */
export function alarmRates(negatives: ArrayLike<number>): (score: number) => number {
  const rising = Float64Array.from(negatives).sort();
  const count = rising.length;
  const tail = Math.min(count - 1, Math.max(LEAST_TAIL, Math.floor(TAIL_SHARE * count)));
  const edge = rising[count - tail - 1]!;
  let excess = 0;
  for (let i = count - tail; i < count; i++) excess += (rising[i]! - edge) / tail;
  return (score) => {
    if (score > edge) return excess > 0 ? (tail / count) * Math.exp((edge - score) / excess) : 0.5 / count;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rising[middle]! < score) low = middle + 1;
      else high = middle;
    }
    return (count - low) / count;
  };
}

/** Scores of several detectors, one list each, all of the same cadences. */
export type ScoreLists = readonly ArrayLike<number>[];

/**
 * One score from those of several detectors: each becomes its alarm rate, and the smallest rate counts, as -log10. Rates for the negatives of even place
 * are measured on those of odd place and the other way round, so that none vouches for itself; positives get the mean of both. There must be as
 * many negatives that a half has more than a tail's.
 */
export function combineByAlarmRate(
  negatives: ScoreLists,
  positives: ScoreLists,
): { readonly negatives: Float64Array; readonly positives: Float64Array } {
  const halves = [0, 1].map((half) =>
    negatives.map((scores) => alarmRates(Float64Array.from(scores).filter((_, i) => i % 2 === half))),
  );
  const combine = (half: number, lists: ScoreLists, place: number) =>
    -Math.log10(halves[half]!.reduce((least, rate, d) => Math.min(least, rate(lists[d]![place]!)), 1));
  return {
    negatives: Float64Array.from(negatives[0]!, (_, i) => combine(1 - (i % 2), negatives, i)),
    positives: Float64Array.from(
      positives[0]!,
      (_, i) => 0.5 * (combine(0, positives, i) + combine(1, positives, i)),
    ),
  };
}
