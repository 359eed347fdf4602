/** Writing SIGPROC filterbank files. */

import { resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { placeBlock, powerBlocks, type WriteOptions } from "./power-blocks.ts";
import { encodeSigprocHeader, encodeSigprocSamples, type SigprocBits } from "./sigproc-encode.ts";

/**
 * Writes a source, or a range of it, as a filterbank file in bounded memory: float32, or whole numbers of 8 or 16 bits where
 * `nbits` asks for it and the power fits exactly. Throws a FileError where the file can't be written and a UsageError for a
 * range that isn't there or power that doesn't fit; then nothing is left under `path`.
 */
export async function writeSigproc(
  path: string,
  source: SpectrogramSource,
  options: WriteOptions & { readonly nbits?: SigprocBits } = {},
): Promise<void> {
  const { range = {}, signal, onProgress, nbits = 32 } = options;
  const { rowStart, rowStop, channelStart, channelStop } = resolveRange(source, range);
  const header = encodeSigprocHeader({
    time: sliceTime(source.time, rowStart, rowStop),
    frequency: sliceFrequency(source.frequency, channelStart, channelStop),
    header: source.header,
    nifs: range.ifIndex === undefined ? source.nifs : 1,
    nbits,
  });
  await writeFileAtomically(
    path,
    async (write) => {
      await write(header);
      for await (const block of powerBlocks(source, range)) {
        const samples = encodeSigprocSamples(block.data, nbits);
        for (const { bytes, at } of placeBlock(block, samples, nbits / 8, header.length))
          await write(bytes, at);
        onProgress?.(block.fractionDone);
      }
    },
    { signal },
  );
}
