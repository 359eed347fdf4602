/**
 * HDF5 filterbanks (FBH5): `/data` (time, feed, frequency) with SIGPROC's keywords as attributes, CLASS and VERSION on the root, as
 * blimpy, rawspec and setigen write them. Reads any range without loading the rest. The HDF5 library is synchronous and lives in a
 * worker; this half runs anywhere and talks to it through an Hdf5Channel.
 */

import { FileError, UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";
import { readFilterbankHeader } from "./hdf5-header.ts";
import { Hdf5Problem } from "./hdf5-library.ts";
import type { Hdf5Channel, Hdf5Request } from "./hdf5-service.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
let lastFile = 0;

/** A number for a file, unlike that of any other file of this process. */
export function newHdf5FileNumber(): number {
  return ++lastFile;
}

/** Looks for HDF5's signature where it may stand: at byte 0, 512, 1024, 2048 ... (a block of the user's own before it). */
export async function hasHdf5Signature(source: {
  size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}): Promise<boolean> {
  for (let at = 0; at + SIGNATURE.length <= source.size; at = at === 0 ? 512 : at * 2) {
    const bytes = await source.read(at, SIGNATURE.length);
    if (SIGNATURE.every((byte, i) => bytes[i] === byte)) return true;
  }
  return false;
}

/** Opens the file that the worker finds at `path`; `name` is what a person calls it, `bytes` its size. Throws FileErrors. */
export async function openHdf5Through(
  channel: Hdf5Channel,
  { name, path, bytes }: { name: string; path: string; bytes: number },
): Promise<SpectrogramSource> {
  const file = newHdf5FileNumber();
  let isOpen = true;
  const request = (message: Hdf5Request) => naming(name, channel.request(message));

  async function close() {
    if (!isOpen) return;
    isOpen = false;
    await request({ op: "close", file });
  }

  const { description } = await request({ op: "open", file, path });
  try {
    const layout = readFilterbankHeader(name, description!, bytes);
    const { time, frequency, header, nifs } = layout;
    return {
      name,
      time,
      frequency,
      header,
      nifs,
      blockChannels: description!.chunks?.[2],
      async read(asked, into) {
        const range = resolveRange({ name, time, frequency, nifs }, asked);
        if (!isOpen) throw new UsageError(`${name}: read after it was closed.`);
        const length = (range.rowStop - range.rowStart) * (range.channelStop - range.channelStart);
        if (into && into.length !== length) {
          throw new UsageError(`${name}: ${length} values were asked for, into an array of ${into.length}.`);
        }
        const isShared =
          typeof SharedArrayBuffer !== "undefined" && into?.buffer instanceof SharedArrayBuffer;
        const result = await request({ op: "read", file, path, range, into: isShared ? into : undefined });
        if (into && !isShared) into.set(result.data!);
        return {
          data: into ?? result.data!,
          time: sliceTime(time, range.rowStart, range.rowStop),
          frequency: sliceFrequency(frequency, range.channelStart, range.channelStop),
          header,
          source: name,
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Gives the worker's problems the file's name. */
export async function naming<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Hdf5Problem)) throw error;
    throw new FileError(name, error.message, { cause: error.detail ? new Error(error.detail) : undefined });
  }
}
