/** For networks that read the panels as images: what `default` becomes where another model than its own is asked for. */

import type { Recipe } from "../recipe.ts";

export const imagesRecipe: Recipe = {
  name: "images",
  input: { normalisation: "z-score-columns", layout: "on" },
  model: { name: "efficientnet_b0" },
  weights: null,
  loss: { name: "bce" },
  optimizer: { name: "adamW", learningRate: 1e-3, weightDecay: 1e-2 },
  schedule: { name: "cosine", warmup: 0.05 },
  batch: 16,
  epochs: 8,
  folds: 5,
  trainedFolds: 1,
  sampling: { positives: 0.5 },
  augment: {
    flipFrequency: 0.5,
    flipTime: 0.5,
    shiftChannels: 128,
    mixUp: { chance: 0.5, alpha: 1, labels: "or", offInLast: 0.2 },
  },
  clipNorm: 5,
  flips: "both",
};
