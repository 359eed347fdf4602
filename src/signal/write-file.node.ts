/** Writing files so that the final name holds the whole file or what it held before, never a part. */

import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { chmod, type FileHandle, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError, InputError } from "./errors.ts";

/** Writes a chunk at byte `at`, or after the chunk before; text is written as UTF-8. Await each call before the next. */
export type WriteChunk = (chunk: Uint8Array | string, at?: number) => Promise<void>;

const MAX_WRITE_BYTES = 1 << 26;
const openTemporaries = new Set<string>();

/**
 * Lets `write` stream chunks to a temporary file in the folder of `path`, then gives it the name `path`. Where `write`
 * throws, or `signal` is aborted, the temporary file is removed and `path` is left as it was. Returns what `write` returns.
 * Throws a FileError where the file can't be written (no folder, no permission, disk full, a folder or device of that name).
 */
export async function writeFileAtomically<T>(
  path: string,
  write: (write: WriteChunk) => Promise<T>,
  options: { signal?: AbortSignal } = {},
): Promise<T> {
  return replaceFile(path, options.signal, async (_temporary, handle) => {
    let position = 0;
    return write(async (chunk, at = position) => {
      position = at;
      options.signal?.throwIfAborted();
      const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
      let written = 0;
      while (written < bytes.length) {
        const length = Math.min(bytes.length - written, MAX_WRITE_BYTES);
        const { bytesWritten } = await handle
          .write(bytes, written, length, position)
          .catch((error) => Promise.reject(describeWriteError(path, error)));
        written += bytesWritten;
        position += bytesWritten;
      }
    });
  });
}

/**
 * As `writeFileAtomically`, for libraries that write to a path by themselves: `write` gets the path of an empty file to
 * overwrite, in the folder of `path`.
 */
export async function withTemporaryPath<T>(
  path: string,
  write: (temporaryPath: string) => Promise<T>,
  options: { signal?: AbortSignal } = {},
): Promise<T> {
  return replaceFile(path, options.signal, (temporary) => write(temporary));
}

/** Removes, at once, every temporary file that is being written. Runs by itself when the process exits. */
export function removeOpenTemporaries(): void {
  for (const path of openTemporaries) {
    try {
      unlinkSync(path);
    } catch {
      // Gone already, or its folder is: nothing is left to remove.
    }
  }
  openTemporaries.clear();
}

async function replaceFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  write: (temporary: string, handle: FileHandle) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const target = await findTarget(path);
  const temporary = temporaryName(target.path);
  const handle = await open(temporary, "wx").catch((error) =>
    Promise.reject(describeWriteError(path, error)),
  );
  remember(temporary);
  try {
    const result = await write(temporary, handle).catch((error) =>
      Promise.reject(describeDiskError(path, error)),
    );
    signal?.throwIfAborted();
    await publish(handle, temporary, target).catch((error) =>
      Promise.reject(describeWriteError(path, error)),
    );
    return result;
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  } finally {
    forget(temporary);
  }
}

async function publish(handle: FileHandle, temporary: string, target: Target): Promise<void> {
  await handle.sync();
  await handle.close();
  if (target.mode !== undefined) await chmod(temporary, target.mode);
  await rename(temporary, target.path);
}

interface Target {
  readonly path: string;
  readonly mode?: number;
}

/** Where the file really goes (behind symbolic links), and the permissions of the file that stands there. */
async function findTarget(path: string): Promise<Target> {
  const known = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw describeWriteError(path, error);
  });
  if (known === undefined) return { path };
  if (known.isDirectory()) throw new FileError(path, "this is a folder. Give the name of a file to write.");
  if (!known.isFile()) {
    throw new FileError(
      path,
      "this is a device or a pipe, and a whole file can't take its place. Give the name of a file.",
    );
  }
  return { path: await realpath(path), mode: known.mode & 0o777 };
}

/** The name is cut, so that names near the 255 bytes that file systems allow still work. */
function temporaryName(path: string): string {
  const name = basename(path).slice(0, 48);
  return join(dirname(path), `.${name}.${randomBytes(6).toString("hex")}.tmp`);
}

function remember(path: string): void {
  if (openTemporaries.size === 0) process.once("exit", removeOpenTemporaries);
  openTemporaries.add(path);
}

function forget(path: string): void {
  openTemporaries.delete(path);
  if (openTemporaries.size === 0) process.off("exit", removeOpenTemporaries);
}

const DISK_PROBLEMS: Record<string, string> = {
  ENOSPC: "the disk is full. Free some space, or choose another disk; nothing was written.",
  EDQUOT: "your disk quota is used up. Free some space, or choose another disk; nothing was written.",
  EFBIG: "the file would be larger than this disk allows. Choose another disk; nothing was written.",
  EIO: "the disk reported a failure while it was written. Check the disk; nothing was written.",
};

const WRITE_PROBLEMS: Record<string, string> = {
  ...DISK_PROBLEMS,
  ENOENT: "its folder doesn't exist. Make the folder first, or give another path.",
  ENOTDIR: "a part of its path is a file, not a folder. Give another path.",
  EACCES: "no permission to write in its folder. Choose another folder, or change its permissions.",
  EPERM: "no permission to write in its folder. Choose another folder, or change its permissions.",
  EROFS: "its folder is on a read-only file system. Choose another folder.",
  ENAMETOOLONG: "its name is too long. Choose a shorter one.",
  ELOOP: "its path runs in a circle of symbolic links. Give another path.",
  EISDIR: "this is a folder. Give the name of a file to write.",
};

function describeWriteError(path: string, error: unknown): unknown {
  return describeError(path, error, WRITE_PROBLEMS);
}

/** For errors out of a caller's writer, whose other failures (another file that is missing, say) aren't about `path`. */
function describeDiskError(path: string, error: unknown): unknown {
  return describeError(path, error, DISK_PROBLEMS);
}

function describeError(path: string, error: unknown, problems: Record<string, string>): unknown {
  if (!(error instanceof Error) || error instanceof InputError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const problem = syscall !== undefined && code !== undefined ? problems[code] : undefined;
  return problem === undefined ? error : new FileError(path, problem, { cause: error });
}
