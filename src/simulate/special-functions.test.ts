import { describe, expect, it } from "vitest";
import { gammaTails, logGamma, normalBelow, sineIntegral } from "./special-functions.ts";
import { evenChiSquaredTails, normalBelowBySimpson } from "./testing/statistics.ts";

it("logGamma is ln of the factorials, and of the root of pi at one half", () => {
  let factorial = 1;
  for (let n = 1; n < 60; n++) {
    expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 11);
    factorial *= n;
  }
  expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 14);
});

describe("gammaTails", () => {
  it.each([
    [1, 0.01],
    [2, 40],
    [102, 40],
    [102, 102],
    [102, 250],
    [500, 700],
  ])("of shape %d at %d agree with Poisson sums", (shape, x) => {
    const { below, above } = gammaTails(shape, x);
    const exact = evenChiSquaredTails(2 * shape, 2 * x);
    expect(Math.abs(below - exact.below)).toBeLessThan(1e-12);
    expect(Math.abs(above - exact.above)).toBeLessThan(1e-12);
    const small = exact.below < exact.above ? below / exact.below : above / exact.above;
    expect(Math.abs(small - 1)).toBeLessThan(1e-11);
  });
});

it("normalBelow agrees with Simpson's rule, far tail included", () => {
  for (const x of [-7, -3.3, -1, 0, 0.2, 1.7, 4]) {
    expect(Math.abs(normalBelow(x) / normalBelowBySimpson(x) - 1)).toBeLessThan(1e-9);
  }
});

it("sineIntegral agrees with Simpson's rule on either side of where its method changes", () => {
  const sinc = (t: number) => (t === 0 ? 1 : Math.sin(t) / t);
  for (const x of [-5, 0, 0.3, 3.999, 4.001, 11, 39.99, 40.01, 300]) {
    const steps = 40_000;
    const h = x / steps;
    let sum = 0;
    for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * sinc(i * h);
    expect(Math.abs(sineIntegral(x) - (sum * h) / 3)).toBeLessThan(1e-11);
  }
});
