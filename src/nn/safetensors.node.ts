/** safetensors files on disk. */

import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "../signal/errors.ts";
import {
  decodeHeader,
  decodeTensor,
  type EncodeOptions,
  headerLength,
  type SafeTensor,
  type SafeTensors,
  safetensorsChunks,
  type WritableTensor,
} from "./safetensors.ts";

const MAX_IO_BYTES = 1 << 26;

/** Reads a file as `decodeSafetensors` does. Throws a FileError where it can't be read, or isn't safetensors throughout. */
export async function readSafetensors(path: string): Promise<SafeTensors> {
  const handle = await open(path).catch((error) => Promise.reject(describe(path, error, "read")));
  try {
    const status = await handle.stat();
    if (!status.isFile())
      throw new FileError(path, "this isn't a file. Give the name of a safetensors file.");
    const start = await readBytes(handle, path, 0, Math.min(8, status.size));
    const headerBytes = headerLength(start, status.size, path);
    const header = await readBytes(handle, path, 8, headerBytes);
    const { entries, metadata } = decodeHeader(header, status.size, path);
    const dataAt = 8 + headerBytes;
    const data = await readBytes(handle, path, dataAt, status.size - dataAt);
    const tensors = new Map<string, SafeTensor>();
    for (const entry of entries) tensors.set(entry.name, decodeTensor(entry, data));
    return { tensors, metadata };
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file as `encodeSafetensors` does, to a temporary name that then becomes `path`: whatever happens, `path` holds the
 * whole file or what it held before. Throws a FileError where it can't be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  options: EncodeOptions = {},
): Promise<void> {
  await replaceFile(path, safetensorsChunks(tensors, options));
}

/** Writes pieces under a temporary name in the same folder, sees them safe on the disk and renames. */
export async function replaceFile(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const name = `.${basename(path).slice(0, 48)}.${randomBytes(6).toString("hex")}.tmp`;
  const temporary = join(dirname(path), name);
  const fail = (error: unknown) => Promise.reject(describe(path, error, "written"));
  const handle = await open(temporary, "wx").catch(fail);
  try {
    for await (const piece of pieces) await writeBytes(handle, piece).catch(fail);
    await handle.sync().catch(fail);
    await handle.close();
    await rename(temporary, path).catch(fail);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

async function writeBytes(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, MAX_IO_BYTES);
    at += (await handle.write(bytes, at, length)).bytesWritten;
  }
}

async function readBytes(handle: FileHandle, path: string, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const wanted = Math.min(length - done, MAX_IO_BYTES);
    const { bytesRead } = await handle
      .read(bytes, done, wanted, at + done)
      .catch((error) => Promise.reject(describe(path, error, "read")));
    if (bytesRead === 0) throw new FileError(path, "it became shorter while it was read. Try again.");
    done += bytesRead;
  }
  return bytes;
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder. Check the path",
  EACCES: "permission was refused. Check the rights of the file and its folder",
  EISDIR: "this is a folder. Give the name of a file",
  ENOSPC: "the disk is full. Free some space, or choose another disk",
};

function describe(path: string, error: unknown, done: "read" | "written"): FileError {
  const problem = problems[(error as NodeJS.ErrnoException).code ?? ""] ?? (error as Error).message;
  return new FileError(path, `it can't be ${done}: ${problem}.`, { cause: error });
}
