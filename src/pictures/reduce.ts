/**
 * Fewer rows and channels than a recording has, so that it fits a picture. Each picture cell takes the largest value of the
 * channels and rows that it covers, so that a line one channel wide stays in sight, or their mean, which lowers the noise.
 * Every channel and row falls in exactly one cell. NaN, a missing value, is left out; a cell with nothing else is NaN.
 */

import { resolveRange } from "../signal/range.ts";
import {
  channelFrequencyMHz,
  type FrequencyAxis,
  type Spectrogram,
  type SpectrogramRange,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
  type TimeAxis,
} from "../signal/spectrogram.ts";

export const reductionNames = ["max", "mean"] as const;
export type ReductionName = (typeof reductionNames)[number];

export interface ReduceOptions {
  /** At most so many rows and columns; fewer where the recording has fewer. */
  readonly rows: number;
  readonly columns: number;
  readonly reduction?: ReductionName;
  /** Called after each piece with the values read so far, and all of them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Values read at a time, 64 MiB of them, and channels: a coarse channel of the fine product, 16 rows deep. */
const PIECE_VALUES = 2 ** 24;
const PIECE_CHANNELS = 2 ** 20;

/** A range of a source, of any size, as a small spectrogram. Memory: one piece of 64 MiB and the result. */
export async function reduceSource(
  source: SpectrogramSource,
  range: SpectrogramRange,
  options: ReduceOptions,
): Promise<Spectrogram> {
  const { rowStart, rowStop, channelStart, channelStop, ifIndex } = resolveRange(source, range);
  const grid = makeGrid(rowStop - rowStart, channelStop - channelStart, options);
  const pieceChannels = Math.min(PIECE_CHANNELS, channelStop - channelStart);
  const pieceRows = Math.max(1, Math.min(Math.floor(PIECE_VALUES / pieceChannels), rowStop - rowStart));
  const buffer = new Float32Array(pieceRows * pieceChannels);
  const total = (rowStop - rowStart) * (channelStop - channelStart);
  let done = 0;
  for (let row = rowStart; row < rowStop; row += pieceRows) {
    const rows = Math.min(pieceRows, rowStop - row);
    let channel = channelStart;
    while (channel < channelStop) {
      const wall = (Math.floor(channel / pieceChannels) + 1) * pieceChannels;
      const stop = Math.min(channelStop, wall);
      const width = stop - channel;
      const piece = await source.read(
        { rowStart: row, rowStop: row + rows, channelStart: channel, channelStop: stop, ifIndex },
        buffer.subarray(0, rows * width),
      );
      gather(grid, piece.data, rows, width, row - rowStart, channel - channelStart);
      done += rows * width;
      options.onProgress?.(done, total);
      channel = stop;
    }
  }
  const axes = {
    time: sliceTime(source.time, rowStart, rowStop),
    frequency: sliceFrequency(source.frequency, channelStart, channelStop),
  };
  return finish(grid, axes, source.header, source.name);
}

/** As `reduceSource`, of a spectrogram in memory. One that is small enough already is given back as it is. */
export function reduceSpectrogram(whole: Spectrogram, options: ReduceOptions): Spectrogram {
  const { nsamples } = whole.time;
  const { nchans } = whole.frequency;
  if (nsamples <= options.rows && nchans <= options.columns) return whole;
  const grid = makeGrid(nsamples, nchans, options);
  gather(grid, whole.data, nsamples, nchans, 0, 0);
  return finish(grid, whole, whole.header, whole.source);
}

interface Grid {
  readonly reduction: ReductionName;
  /** Of the recording. */
  readonly height: number;
  readonly width: number;
  /** Of the picture. */
  readonly rows: number;
  readonly columns: number;
  /** Largest value so far, or the sum. */
  readonly values: Float32Array | Float64Array;
  readonly counts: Uint32Array;
}

function makeGrid(height: number, width: number, options: ReduceOptions): Grid {
  const rows = Math.min(height, options.rows);
  const columns = Math.min(width, options.columns);
  const reduction = options.reduction ?? "max";
  const cells = rows * columns;
  return {
    reduction,
    height,
    width,
    rows,
    columns,
    values: reduction === "max" ? new Float32Array(cells).fill(Number.NaN) : new Float64Array(cells),
    counts: new Uint32Array(reduction === "max" ? 0 : cells),
  };
}

/** Which of `cells` cells, as even as whole numbers allow, item `i` of `length` falls in. Cell c begins at floor(c length / cells). */
function cellOf(i: number, length: number, cells: number): number {
  return Math.floor(((i + 1) * cells - 1) / length);
}

function gather(
  grid: Grid,
  data: Float32Array,
  rows: number,
  width: number,
  firstRow: number,
  firstChannel: number,
): void {
  const { values, counts } = grid;
  const columnOf = new Uint32Array(width);
  for (let i = 0; i < width; i++) columnOf[i] = cellOf(firstChannel + i, grid.width, grid.columns);
  for (let row = 0; row < rows; row++) {
    const base = cellOf(firstRow + row, grid.height, grid.rows) * grid.columns;
    const at = row * width;
    if (grid.reduction === "max") {
      for (let channel = 0; channel < width; channel++) {
        const value = data[at + channel]!;
        const cell = base + columnOf[channel]!;
        if (!(value <= values[cell]!) && !Number.isNaN(value)) values[cell] = value;
      }
    } else {
      for (let channel = 0; channel < width; channel++) {
        const value = data[at + channel]!;
        if (Number.isNaN(value)) continue;
        const cell = base + columnOf[channel]!;
        values[cell]! += value;
        counts[cell]!++;
      }
    }
  }
}

function finish(
  grid: Grid,
  axes: { readonly time: TimeAxis; readonly frequency: FrequencyAxis },
  header: Spectrogram["header"],
  source: string,
): Spectrogram {
  const { values, counts, rows, columns } = grid;
  const data =
    values instanceof Float32Array ? values : Float32Array.from(values, (sum, i) => sum / counts[i]!);
  const { time, frequency } = axes;
  const channelsEach = frequency.nchans / columns;
  return {
    data,
    time: { tstartMjd: time.tstartMjd, tsampS: (time.tsampS * time.nsamples) / rows, nsamples: rows },
    frequency: {
      fch1MHz: channelFrequencyMHz(frequency, (channelsEach - 1) / 2),
      foffMHz: frequency.foffMHz * channelsEach,
      nchans: columns,
    },
    header,
    source,
  };
}
