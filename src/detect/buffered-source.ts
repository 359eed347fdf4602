/** A source that reads more than it is asked for and keeps it: files are packed in blocks far wider than a window. */

import { type ResolvedRange, resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";

/** 64 MiB. */
const MOST_VALUES = 2 ** 24;

interface Kept extends ResolvedRange {
  readonly data: Float32Array;
}

/**
 * The same pixels, read about `mostValues` at a time where ranges of all rows follow each other up the band, or down it where `down` is
 * set. Ranges that are larger, or of some rows only, go straight through. Closing it leaves the source open.
 */
export function bufferedSource(
  source: SpectrogramSource,
  { down = false, mostValues = MOST_VALUES }: { readonly down?: boolean; readonly mostValues?: number } = {},
): SpectrogramSource {
  let kept: Kept | undefined;
  return {
    ...source,
    async read(range, into) {
      const r = resolveRange(source, range);
      const rows = r.rowStop - r.rowStart;
      const width = r.channelStop - r.channelStart;
      const most = Math.floor(mostValues / rows);
      if (most < width || rows < source.time.nsamples) return source.read(r, into);
      const holds =
        kept !== undefined &&
        kept.ifIndex === r.ifIndex &&
        kept.channelStart <= r.channelStart &&
        kept.channelStop >= r.channelStop;
      if (!holds) {
        kept = undefined;
        const wider = widen(r, most, source, down);
        kept = { ...wider, data: (await source.read(wider)).data };
      }
      const { data, channelStart, channelStop } = kept!;
      const result = into ?? new Float32Array(rows * width);
      for (let row = 0; row < rows; row++) {
        const at = row * (channelStop - channelStart) + r.channelStart - channelStart;
        result.set(data.subarray(at, at + width), row * width);
      }
      return {
        data: result,
        time: sliceTime(source.time, r.rowStart, r.rowStop),
        frequency: sliceFrequency(source.frequency, r.channelStart, r.channelStop),
        header: source.header,
        source: source.name,
      };
    },
    async close() {
      kept = undefined;
    },
  };
}

/** `most` channels from where the range begins, or up to where it ends. Stops where a block does, so that none is unpacked twice. */
function widen(
  range: ResolvedRange,
  most: number,
  { blockChannels = 1, frequency }: SpectrogramSource,
  down: boolean,
): ResolvedRange {
  const block = blockChannels < most ? blockChannels : 1;
  if (down) {
    const start = Math.ceil(Math.max(0, range.channelStop - most) / block) * block;
    return { ...range, channelStart: Math.min(range.channelStart, start) };
  }
  const stop = Math.floor(Math.min(frequency.nchans, range.channelStart + most) / block) * block;
  return { ...range, channelStop: Math.max(range.channelStop, stop) };
}
