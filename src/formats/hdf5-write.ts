/**
 * Writing HDF5 filterbanks: float32, chunked as blimpy chunks its data products, packed with bitshuffle and LZ4 (HDF5 filter 32008:
 * Masui et al. 2015, Astronomy and Computing 12, 181) or gzip.
 */

import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { naming, newHdf5FileNumber } from "./hdf5.ts";
import type { Hdf5WritePlan } from "./hdf5-library.ts";
import { type Block, blockLength, cutIntoPieces } from "./hdf5-pieces.ts";
import type { Hdf5Channel } from "./hdf5-service.ts";

export interface WriteHdf5Options {
  /** Bitshuffle packs as tightly as gzip here, and twenty times faster; gzip is read where the plugin is missing. */
  readonly compression?: "bitshuffle" | "gzip" | "none";
  /** Rows, IFs (1) and channels of a chunk. */
  readonly chunks?: readonly [number, number, number];
  /** Called with the share that is written, 0 to 1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
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
const DOUBLES = ["src_raj", "src_dej", "az_start", "za_start", "refdm", "period"];

/** Streams a source to the file that the worker makes at `path`. `name` is what a person calls it. */
export async function writeHdf5Through(
  channel: Hdf5Channel,
  { name, path }: { name: string; path: string },
  source: SpectrogramSource,
  options: WriteHdf5Options = {},
): Promise<void> {
  const file = newHdf5FileNumber();
  const plan = planHdf5(source, options);
  const [rows, nifs, nchans] = plan.shape;
  const all: Block = { rowStart: 0, rowStop: rows, channelStart: 0, channelStop: nchans };
  const chunk = { rows: plan.chunks[0], channels: plan.chunks[2] };
  await naming(name, channel.request({ op: "create", file, path, plan }));
  try {
    let written = 0;
    for (let ifIndex = 0; ifIndex < nifs; ifIndex++) {
      for (const piece of cutIntoPieces(all, chunk, PIECE_VALUES)) {
        options.signal?.throwIfAborted();
        const range = { ...piece, ifIndex };
        const { data } = await source.read(range);
        // Only memory of its own can be handed over: a view of the source's would take the source's memory with it.
        const isWhole = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength;
        const own = isWhole && nifs * rows * nchans > data.length ? data : data.slice();
        await naming(
          name,
          channel.request({ op: "write", file, range, data: own }, [own.buffer as ArrayBuffer]),
        );
        written += blockLength(piece);
        options.onProgress?.(written / (rows * nifs * nchans));
      }
    }
    await naming(name, channel.request({ op: "close", file }));
  } catch (error) {
    await channel.request({ op: "close", file }).catch(() => {});
    throw error;
  }
}

export function planHdf5(source: SpectrogramSource, options: WriteHdf5Options = {}): Hdf5WritePlan {
  const { time, frequency, header, nifs } = source;
  const shape = [time.nsamples, nifs, frequency.nchans] as const;
  const attributes: Record<string, string | number> = {
    source_name: "unknown",
    machine_id: 0,
    telescope_id: 0,
  };
  for (const [keyword, value] of Object.entries(header)) if (value !== undefined) attributes[keyword] = value;
  Object.assign(attributes, {
    fch1: frequency.fch1MHz,
    foff: frequency.foffMHz,
    tsamp: time.tsampS,
    tstart: time.tstartMjd,
    nchans: frequency.nchans,
    nifs,
    nbits: 32,
    data_type: header.data_type ?? 1,
  });
  const axes = ["fch1", "foff", "tsamp", "tstart"];
  const integers = Object.entries(attributes).filter(
    ([keyword, value]) =>
      Number.isSafeInteger(value) && !DOUBLES.includes(keyword) && !axes.includes(keyword),
  );
  return {
    shape: [...shape],
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
