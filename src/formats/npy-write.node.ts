/** Writing spectrograms as .npy files. */

import { resolveRange } from "../signal/range.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { encodeNpyHeader } from "./npy.ts";
import { placeBlock, powerBlocks, type WriteOptions } from "./power-blocks.ts";
import { bytesOf } from "./sample-bits.ts";

/**
 * Writes one IF of a source, IF 0 unless `range` says other, as a float32 array (time, frequency), in bounded memory. The axes
 * and the header are lost. Throws a FileError where the file can't be written, a UsageError for a range that isn't there.
 */
export async function writeNpy(
  path: string,
  source: SpectrogramSource,
  options: WriteOptions = {},
): Promise<void> {
  const range = { ...options.range, ifIndex: options.range?.ifIndex ?? 0 };
  const { rowStart, rowStop, channelStart, channelStop } = resolveRange(source, range);
  await writeFileAtomically(
    path,
    async (write) => {
      const header = encodeNpyHeader("<f4", [rowStop - rowStart, channelStop - channelStart]);
      await write(header);
      for await (const block of powerBlocks(source, range)) {
        const power = bytesOf(block.data, 0, block.data.length);
        for (const { bytes, at } of placeBlock(block, power, 4, header.length)) await write(bytes, at);
        options.onProgress?.(block.fractionDone);
      }
    },
    { signal: options.signal },
  );
}
