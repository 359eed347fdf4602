/** The recipes in the box, by name. */

import type { Recipe } from "../recipe.ts";
import { defaultRecipe } from "./default.ts";
import { imagesRecipe } from "./images.ts";
import { seedRecipe } from "./seed.ts";

export const recipes: Readonly<Record<string, Recipe>> = {
  seed: seedRecipe,
  default: defaultRecipe,
  images: imagesRecipe,
};
