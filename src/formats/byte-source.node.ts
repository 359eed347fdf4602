/** Files on disk as byte sources. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { FileError } from "../signal/errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** One system call reads at most 2 GiB less a page. */
const MAX_READ_BYTES = 1 << 30;

/**
 * Opens a file for reading at any place, past 4 GB too. Closing it twice is harmless. Throws a FileError where there is no
 * such file, it may not be read, or it is no regular file (a folder, a pipe, a device).
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const handle = await openRegularFile(path).catch((error) => Promise.reject(describeReadError(path, error)));
  const { size } = await handle.stat();
  let open = true;

  async function fill(offset: number, target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      const length = Math.min(target.length - filled, MAX_READ_BYTES);
      const { bytesRead } = await handle
        .read(target, filled, length, offset + filled)
        .catch((error) => Promise.reject(describeReadError(path, error)));
      if (bytesRead === 0) {
        const end = (offset + filled).toLocaleString("en");
        throw new FileError(
          path,
          `it had ${size.toLocaleString("en")} bytes when it was opened and ends at byte ${end} now. ` +
            "Something cut it while it was read; try again when it is whole.",
        );
      }
      filled += bytesRead;
    }
  }

  return {
    name: path,
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      await fill(offset, bytes);
      return bytes;
    },
    readInto: fill,
    async close() {
      if (!open) return;
      open = false;
      await handle.close();
    },
  };
}

/** Looks before it opens: opening a pipe that no one writes to would wait for ever. */
async function openRegularFile(path: string): Promise<FileHandle> {
  const found = await stat(path);
  if (found.isDirectory()) throw new FileError(path, "this is a folder. Give the name of a file.");
  if (!found.isFile()) {
    throw new FileError(
      path,
      "this is a pipe, a device or a socket. Save the data as a file and give its name.",
    );
  }
  return open(path, "r");
}

const READ_PROBLEMS: Record<string, string> = {
  ENOENT: "no such file. Check the name.",
  ENOTDIR: "no such file: a part of its path is a file, not a folder. Check the name.",
  EACCES: "no permission to read it. Change its permissions, or ask its owner.",
  EPERM: "no permission to read it. Change its permissions, or ask its owner.",
  ENAMETOOLONG: "no such file: the name is longer than names can be. Check the name.",
  ELOOP: "its path runs in a circle of symbolic links. Give the real path.",
  EMFILE: "too many files are open at once. Give fewer files, or raise the limit (ulimit -n).",
  EIO: "the disk reported a failure while it was read. Check the disk, or copy the file again.",
  ERR_INVALID_ARG_VALUE: "no such file: a name can't hold a zero byte. Check the name.",
};

/** A failed system call of reading as a FileError that says what to do; anything else as it is. */
export function describeReadError(path: string, error: unknown): unknown {
  const problem = READ_PROBLEMS[(error as NodeJS.ErrnoException).code ?? ""];
  return problem === undefined ? error : new FileError(path, problem, { cause: error });
}
