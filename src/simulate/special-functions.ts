/** The special functions that distributions and line shapes need, in double precision. */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln of the gamma function, x > 0. Lanczos with g = 7 and 9 terms, relative error about 1e-15. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * The tails of the gamma distribution with this shape and scale 1, below and above x. The smaller of the two keeps its
 * relative precision. Series and continued fraction of Abramowitz and Stegun 6.5.29 and 6.5.31.
 */
export function gammaTails(shape: number, x: number): { below: number; above: number } {
  if (x <= 0) return { below: 0, above: 1 };
  const factor = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    const below = factor * sum;
    return { below, above: 1 - below };
  }
  let b = x + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 100_000; n++) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / nonZero(a * d + b);
    c = nonZero(b + a / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  const above = factor * fraction;
  return { below: 1 - above, above };
}

function nonZero(x: number): number {
  return Math.abs(x) < 1e-300 ? 1e-300 : x;
}

/** The share of a normal distribution (mean 0, standard deviation 1) below x. */
export function normalBelow(x: number): number {
  const { below, above } = gammaTails(0.5, 0.5 * x * x);
  return x < 0 ? 0.5 * above : 0.5 + 0.5 * below;
}

/**
 * The sine integral, the integral of sin(t) / t from 0 to x; absolute error about 1e-15. Power series (Abramowitz and
 * Stegun 5.2.14) near 0, the continued fraction of E1(ix) (5.1.22) further out, the asymptotic series (5.2.34 and 35) far out.
 */
export function sineIntegral(x: number): number {
  const t = Math.abs(x);
  const value = t < 4 ? sineSeries(t) : 0.5 * Math.PI + (t < 40 ? sineTail(t) : sineFarTail(t));
  return x < 0 ? -value : value;
}

function sineSeries(x: number): number {
  let power = x;
  let sum = x;
  for (let n = 3; Math.abs(power) > 1e-18; n += 2) {
    power *= (-x * x) / (n * (n - 1));
    sum += power / n;
  }
  return sum;
}

/** The imaginary part of E1(ix) = exp(-ix) / (1 + ix - 1 / (3 + ix - 4 / (5 + ix - ...))), by Lentz's method. */
function sineTail(x: number): number {
  let b = 1;
  let [cRe, cIm] = [1e300, 0];
  const first = 1 + x * x;
  let [dRe, dIm] = [1 / first, -x / first];
  let [hRe, hIm] = [dRe, dIm];
  for (let n = 1; n < 10_000; n++) {
    const a = -n * n;
    b += 2;
    const [eRe, eIm] = [a * dRe + b, a * dIm + x];
    const e2 = eRe * eRe + eIm * eIm;
    [dRe, dIm] = [eRe / e2, -eIm / e2];
    const c2 = cRe * cRe + cIm * cIm;
    [cRe, cIm] = [b + (a * cRe) / c2, x - (a * cIm) / c2];
    const [stepRe, stepIm] = [cRe * dRe - cIm * dIm, cRe * dIm + cIm * dRe];
    [hRe, hIm] = [hRe * stepRe - hIm * stepIm, hRe * stepIm + hIm * stepRe];
    if (Math.abs(stepRe - 1) + Math.abs(stepIm) < 1e-16) break;
  }
  return hIm * Math.cos(x) - hRe * Math.sin(x);
}

function sineFarTail(x: number): number {
  let [f, g] = [0, 0];
  let term = 1 / x;
  for (let n = 1; Math.abs(term) > 1e-18 && n < 40; n += 2) {
    f += term;
    term *= n / x;
    g += term;
    term *= -(n + 1) / x;
  }
  return -f * Math.cos(x) - g * Math.sin(x);
}
