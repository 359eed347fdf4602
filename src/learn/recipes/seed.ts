/** The tutorial's recipe, from which the competition's entrants began. */

import type { Recipe } from "../recipe.ts";

export const seedRecipe: Recipe = {
  name: "seed",
  input: { normalisation: "max", layout: "six" },
  model: { name: "efficientnet_b0", stem: "tutorial" },
  weights: null,
  loss: { name: "bce" },
  optimizer: { name: "adam", learningRate: 5e-4 },
  schedule: { name: "constant" },
  batch: 32,
  epochs: 4,
  folds: 5,
  foldSeed: 1024,
  sampling: "natural",
  augment: {},
  flips: "none",
};
