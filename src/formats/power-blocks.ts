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
/** Largest tile: a chunk as rawspec writes them, 16 rows of 1,048,576 channels. */
const TILE_VALUES = 1 << 24;
/** A tile's rows are written one by one, and short ones cost as much as long ones. */
const MOST_TILE_ROWS = 4096;

/** Runs of values that stand next to each other, each `stride` values after the one before, counted in the range as written. */
export interface PowerBlock {
  /** All runs without gaps. Used again for the next block. */
  readonly data: Float32Array;
  readonly first: number;
  readonly runLength: number;
  readonly stride: number;
  /** How much of the range is read with this block, 0 to 1. */
  readonly fractionDone: number;
}

/** The range of `powerBlocks` in numbers. */
interface Extent {
  readonly rowStart: number;
  readonly rowStop: number;
  readonly channelStart: number;
  readonly channelStop: number;
  readonly firstIf: number;
  readonly ifs: number;
}

/**
 * Power for files in the order of SIGPROC and FBH5: time, then IF, then channel. Without `range.ifIndex` all IFs come. Blocks are
 * whole rows where several fit in 8 MB, else pieces of one row and IF, in that order. Of a source that packs many channels together
 * (`blockChannels`) come tiles of up to 64 MB instead, many rows high, so that hardly anything is unpacked twice; each value once.
 */
export async function* powerBlocks(
  source: SpectrogramSource,
  range: SpectrogramRange = {},
): AsyncGenerator<PowerBlock> {
  const { rowStart, rowStop, channelStart, channelStop, ifIndex } = resolveRange(source, range);
  const firstIf = range.ifIndex === undefined ? 0 : ifIndex;
  const ifs = range.ifIndex === undefined ? source.nifs : 1;
  const extent = { rowStart, rowStop, channelStart, channelStop, firstIf, ifs };
  const total = (rowStop - rowStart) * ifs * (channelStop - channelStart);
  const blocks =
    source.blockChannels !== undefined && total > BLOCK_VALUES
      ? tiles(source, extent, source.blockChannels)
      : ifs * (channelStop - channelStart) <= BLOCK_VALUES
        ? wholeRows(source, extent)
        : piecesOfRows(source, extent);
  let done = 0;
  for await (const block of blocks) {
    done += block.data.length;
    yield { ...block, fractionDone: done / total };
  }
}

type Block = Omit<PowerBlock, "fractionDone">;

async function* wholeRows(source: SpectrogramSource, extent: Extent): AsyncGenerator<Block> {
  const { rowStart, rowStop, channelStart, channelStop, firstIf, ifs } = extent;
  const width = channelStop - channelStart;
  const rowsAtOnce = Math.min(rowStop - rowStart, Math.floor(BLOCK_VALUES / (ifs * width)));
  const memory = new Float32Array(rowsAtOnce * ifs * width);
  const plane = ifs > 1 ? new Float32Array(rowsAtOnce * width) : memory;
  for (let row = rowStart; row < rowStop; row += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, rowStop - row);
    const data = memory.subarray(0, rows * ifs * width);
    for (let i = 0; i < ifs; i++) {
      const part = { rowStart: row, rowStop: row + rows, channelStart, channelStop, ifIndex: firstIf + i };
      const { data: one } = await source.read(part, plane.subarray(0, rows * width));
      if (ifs > 1) interleave(one, data, rows, width, i, ifs);
    }
    yield { data, first: (row - rowStart) * ifs * width, runLength: data.length, stride: data.length };
  }
}

async function* piecesOfRows(source: SpectrogramSource, extent: Extent): AsyncGenerator<Block> {
  const { rowStart, rowStop, channelStart, channelStop, firstIf, ifs } = extent;
  const memory = new Float32Array(Math.min(BLOCK_VALUES, channelStop - channelStart));
  let first = 0;
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
        yield { data, first, runLength: data.length, stride: data.length };
        first += data.length;
      }
    }
  }
}

/** Tiles end at multiples of their size in the source's own rows and channels, where its chunks end. */
async function* tiles(
  source: SpectrogramSource,
  extent: Extent,
  blockChannels: number,
): AsyncGenerator<Block> {
  const { rowStart, rowStop, channelStart, channelStop, firstIf, ifs } = extent;
  const width = channelStop - channelStart;
  const channelCell = Math.min(blockChannels, TILE_VALUES);
  // A power of two, as the rows of a chunk mostly are.
  const highest = Math.min(MOST_TILE_ROWS, TILE_VALUES / channelCell, 2 * (rowStop - rowStart));
  const tileRows = 2 ** Math.floor(Math.log2(highest));
  const tileChannels = channelCell * Math.max(1, Math.floor(TILE_VALUES / (tileRows * channelCell)));
  const memory = sharedMemory(Math.min(tileRows, rowStop - rowStart) * Math.min(tileChannels, width));
  for (let row = rowStart; row < rowStop; row = after(row, tileRows)) {
    const rowEnd = Math.min(rowStop, after(row, tileRows));
    for (let i = 0; i < ifs; i++) {
      for (let from = channelStart; from < channelStop; from = after(from, tileChannels)) {
        const to = Math.min(channelStop, after(from, tileChannels));
        const part = {
          rowStart: row,
          rowStop: rowEnd,
          channelStart: from,
          channelStop: to,
          ifIndex: firstIf + i,
        };
        const { data } = await source.read(part, memory.subarray(0, (rowEnd - row) * (to - from)));
        const first = ((row - rowStart) * ifs + i) * width + from - channelStart;
        yield { data, first, runLength: to - from, stride: ifs * width };
      }
    }
  }
}

/** Which a reader's worker fills without a copy. */
function sharedMemory(values: number): Float32Array {
  return typeof SharedArrayBuffer === "undefined"
    ? new Float32Array(values)
    : new Float32Array(new SharedArrayBuffer(values * 4));
}

function after(at: number, step: number): number {
  return (Math.floor(at / step) + 1) * step;
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

/** Where the values of a block go in a file. `bytes` are the block's, of `bytesEach` a value; value 0 of the range lies at `origin`. */
export function* placeBlock(
  { data, first, runLength, stride }: PowerBlock,
  bytes: Uint8Array,
  bytesEach: number,
  origin: number,
): Generator<{ readonly bytes: Uint8Array; readonly at: number }> {
  const atOnce = stride === runLength ? data.length : runLength;
  for (let from = 0, to = first; from < data.length; from += atOnce, to += stride) {
    yield {
      bytes: bytes.subarray(from * bytesEach, (from + atOnce) * bytesEach),
      at: origin + to * bytesEach,
    };
  }
}
