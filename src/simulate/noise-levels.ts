/**
 * Levels of real noise: quantiles, a 32nd apart, of the mean and of the deviation over the mean in 126,500 C-band frames of
 * Green Bank, from the table that setigen carries (Brzycki et al. 2022, AJ 163, 222; MIT licence). The two are nearly independent
 * there (r = 0.1). The topmost ratio is the 99.9th percentile: past it lie frames with interference in them.
 */

import type { RandomStream } from "./random.ts";

const MEANS = [
  206947, 249478, 276728, 310857, 349578, 384868, 404724, 410647, 415111, 418659, 422454, 426361, 430803,
  435622, 440043, 443490, 447773, 452441, 459731, 465405, 471498, 476042, 481003, 484723, 488588, 494936,
  504111, 511628, 515659, 520631, 526612, 532863, 1078288,
];

const RELATIVE_DEVIATIONS = [
  0.5055, 0.5145, 0.5161, 0.5173, 0.5183, 0.5194, 0.5203, 0.5212, 0.5222, 0.523, 0.5239, 0.5247, 0.5255,
  0.5262, 0.527, 0.5277, 0.5285, 0.5292, 0.5301, 0.5309, 0.5318, 0.5328, 0.5339, 0.5351, 0.5365, 0.5378,
  0.5391, 0.5404, 0.5418, 0.5436, 0.5458, 0.5486, 0.5654,
];

export interface NoiseLevel {
  readonly mean: number;
  /** Standard deviation of a pixel. */
  readonly sigma: number;
  /** Of the chi-squared distribution with this mean and deviation. */
  readonly dof: number;
}

export function drawNoiseLevel(random: RandomStream): NoiseLevel {
  const mean = quantileAt(MEANS, random.uniform());
  const relative = quantileAt(RELATIVE_DEVIATIONS, random.uniform());
  return { mean, sigma: mean * relative, dof: 2 / relative ** 2 };
}

function quantileAt(quantiles: readonly number[], probability: number): number {
  const place = probability * (quantiles.length - 1);
  const cell = Math.floor(place);
  return quantiles[cell]! + (quantiles[cell + 1]! - quantiles[cell]!) * (place - cell);
}
