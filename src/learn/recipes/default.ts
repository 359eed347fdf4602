/**
 * The recipe that is used unless another is asked for: the detector in the box, taught further on the cadences at hand. Few of these have labels, so
 * most examples of needles are simulated into those that have none. docs/experiments.md says what was tried.
 */

import type { Recipe } from "../recipe.ts";

export const defaultRecipe: Recipe = {
  name: "default",
  input: { normalisation: "whiten", layout: "lines" },
  model: { name: "linenet" },
  weights: "detector",
  loss: { name: "bce", places: 1.5 },
  optimizer: { name: "adamW", learningRate: 5e-4, weightDecay: 1e-2 },
  schedule: { name: "cosine", warmup: 0.05 },
  batch: 32,
  epochs: 8,
  folds: 5,
  trainedFolds: 1,
  sampling: { positives: 0.15 },
  augment: { flipFrequency: 0.5, flipTime: 0.5 },
  inject: { needles: 0.45, interference: 0.4, snrDb: [16, 44], interferenceSnrDb: [16, 60] },
  clipNorm: 1,
  emaDecay: 0.995,
  flips: "both",
};
