/** What the tests of distributions measure. */

/** Kolmogorov and Smirnov's largest distance between a sample and a distribution, times the root of the sample's size: above 1.95 once in a thousand. */
export function ksStatistic(sample: ArrayLike<number>, below: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = below(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return distance * Math.sqrt(n);
}

export function moments(sample: ArrayLike<number>) {
  const values = Float64Array.from(sample);
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / n;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 - 3 };
}

/**
 * The tails of chi-squared with an even number of degrees of freedom, exactly: the chance of fewer, or no fewer, than dof / 2
 * events of a Poisson process of mean x / 2.
 */
export function evenChiSquaredTails(dof: number, x: number): { below: number; above: number } {
  const half = x / 2;
  let term = Math.exp(-half);
  let above = 0;
  for (let i = 0; i < dof / 2; i++) {
    above += term;
    term *= half / (i + 1);
  }
  let below = 0;
  for (let i = dof / 2; term > below * 1e-18; i++) {
    below += term;
    term *= half / (i + 1);
  }
  return { below, above };
}

/** The normal distribution below x, by Simpson's rule from 12 standard deviations below. */
export function normalBelowBySimpson(x: number): number {
  const steps = 4_000;
  const h = (x + 12) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * (-12 + i * h) ** 2);
  }
  return (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}
