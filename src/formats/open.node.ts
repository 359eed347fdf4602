/** Files of any format that Lodestone reads, told apart by what they hold, and written by what they are called. */

import { extname } from "node:path";
import { FileError, UsageError } from "../signal/errors.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { openFileSource } from "./byte-source.node.ts";
import type { ByteSource } from "./byte-source.ts";
import { openHdf5, writeHdf5 } from "./hdf5.node.ts";
import { hasHdf5Signature } from "./hdf5.ts";
import { openNpy } from "./npy.ts";
import { type NominalAxes, npySpectrogramSources } from "./npy-spectrogram.ts";
import { writeNpy } from "./npy-write.node.ts";
import type { WriteOptions } from "./power-blocks.ts";
import { openSigproc } from "./sigproc.ts";
import { writeSigproc } from "./sigproc-write.node.ts";

export interface OpenOptions {
  /** Read the whole rows of a SIGPROC file that was cut short. */
  readonly allowTruncated?: boolean;
  /** Axes for .npy files, which have none of their own. */
  readonly axes?: NominalAxes;
}

/**
 * Opens an HDF5 filterbank, a SIGPROC filterbank or a .npy array, whatever the file is called. The list has one source; for a
 * .npy array of panels, one a panel. Close each. Throws FileErrors.
 */
export async function openSpectrograms(
  path: string,
  options: OpenOptions = {},
): Promise<SpectrogramSource[]> {
  const bytes = await openFileSource(path);
  const format = await recognise(bytes).catch(async (error) => {
    await bytes.close();
    throw error;
  });
  if (format === "npy") {
    const file = await openNpy(bytes);
    try {
      return npySpectrogramSources(file, options.axes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }
  if (format === "sigproc") return [await openSigproc(bytes, { allowTruncated: options.allowTruncated })];
  await bytes.close();
  if (format === "hdf5") return [await openHdf5(path)];
  throw new FileError(
    path,
    bytes.size === 0
      ? "this file is empty. Copy it again."
      : "neither an HDF5 (.h5) nor a SIGPROC (.fil) filterbank, nor a NumPy array (.npy). Give a file in one of these formats.",
  );
}

async function recognise(bytes: ByteSource): Promise<"npy" | "sigproc" | "hdf5" | undefined> {
  const start = await bytes.read(0, Math.min(bytes.size, 16));
  const text = String.fromCharCode(...start);
  if (text.startsWith("\x93NUMPY")) return "npy";
  // The keyword's length, 12 in either byte order, stands before it.
  if (text.slice(4).startsWith("HEADER_START")) return "sigproc";
  return (await hasHdf5Signature(bytes)) ? "hdf5" : undefined;
}

const WRITERS: Record<
  string,
  (path: string, source: SpectrogramSource, options?: WriteOptions) => Promise<void>
> = {
  ".h5": writeHdf5,
  ".hdf5": writeHdf5,
  ".fil": writeSigproc,
  ".npy": writeNpy,
};

/**
 * Writes a source in the format that the name's ending stands for: .h5 or .hdf5, .fil, .npy. Throws a UsageError for another
 * ending, and what the format's writer throws.
 */
export async function writeSpectrogram(
  path: string,
  source: SpectrogramSource,
  options: WriteOptions = {},
): Promise<void> {
  const ending = extname(path).toLowerCase();
  const write = WRITERS[ending];
  if (!write) {
    throw new UsageError(
      `${path}: ${ending === "" ? "no ending" : `"${ending}"`} says no format to write. End the name in .h5, .fil or .npy.`,
    );
  }
  await write(path, source, options);
}
