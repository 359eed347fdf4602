import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../signal/errors.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { bootstrapAuc, bootstrapIntervals } from "./bootstrap.ts";
import { calibration } from "./calibration.ts";
import { recallAtFalseAlarm } from "./false-alarms.ts";
import { averagePrecision, averagePrecisionOf, precisionRecall } from "./precision-recall.ts";
import { wilsonInterval } from "./proportion.ts";
import { rankScores } from "./ranked-scores.ts";
import { areaUnderRoc, rocAuc, rocCurve } from "./roc.ts";

const golden = JSON.parse(readFileSync(new URL("../golden/learn.json", import.meta.url), "utf8"));

/** Scores of few values, so that there are ties; both classes present. */
const ranking = fc
  .array(fc.record({ target: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: -3, max: 8 }) }), {
    minLength: 2,
    maxLength: 40,
  })
  .filter((rows) => new Set(rows.map(({ target }) => target)).size === 2)
  .map((rows) => ({ targets: rows.map(({ target }) => target), scores: rows.map(({ score }) => score / 4) }));

function closeTo(found: ArrayLike<number>, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-14);
  });
}

function bins(targets: readonly number[], scores: ArrayLike<number>) {
  const { bins: all, brier } = calibration(targets, scores);
  const filled = all.filter(({ count }) => count > 0);
  return {
    brier,
    positiveShare: filled.map(({ positiveShare }) => positiveShare),
    meanScore: filled.map(({ meanScore }) => meanScore),
  };
}

describe("against scikit-learn", () => {
  it.each(golden.measures as (typeof golden.measures)[0][])("agrees: $name", (wanted) => {
    const { targets, scores } = wanted;
    expect(rocAuc(targets, scores)).toBeCloseTo(wanted.auc, 14);
    expect(averagePrecision(targets, scores)).toBeCloseTo(wanted.averagePrecision, 14);
    const roc = rocCurve(targets, scores);
    closeTo(roc.falseAlarmRate, wanted.roc.falseAlarmRate);
    closeTo(roc.recall, wanted.roc.recall);
    closeTo(roc.thresholds.subarray(1), wanted.roc.thresholds);
    const curve = precisionRecall(targets, scores);
    closeTo(curve.precision, wanted.precisionRecall.precision.toReversed());
    closeTo(curve.recall, wanted.precisionRecall.recall.toReversed());
    closeTo(curve.thresholds.subarray(1), wanted.precisionRecall.thresholds.toReversed());
    for (const { rate, recall } of wanted.recallAt) {
      expect(recallAtFalseAlarm(targets, scores, rate).recall).toBeCloseTo(recall, 14);
    }
    const { brier, positiveShare, meanScore } = bins(targets, scores);
    expect(brier).toBeCloseTo(wanted.brier, 14);
    closeTo(positiveShare, wanted.calibration.positiveShare);
    closeTo(meanScore, wanted.calibration.meanScore);
  });

  const { large } = golden;
  const targets = Array.from({ length: 60_000 }, (_, i) => (i % 10 === 3 ? 1 : 0));
  const scores = Float64Array.from(targets, (target, i) => {
    const hash = Math.imul(i, 2_654_435_761) >>> 0;
    return Math.floor(1000 * (hash / 2 ** 32 + 0.25 * target)) / 1250;
  });

  it("agrees on 60,000 cadences", () => {
    expect(rocAuc(targets, scores)).toBeCloseTo(large.auc, 13);
    expect(averagePrecision(targets, scores)).toBeCloseTo(large.averagePrecision, 12);
    for (const { rate, recall } of large.recallAt) {
      expect(recallAtFalseAlarm(targets, scores, rate).recall).toBeCloseTo(recall, 13);
    }
    const { brier, positiveShare, meanScore } = bins(targets, scores);
    expect(brier).toBeCloseTo(large.brier, 12);
    positiveShare.forEach((share, i) => {
      expect(share).toBeCloseTo(large.calibration.positiveShare[i], 12);
    });
    meanScore.forEach((mean, i) => {
      expect(mean).toBeCloseTo(large.calibration.meanScore[i], 11);
    });
  });

  it("agrees with SciPy on the interval of a share", () => {
    for (const { count, total, low, high } of golden.shares) {
      const found = wilsonInterval(count, total);
      expect(found.low).toBeCloseTo(low, 12);
      expect(found.high).toBeCloseTo(high, 12);
    }
  });
});

