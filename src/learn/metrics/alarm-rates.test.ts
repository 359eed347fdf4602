import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { alarmRates, combineByAlarmRate } from "./alarm-rates.ts";
import { recallAtFalseAlarm } from "./false-alarms.ts";

const normals = (seed: number, count: number, shift = 0) => {
  const random = randomStream(streamKey(seed));
  return Array.from({ length: count }, () => shift + random.normal());
};

describe("alarmRates", () => {
  it("counts the negatives that reach a score, below the tail", () => {
    const negatives = normals(1, 1000);
    const rateOf = alarmRates(negatives);
    for (const score of [-9, -1, 0, 0.5, 1.5, negatives[0]!]) {
      expect(rateOf(score)).toBe(negatives.filter((one) => one >= score).length / 1000);
    }
  });

  it("follows an exponential tail far beyond the largest negative", () => {
    const random = randomStream(streamKey(2));
    const rateOf = alarmRates(Array.from({ length: 100_000 }, () => -Math.log(1 - random.uniform()) / 3));
    for (const rate of [1e-3, 1e-5, 1e-7]) {
      const found = rateOf(-Math.log(rate) / 3);
      expect(Math.abs(Math.log10(found / rate))).toBeLessThan(0.25);
    }
  });

  it("falls with the score and lies between 0 and 1", () => {
    const scores = fc.array(fc.integer({ min: -4, max: 6 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(
        scores,
        fc.double({ min: -6, max: 9, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (negatives, score, more) => {
          const rateOf = alarmRates(negatives);
          expect(rateOf(score)).toBeLessThanOrEqual(1);
          expect(rateOf(score)).toBeGreaterThan(0);
          expect(rateOf(score + more)).toBeLessThanOrEqual(rateOf(score));
        },
      ),
      { seed: 7 },
    );
  });
});

describe("combineByAlarmRate", () => {
  const count = 20_000;
  /** Recall at one in 100, of positives against negatives. */
  const recall = (negatives: ArrayLike<number>, positives: ArrayLike<number>) =>
    recallAtFalseAlarm(
      [...Array.from(negatives, () => 0), ...Array.from(positives, () => 1)],
      [...Array.from(negatives), ...Array.from(positives)],
      0.01,
    ).recall;

  it("finds what either of two detectors finds, at half the rate of each", () => {
    const negatives = [normals(10, count), normals(11, count)];
    const half = count / 2;
    const seenByFirst = [normals(12, half, 5), normals(13, half)];
    const seenBySecond = [normals(14, half), normals(15, half, 5)];
    const positives = seenByFirst.map((scores, d) => [...scores, ...seenBySecond[d]!]);
    const both = combineByAlarmRate(negatives, positives);
    for (const [d, own] of negatives.entries()) expect(recall(own, positives[d]!)).toBeLessThan(0.52);
    // A normal deviate at +5 over the threshold of 0.5 in 100, 2.576.
    expect(Math.abs(recall(both.negatives, both.positives) - 0.992)).toBeLessThan(0.005);
  });

  it("ranks as a detector alone does where the other is blind, whatever the scale of its scores", () => {
    const negatives = normals(20, count);
    const positives = normals(21, 500, 3);
    const blind = [negatives, positives].map((scores) => scores.map(() => 4));
    const both = combineByAlarmRate(
      [negatives.map((x) => 7 * x - 2), blind[0]!],
      [positives.map((x) => 7 * x - 2), blind[1]!],
    );
    expect(Math.abs(recall(both.negatives, both.positives) - recall(negatives, positives))).toBeLessThan(
      0.02,
    );
  });

  it("measures no negative's rate with itself", () => {
    // Each half's largest is far above all of the other half's.
    const negatives = [Array.from({ length: 40 }, (_, i) => (i < 2 ? 1000 : i))];
    const { negatives: found } = combineByAlarmRate(negatives, [[0]]);
    expect(found[0]).toBe(-Math.log10(alarmRates(negatives[0]!.filter((_, i) => i % 2 === 1))(1000)));
    expect(found[1]).toBe(-Math.log10(alarmRates(negatives[0]!.filter((_, i) => i % 2 === 0))(1000)));
    expect(found[5]).toBe(-Math.log10(alarmRates(negatives[0]!.filter((_, i) => i % 2 === 0))(5)));
  });
});
