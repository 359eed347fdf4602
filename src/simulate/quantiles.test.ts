import { describe, expect, it } from "vitest";
import { chiSquaredQuantiles, normalQuantiles, quantileOfWord } from "./quantiles.ts";
import { evenChiSquaredTails, normalBelowBySimpson } from "./testing/statistics.ts";

/** Tail probabilities over the whole table, off its nodes, and the words (the second for deep ones) that stand for them. */
function* tailWords() {
  for (let halvings = 1; halvings < 42; halvings++) {
    for (const mantissa of [1.0019, 1.37, 1.7321, 1.9981]) {
      const units = Math.floor(mantissa * 2 ** (63 - halvings));
      const tail = Math.floor(units / 2 ** 32);
      const second = units % 2 ** 32;
      yield { p: (tail < 2 ** 16 ? units : tail * 2 ** 32) / 2 ** 64, tail, second: second | 0 };
    }
  }
}

/** How far a table is off, in standard deviations, at worst. */
function worstError(
  table: ReturnType<typeof normalQuantiles>,
  sigma: number,
  tails: (x: number) => { below: number; above: number },
): number {
  let worst = 0;
  for (const { p, tail, second } of tailWords()) {
    for (const side of ["below", "above"] as const) {
      const x = quantileOfWord(table, side === "below" ? tail : tail | 0x80000000, () => second);
      const h = 1e-4 * sigma;
      const slope = Math.abs(tails(x + h)[side] - tails(x - h)[side]) / (2 * h);
      worst = Math.max(worst, Math.abs(tails(x)[side] - p) / slope / sigma);
    }
  }
  return worst;
}

describe("quantile tables", () => {
  it.each([
    [4, 2e-6],
    [8, 2e-6],
    [204, 1e-6],
    [1000, 1e-6],
  ])("chi-squared, %i degrees of freedom: within %d sigma to beyond 6 sigma", (dof, limit) => {
    const table = chiSquaredQuantiles(dof);
    const error = worstError(table, Math.sqrt(2 / dof), (x) => evenChiSquaredTails(dof, x * dof));
    expect(error).toBeLessThan(limit);
  });

  it("normal: within 1e-6 sigma to beyond 6 sigma", () => {
    const tails = (x: number) => ({ below: normalBelowBySimpson(x), above: normalBelowBySimpson(-x) });
    expect(worstError(normalQuantiles(), 1, tails)).toBeLessThan(1e-6);
  });

  // scipy.stats.chi2.ppf and isf, version 1.10.1, over the degrees of freedom, at tails of 2 ** -2, 2 ** -11 and 2 ** -31.
  it.each([
    [
      1, 0.10153104426762156, 1.3233036969314478, 3.745070750442375e-7, 12.15989503293171,
      3.406121580086564e-19, 38.81614138701525,
    ],
    [
      5, 0.5349205618864328, 1.3251359527658495, 0.03132208594045051, 4.431893625698995,
      0.00011966183225384953, 10.462306541285022,
    ],
    [
      33, 0.82483155038652, 1.1532584544680924, 0.38025931613796143, 2.014783888806524, 0.1301527168498903,
      3.3036228554295564,
    ],
  ])("chi-squared, %i degrees of freedom, as scipy has it", (dof, ...expected) => {
    const table = chiSquaredQuantiles(dof);
    const found = [2, 11, 31].flatMap((halvings) => {
      const tail = 2 ** (32 - halvings);
      return [tail, tail | 0x80000000].map((word) => quantileOfWord(table, word, () => 0));
    });
    found.forEach((x, i) => {
      expect(Math.abs(x / expected[i]! - 1)).toBeLessThan(1e-9);
    });
  });
});