describe("against the definition", () => {
  it("counts pairs: AUC is the share of pairs in order, ties half", () => {
    fc.assert(
      fc.property(ranking, ({ targets, scores }) => {
        let sum = 0;
        let pairs = 0;
        for (const [i, positive] of targets.entries()) {
          for (const [j, negative] of targets.entries()) {
            if (positive !== 1 || negative !== 0) continue;
            pairs++;
            sum += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
          }
        }
        expect(rocAuc(targets, scores)).toBe(sum / pairs);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("finds the best recall whose false alarms keep to the rate", () => {
    fc.assert(
      fc.property(ranking, fc.double({ min: 0, max: 1, noNaN: true }), ({ targets, scores }, rate) => {
        const share = (target: number, threshold: number) => {
          const own = scores.filter((_, i) => targets[i] === target);
          return own.filter((score) => score >= threshold).length / own.length;
        };
        const best = Math.max(0, ...scores.filter((s) => share(0, s) <= rate).map((s) => share(1, s)));
        const found = recallAtFalseAlarm(targets, scores, rate);
        expect(found.recall).toBe(best);
        expect(found.falseAlarms / found.negatives).toBeLessThanOrEqual(rate);
        expect(share(1, found.threshold)).toBe(best);
        expect(share(0, found.threshold)).toBe(found.falseAlarms / found.negatives);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("weighs each bin's distance by its count", () => {
    const found = calibration([0, 1, 1, 0, 1], [0.1, 0.1, 0.7, 0.65, 1], { bins: 5 });
    expect(found.bins.map(({ count }) => count)).toEqual([2, 0, 0, 2, 1]);
    expect(found.bins[1]!.meanScore).toBeNaN();
    expect(found.expectedCalibrationError).toBeCloseTo((2 * 0.4 + 2 * 0.175 + 0) / 5, 14);
  });
});

describe("recall at a rate of false alarms", () => {
  it("says what it rests on", () => {
    const make = (negatives: number) => {
      const targets = [1, 1, ...new Array(negatives).fill(0)];
      const scores = targets.map((_, i) => (i === 0 ? 2 : i === 1 ? 0.5 : i / targets.length));
      return recallAtFalseAlarm(targets, scores, 1e-2);
    };
    expect(make(99)).toMatchObject({
      support: "none",
      allowed: 0,
      falseAlarms: 0,
      negatives: 99,
      recall: 0.5,
    });
    expect(make(100)).toMatchObject({ support: "few", allowed: 1, falseAlarms: 1 });
    expect(make(999)).toMatchObject({ support: "few", allowed: 9, falseAlarms: 9 });
    expect(make(1000)).toMatchObject({ support: "enough", allowed: 10, falseAlarms: 10 });
  });

  it("is 0 above every score where the highest ones are false alarms", () => {
    expect(recallAtFalseAlarm([0, 1, 0], [3, 2, 1], 0.1)).toMatchObject({ recall: 0, threshold: Infinity });
  });
});

describe("the bootstrap", () => {
  /** Normal scores whose means differ by 1.19: an AUC of 0.8. */
  const trueAuc = 0.8;
  const apart = 0.8416212335729143 * Math.SQRT2;
  function draw(seed: number, positives: number, negatives: number) {
    const random = randomStream(streamKey(91, seed));
    const targets = Array.from({ length: positives + negatives }, (_, i) => (i < positives ? 1 : 0));
    return { targets, scores: targets.map((target) => random.normal() + apart * target) };
  }

  it("covers the true AUC about as often as it says", () => {
    const experiments = 400;
    let covered = 0;
    let width = 0;
    const aucs: number[] = [];
    for (let seed = 0; seed < experiments; seed++) {
      const { targets, scores } = draw(seed, 40, 120);
      const { low, high } = bootstrapAuc(targets, scores, { seed, resamples: 300 });
      if (low <= trueAuc && trueAuc <= high) covered++;
      width += (high - low) / experiments;
      aucs.push(rocAuc(targets, scores));
    }
    expect(covered / experiments).toBeGreaterThan(0.91);
    expect(covered / experiments).toBeLessThan(0.98);
    const deviation = Math.sqrt(aucs.reduce((sum, auc) => sum + (auc - trueAuc) ** 2, 0) / experiments);
    expect(width / (2 * 1.96 * deviation)).toBeGreaterThan(0.9);
    expect(width / (2 * 1.96 * deviation)).toBeLessThan(1.1);
  });

  it("is a function of the seed, and the same measure gets the same interval among others", () => {
    const { targets, scores } = draw(1, 30, 70);
    const first = bootstrapAuc(targets, scores, { seed: 5, resamples: 200 });
    expect(bootstrapAuc(targets, scores, { seed: 5, resamples: 200 })).toEqual(first);
    expect(bootstrapAuc(targets, scores, { seed: 6, resamples: 200 })).not.toEqual(first);
    const several = bootstrapIntervals(rankScores(targets, scores), [averagePrecisionOf, areaUnderRoc], {
      seed: 5,
      resamples: 200,
    });
    expect(several[1]).toEqual(first);
    expect(several[0]).not.toEqual(first);
  });

  it("has no width where the classes are told apart, and holds AUCs of ties", () => {
    expect(bootstrapAuc([0, 0, 1, 1], [1, 2, 3, 4])).toEqual({ low: 1, high: 1 });
    expect(bootstrapAuc([0, 0, 1, 1], [1, 1, 1, 1])).toEqual({ low: 0.5, high: 0.5 });
  });

  it("narrows with the level", () => {
    const { targets, scores } = draw(2, 30, 70);
    const wide = bootstrapAuc(targets, scores, { level: 0.99 });
    const narrow = bootstrapAuc(targets, scores, { level: 0.5 });
    expect(narrow.low).toBeGreaterThan(wide.low);
    expect(narrow.high).toBeLessThan(wide.high);
  });

  it("refuses resamples and levels that make no interval", () => {
    expect(() => bootstrapAuc([0, 1], [0, 1], { resamples: 1 })).toThrow(
      "1 resamples: give a whole number, 2 or more.",
    );
    expect(() => bootstrapAuc([0, 1], [0, 1], { level: 95 })).toThrow(
      "Level 95: give a share between 0 and 1.",
    );
  });
});

describe("wrong input", () => {
  const measures = [
    rocAuc,
    rocCurve,
    precisionRecall,
    averagePrecision,
    bootstrapAuc,
    (targets: number[], scores: number[]) => recallAtFalseAlarm(targets, scores, 0.01),
  ];

  it("is told in a sentence, by every measure", () => {
    for (const measure of measures) {
      expect(() => measure([0, 0, 0], [1, 2, 3])).toThrow(
        "Targets: all 3 are 0. Positives and negatives are both needed to say how well scores tell them apart.",
      );
      expect(() => measure([1], [1])).toThrow("Targets: all 1 are 1.");
      expect(() => measure([], [])).toThrow("Targets: there are none.");
      expect(() => measure([0, 1, 1], [1, NaN, 3])).toThrow(
        "Score NaN at place 1 (from 0) is not a finite number.",
      );
      expect(() => measure([0, 1, 0.4], [1, 2, 3])).toThrow(
        "Target 0.4 at place 2 (from 0) is neither 0 nor 1.",
      );
      expect(() => measure([0, 1], [1])).toThrow("2 targets, but 1 scores: give one score a target.");
      expect(() => measure([0, NaN], [1, 2])).toThrow(InputError);
    }
  });

  it("is told by the calibration too, which one class suffices for", () => {
    expect(() => calibration([0, 1], [0.5, 1.5])).toThrow("Score 1.5 at place 1 (from 0) is no probability");
    expect(() => calibration([], [])).toThrow(InputError);
    expect(() => calibration([0, 1], [0, NaN])).toThrow(InputError);
    expect(calibration([0, 0], [0.25, 0.25]).expectedCalibrationError).toBe(0.25);
  });
});
