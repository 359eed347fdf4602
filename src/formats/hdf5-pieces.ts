/**
 * How ranges of a chunked dataset are cut into pieces. HDF5 inflates a chunk whole whenever a read touches it, and keeps at
 * most 1 MB of what it inflated: pieces must end where chunks end, or chunks are inflated many times over.
 */

/** A block of rows and channels, half open. */
export interface Block {
  readonly rowStart: number;
  readonly rowStop: number;
  readonly channelStart: number;
  readonly channelStop: number;
}

export interface ChunkShape {
  readonly rows: number;
  readonly channels: number;
}

/**
 * Cuts `range` into blocks of at most `budget` values, or of one chunk where a chunk is larger. No two blocks share a chunk.
 * `chunk` undefined means rows that lie one after the other. Blocks grow along time first: they come channels by channels.
 */
export function* cutIntoPieces(
  range: Block,
  chunk: ChunkShape | undefined,
  budget: number,
): Generator<Block> {
  const channels = range.channelStop - range.channelStart;
  // Without chunks, the pieces' grid starts at the range's own corner.
  const cell = chunk ?? { rows: 1, channels: Math.min(channels, budget) };
  const originRow = chunk ? 0 : range.rowStart;
  const originChannel = chunk ? 0 : range.channelStart;

  const rowStep = cell.rows * timesWithin(budget, cell.rows * cell.channels);
  const touchedRows =
    Math.ceil((range.rowStop - originRow) / cell.rows) - Math.floor((range.rowStart - originRow) / cell.rows);
  const coveredRows = Math.min(rowStep, touchedRows * cell.rows);
  const channelStep = cell.channels * timesWithin(budget, coveredRows * cell.channels);

  const channelAfter = (at: number) =>
    originChannel + (Math.floor((at - originChannel) / channelStep) + 1) * channelStep;
  const rowAfter = (at: number) => originRow + (Math.floor((at - originRow) / rowStep) + 1) * rowStep;
  for (let c = range.channelStart; c < range.channelStop; c = channelAfter(c)) {
    for (let r = range.rowStart; r < range.rowStop; r = rowAfter(r)) {
      yield {
        rowStart: r,
        rowStop: Math.min(range.rowStop, rowAfter(r)),
        channelStart: c,
        channelStop: Math.min(range.channelStop, channelAfter(c)),
      };
    }
  }
}

function timesWithin(budget: number, size: number): number {
  return Math.max(1, Math.floor(budget / size));
}

export function blockLength(block: Block): number {
  return (block.rowStop - block.rowStart) * (block.channelStop - block.channelStart);
}
