/** Recipes by name, or from a file. */

import { readFile } from "node:fs/promises";
import { FileError } from "../signal/errors.ts";
import { checkRecipe, type Recipe } from "./recipe.ts";
import { recipes } from "./recipes/index.ts";

/** `seed`, `default`, `images`, or the path of a JSON file. Throws an InputError where there is no such recipe, or it can't be used. */
export async function findRecipe(nameOrFile: string): Promise<Recipe> {
  const known = Object.hasOwn(recipes, nameOrFile) ? recipes[nameOrFile] : undefined;
  if (known) return known;
  const text = await readFile(nameOrFile, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const names = Object.keys(recipes).join(", ");
    throw new FileError(
      nameOrFile,
      cause.code === "ENOENT"
        ? `there is no recipe and no file of this name. The recipes are ${names}.`
        : `the recipe can't be read (${cause.code}).`,
      { cause },
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(nameOrFile, `it isn't JSON: ${(cause as Error).message}.`, { cause });
  }
  return checkRecipe(value, nameOrFile);
}
