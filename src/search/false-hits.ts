/**
 * How many hits noise alone makes. Were the sums along all paths independent, it would be their number times the tail of one sum's
 * distribution. They aren't, and paths lie closer than the grid of whole channels and drift steps because each candidate is refined, so a
 * factor stands before it, fitted to counts on Gaussian noise of 4 to 256 rows at S/N 5 to 6: it grows with the rows, which
 * make more different paths between two steps, and with the S/N, as the peaks of any smooth random field do. Power that was averaged
 * over few spectra has longer tails than a Gaussian: narrow boxes then make most of the false hits.
 */

export interface SearchedPaths {
  readonly rows: number;
  readonly channels: number;
  /** Largest drift, channels from the first row to the last. */
  readonly maxSpan: number;
  /** Degrees of freedom of a pixel's chi-squared distribution; Infinity for Gaussian noise. */
  readonly pixelDof: number;
}

/** Widths of false hits, and the share of each on Gaussian noise; 6 stands for all of 4 and more. */
const WIDTH_SHARES = [
  [1, 0.44],
  [2, 0.29],
  [3, 0.12],
  [6, 0.15],
] as const;
const AT_SNR_5 = 2.15;
const GROWTH_WITH_SNR = 1.1;

/** Hits of at least `snr` (5 or more) expected in noise alone; right within a factor of 2 wherever it was measured. */
export function expectedFalseHits(paths: SearchedPaths, snr: number): number {
  const { rows, channels, maxSpan, pixelDof } = paths;
  let perPath = 0;
  for (const [width, share] of WIDTH_SHARES) {
    const shape = (rows * width * pixelDof) / 2;
    perPath += share * Math.exp(GROWTH_WITH_SNR * (gaussianSnr(snr, shape) - 5)) * upperTail(snr, shape);
  }
  return AT_SNR_5 * Math.max(1, Math.log2(rows)) * channels * (2 * maxSpan + 1) * perPath;
}

/** The deviations at which a Gaussian has about the tail that a gamma variable of this shape has at so many. */
function gaussianSnr(deviations: number, shape: number): number {
  if (shape === Number.POSITIVE_INFINITY) return deviations;
  const ratio = 1 + deviations / Math.sqrt(shape);
  return Math.sqrt(2 * shape * (ratio - 1 - Math.log(ratio)));
}

/**
 * Probability that a gamma variable of this shape lies `deviations` (2 or more) or more over its mean; of a normal one where the shape
 * is Infinity. By Lugannani and Rice's saddle-point formula (1980), good to 1 % for shapes over 10.
 */
export function upperTail(deviations: number, shape: number): number {
  const root = gaussianSnr(deviations, shape);
  const density = Math.exp((-root * root) / 2) / Math.sqrt(2 * Math.PI);
  return normalTail(root, density) + density * (1 / deviations - 1 / root);
}

/** Mills' ratio by Laplace's continued fraction, for arguments of 2 and more. */
function normalTail(x: number, density: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
  return density / fraction;
}
