/** HDF5 filterbanks in Node: one worker holds the library for all open files, and is ended when none is open. */

import { resolve } from "node:path";
import { FileError } from "../signal/errors.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { withTemporaryPath } from "../signal/write-file.node.ts";
import { openFileSource } from "./byte-source.node.ts";
import { hasHdf5Signature, openHdf5Through } from "./hdf5.ts";
import { hdf5WorkerChannel, startHdf5Worker } from "./hdf5-channel.node.ts";
import type { Hdf5Channel } from "./hdf5-service.ts";
import { type WriteHdf5Options, writeHdf5Through } from "./hdf5-write.ts";

/** Opens an FBH5 file. Throws a FileError where it can't be read as one. */
export async function openHdf5(path: string): Promise<SpectrogramSource> {
  const bytes = await openFileSource(path);
  try {
    if (!(await hasHdf5Signature(bytes))) {
      throw new FileError(
        path,
        "this is no HDF5 file: it lacks the signature. Give an .h5 file of a filterbank.",
      );
    }
  } finally {
    await bytes.close();
  }
  return openHdf5Through(sharedWorker(), { name: path, path: resolve(path), bytes: bytes.size });
}

/**
 * Writes a source as FBH5: float32, packed with bitshuffle and LZ4. It streams in pieces of 16 MB or one chunk. The name holds the
 * whole file or what it held before. Throws a FileError where the file can't be written, a UsageError for a range that isn't there.
 */
export async function writeHdf5(
  path: string,
  source: SpectrogramSource,
  options: WriteHdf5Options = {},
): Promise<void> {
  await withTemporaryPath(
    path,
    (temporary) =>
      writeHdf5Through(sharedWorker(), { name: path, path: resolve(temporary) }, source, options),
    { signal: options.signal },
  );
}

let shared: Hdf5Channel | undefined;
function sharedWorker(): Hdf5Channel {
  shared ??= hdf5WorkerChannel(startHdf5Worker);
  return shared;
}
