/** Folders that results are written into. */

import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../signal/errors.ts";

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: "no permission to make this folder or to write into it. Choose another, or change the permissions.",
  EPERM: "no permission to make this folder or to write into it. Choose another, or change the permissions.",
  EROFS: "this folder is on a read-only file system. Choose another.",
  ENOENT: "this folder can't be made. Give another path.",
  ENOTDIR: "a part of this path is a file, not a folder. Give another path.",
  ENAMETOOLONG: "the name of this folder is too long. Choose a shorter one.",
  ELOOP: "this path runs in a circle of symbolic links. Give another path.",
  ENOSPC: "the disk is full. Free some space, or choose another disk.",
  EDQUOT: "your disk quota is used up. Free some space, or choose another disk.",
};

/** Makes a folder, and those around it, unless it is there. Throws a FileError where it can't be made or written into. */
export async function makeFolder(path: string): Promise<void> {
  if (path === "") throw new FileError('""', "this names no folder. Give a name.");
  try {
    await makeWithParents(path);
    await access(path, constants.W_OK);
  } catch (error) {
    if (error instanceof FileError) throw error;
    const problem = PROBLEMS[(error as NodeJS.ErrnoException).code ?? ""];
    throw problem === undefined ? error : new FileError(path, problem, { cause: error });
  }
}

/** mkdir's own `recursive` never ends where the system says that a folder's parent is missing which is there, as under /proc. */
async function makeWithParents(path: string): Promise<void> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (there?.isDirectory()) return;
  if (there) throw new FileError(path, "this is a file, and a folder is wanted. Give another name.");
  const parent = dirname(path);
  if (parent !== path) await makeWithParents(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another process may have made it in between.
    if (error.code !== "EEXIST") throw error;
  });
}
