/** Files that a command is about to write, checked before it begins. */

import { stat } from "node:fs/promises";
import { FileError, UsageError } from "../signal/errors.ts";

/**
 * Throws a FileError where one of `outputs` is there already, unless `force` is given, and a UsageError where one is a file of `inputs`, under
 * whatever name, or two are the same.
 */
export async function checkNewFiles(
  outputs: readonly string[],
  { inputs = [], force = false }: { readonly inputs?: readonly string[]; readonly force?: boolean } = {},
): Promise<void> {
  const read = await Promise.all(inputs.map(identity));
  for (const [i, output] of outputs.entries()) {
    if (outputs.indexOf(output) !== i) {
      throw new UsageError(`${output}: two files would get this name. Rename one, or write them one by one.`);
    }
    const there = await identity(output);
    if (there === undefined) continue;
    if (read.includes(there)) {
      throw new UsageError(
        `${output}: this is a file to be read, under the same or another name. Name another folder.`,
      );
    }
    if (!force) {
      throw new FileError(
        output,
        "this file is there already. Name another folder, or pass --force to replace it.",
      );
    }
  }
}

/** The same for one file under several names; undefined where there is none. */
async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}
