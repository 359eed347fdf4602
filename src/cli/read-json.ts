/** JSON files that a person wrote. */

import { readFile } from "node:fs/promises";
import { FileError } from "../signal/errors.ts";

/** Throws a FileError where the file can't be read or holds no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const problem = error.code === "ENOENT" ? "there is no such file" : `it can't be read (${error.code})`;
    throw new FileError(path, `${problem}. Give a JSON file.`, { cause: error });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FileError(path, `this is no JSON: ${(error as Error).message}.`, { cause: error });
  }
}
