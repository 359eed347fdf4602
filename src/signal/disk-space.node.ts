/** Room on a disk, looked at before an hour's work. */

import { statfs } from "node:fs/promises";
import { describeBytes } from "./describe.ts";
import { FileError } from "./errors.ts";

/** Throws a FileError where the disk of a folder has less than `bytes` left. `what` takes them. */
export async function checkSpace(folder: string, bytes: number, what = "the files"): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new FileError(
    folder,
    `${what} take up to ${describeBytes(bytes)}, and the disk has ${describeBytes(bavail * bsize)} left. Ask for less, or choose another disk.`,
  );
}
