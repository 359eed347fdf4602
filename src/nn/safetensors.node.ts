/** safetensors files on disk. */

import { type FileHandle, open } from "node:fs/promises";
import { FileError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
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

const MAX_READ_BYTES = 1 << 26;

/** Reads a file as `decodeSafetensors` does. Throws a FileError where it can't be read, or isn't safetensors throughout. */
export async function readSafetensors(path: string): Promise<SafeTensors> {
  const handle = await open(path).catch((error) => Promise.reject(describeReadError(path, error)));
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
 * Writes a file as `encodeSafetensors` does; whatever happens, `path` holds the whole file or what it held before. Throws a
 * FileError where it can't be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  options: EncodeOptions = {},
): Promise<void> {
  await writeFileAtomically(path, async (write) => {
    for (const chunk of safetensorsChunks(tensors, options)) await write(chunk);
  });
}

async function readBytes(handle: FileHandle, path: string, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const wanted = Math.min(length - done, MAX_READ_BYTES);
    const { bytesRead } = await handle
      .read(bytes, done, wanted, at + done)
      .catch((error) => Promise.reject(describeReadError(path, error)));
    if (bytesRead === 0) throw new FileError(path, "it became shorter while it was read. Try again.");
    done += bytesRead;
  }
  return bytes;
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder. Check the path",
  EACCES: "permission was refused. Check the rights of the file and its folder",
  EISDIR: "this is a folder. Give the name of a file",
};

function describeReadError(path: string, error: unknown): FileError {
  const problem = problems[(error as NodeJS.ErrnoException).code ?? ""] ?? (error as Error).message;
  return new FileError(path, `it can't be read: ${problem}.`, { cause: error });
}
