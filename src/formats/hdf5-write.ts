/**
 * Writing HDF5 filterbanks: float32, chunked as blimpy chunks its data products, packed with bitshuffle and LZ4 (HDF5 filter 32008:
 * Masui et al. 2015, Astronomy and Computing 12, 181) or gzip.
 */

import { resolveRange } from "../signal/range.ts";
import {
  type SpectrogramRange,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
} from "../signal/spectrogram.ts";
import { naming, newHdf5FileNumber } from "./hdf5.ts";
import type { Hdf5WritePlan } from "./hdf5-library.ts";
import { type Block, blockLength, cutIntoPieces } from "./hdf5-pieces.ts";
import type { Hdf5Channel } from "./hdf5-service.ts";
import type { WriteOptions } from "./power-blocks.ts";

export interface WriteHdf5Options extends WriteOptions {
  /** Bitshuffle packs about as tightly as gzip, and twenty times faster; gzip is for readers that lack the plugin. */
  readonly compression?: "bitshuffle" | "gzip" | "none";
  /** Rows, IFs (1) and channels of a chunk. */
  readonly chunks?: readonly [number, number, number];
}

const FILTERS = {
  // Block size 0: bitshuffle's choice; 2: LZ4.
  bitshuffle: { id: 32008, options: [0, 2] },
  gzip: { id: 1, options: [4] },
  none: undefined,
};
const PIECE_VALUES = 1 << 22;
const SMALL_CHUNK_VALUES = 1 << 14;
const AIM_CHUNK_VALUES = 1 << 18;
// biome-ignore format: a list
const DOUBLES = new Set([
  "fch1", "foff", "tsamp", "tstart", "src_raj", "src_dej", "az_start", "za_start", "refdm", "period",
]);

/** Streams a source to the file that the worker makes at `path`. `name` is what a person calls it. */
export async function writeHdf5Through(
  channel: Hdf5Channel,
  { name, path }: { name: string; path: string },
  source: SpectrogramSource,
  options: WriteHdf5Options = {},
): Promise<void> {
  const file = newHdf5FileNumber();
  const part = resolveRange(source, options.range);
  const firstIf = part.ifIndex;
  const nifs = options.range?.ifIndex === undefined ? source.nifs : 1;
  const plan = planHdf5(source, part, nifs, options);
  const chunk = { rows: plan.chunks[0], channels: plan.chunks[2] };
  const memory = pieceMemory(Math.max(PIECE_VALUES, chunk.rows * chunk.channels), blockLength(part));

  await naming(name, channel.request({ op: "create", file, path, plan }));
  try {
    let written = 0;
    // Pieces are cut of the new file, whose chunks start at the part's corner.
    const whole: Block = { rowStart: 0, rowStop: plan.shape[0], channelStart: 0, channelStop: plan.shape[2] };
    for (let ifIndex = 0; ifIndex < nifs; ifIndex++) {
      for (const piece of cutIntoPieces(whole, chunk, PIECE_VALUES)) {
        options.signal?.throwIfAborted();
        const from: SpectrogramRange = {
          rowStart: part.rowStart + piece.rowStart,
          rowStop: part.rowStart + piece.rowStop,
          channelStart: part.channelStart + piece.channelStart,
          channelStop: part.channelStart + piece.channelStop,
          ifIndex: firstIf + ifIndex,
        };
        const { data } = await source.read(from, memory.subarray(0, blockLength(piece)));
        await naming(name, channel.request({ op: "write", file, range: { ...piece, ifIndex }, data }));
        written += data.length;
        options.onProgress?.(written / (blockLength(part) * nifs));
      }
    }
    await naming(name, channel.request({ op: "close", file }));
  } catch (error) {
    await channel.request({ op: "close", file }).catch(() => {});
    throw error;
  }
}

/** Shared with the worker where the place allows it, so that nothing is copied on the way. */
function pieceMemory(largestPiece: number, all: number): Float32Array {
  const values = Math.min(largestPiece, all);
  return typeof SharedArrayBuffer === "undefined"
    ? new Float32Array(values)
    : new Float32Array(new SharedArrayBuffer(values * 4));
}

function planHdf5(
  source: SpectrogramSource,
  part: Block,
  nifs: number,
  options: WriteHdf5Options,
): Hdf5WritePlan {
  const time = sliceTime(source.time, part.rowStart, part.rowStop);
  const frequency = sliceFrequency(source.frequency, part.channelStart, part.channelStop);
  const shape: Shape = [time.nsamples, nifs, frequency.nchans];
  const attributes: Record<string, string | number> = {};
  const fields = { source_name: "unknown", machine_id: 0, telescope_id: 0, data_type: 1, ...source.header };
  for (const [keyword, value] of Object.entries(fields)) if (value !== undefined) attributes[keyword] = value;
  Object.assign(attributes, {
    fch1: frequency.fch1MHz,
    foff: frequency.foffMHz,
    tsamp: time.tsampS,
    tstart: time.tstartMjd,
    nchans: frequency.nchans,
    nifs,
    nbits: 32,
  });
  const integers = Object.entries(attributes).filter(
    ([keyword, value]) => Number.isSafeInteger(value) && !DOUBLES.has(keyword),
  );
  return {
    shape,
    chunks: options.chunks
      ? clampChunks(options.chunks, shape)
      : defaultChunks(shape, frequency.foffMHz, time.tsampS),
    filter: FILTERS[options.compression ?? "bitshuffle"],
    attributes,
    integers: integers.map(([keyword]) => keyword),
    rootAttributes: { CLASS: "FILTERBANK", VERSION: "1.0" },
    dimensionLabels: ["time", "feed_id", "frequency"],
  };
}

type Shape = readonly [number, number, number];

/**
 * blimpy's chunks for the three products of Breakthrough Listen (waterfall.py, _get_chunk_dimensions): fine in frequency, fine in
 * time, in between; about 1 MB for anything else. Small chunks, as in cut-outs, grow along time to about 1 MB.
 */
export function defaultChunks(shape: Shape, foffMHz: number, tsampS: number): [number, number, number] {
  const [rows, , nchans] = shape;
  const spacing = Math.abs(foffMHz);
  const product: Shape =
    spacing < 1e-5
      ? [1, 1, 1_048_576]
      : tsampS < 1e-3
        ? [2048, 1, 512]
        : spacing < 1e-2
          ? [10, 1, 65_536]
          : [1, 1, AIM_CHUNK_VALUES];
  const [chunkRows, , channels] = clampChunks(product, shape);
  if (chunkRows * channels >= SMALL_CHUNK_VALUES) return [chunkRows, 1, channels];
  return [
    Math.min(rows, Math.max(chunkRows, Math.floor(AIM_CHUNK_VALUES / channels))),
    1,
    Math.min(channels, nchans),
  ];
}

function clampChunks(chunks: Shape, shape: Shape): [number, number, number] {
  return [Math.min(chunks[0], shape[0]), 1, Math.min(chunks[2], shape[2])];
}
