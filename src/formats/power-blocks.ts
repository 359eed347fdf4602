/** A range of a source as a stream of blocks, for writers that need all of it in bounded memory. */

import { resolveRange } from "../signal/range.ts";
import type { SpectrogramRange, SpectrogramSource } from "../signal/spectrogram.ts";

/** What every writer of spectrograms takes. */
export interface WriteOptions {
  /** The part to write; all rows, channels and IFs where it leaves them out. */
  readonly range?: SpectrogramRange;
  readonly signal?: AbortSignal;
  /** Told how much is written, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Largest block, channels times rows times IFs. */
const BLOCK_VALUES = 1 << 21;

export interface PowerBlock {
  /** Used again for the next block. */
  readonly data: Float32Array;
  /** How much of the range is read with this block, 0 to 1. */
  readonly fractionDone: number;
}

/**
 * Power in the order of SIGPROC and FBH5: time, then IF, then channel. Without `range.ifIndex` all IFs come. Blocks are whole
 * rows where several fit in 8 MB, else pieces of one row and IF.
 */
export async function* powerBlocks(
  source: SpectrogramSource,
  range: SpectrogramRange = {},
): AsyncGenerator<PowerBlock> {
  const { rowStart, rowStop, channelStart, channelStop, ifIndex } = resolveRange(source, range);
  const width = channelStop - channelStart;
  const firstIf = range.ifIndex === undefined ? 0 : ifIndex;
  const ifs = range.ifIndex === undefined ? source.nifs : 1;
  const total = (rowStop - rowStart) * ifs * width;
  const memory = new Float32Array(Math.min(BLOCK_VALUES, total));
  const plane = ifs > 1 && ifs * width <= BLOCK_VALUES ? new Float32Array(memory.length) : memory;
  let done = 0;

  if (ifs * width <= BLOCK_VALUES) {
    const rowsAtOnce = Math.floor(BLOCK_VALUES / (ifs * width));
    for (let row = rowStart; row < rowStop; row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, rowStop - row);
      const data = memory.subarray(0, rows * ifs * width);
      for (let i = 0; i < ifs; i++) {
        const part = { rowStart: row, rowStop: row + rows, channelStart, channelStop, ifIndex: firstIf + i };
        const { data: one } = await source.read(part, plane.subarray(0, rows * width));
        if (ifs > 1) interleave(one, data, rows, width, i, ifs);
      }
      done += data.length;
      yield { data, fractionDone: done / total };
    }
    return;
  }
  for (let row = rowStart; row < rowStop; row++) {
    for (let i = 0; i < ifs; i++) {
      for (let from = channelStart; from < channelStop; from += BLOCK_VALUES) {
        const to = Math.min(channelStop, from + BLOCK_VALUES);
        const part = {
          rowStart: row,
          rowStop: row + 1,
          channelStart: from,
          channelStop: to,
          ifIndex: firstIf + i,
        };
        const { data } = await source.read(part, memory.subarray(0, to - from));
        done += data.length;
        yield { data, fractionDone: done / total };
      }
    }
  }
}

function interleave(
  one: Float32Array,
  all: Float32Array,
  rows: number,
  width: number,
  i: number,
  ifs: number,
): void {
  for (let row = 0; row < rows; row++) {
    all.set(one.subarray(row * width, (row + 1) * width), (row * ifs + i) * width);
  }
}
