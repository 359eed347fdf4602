/** The band that all scans of a cadence have: its channels are counted alike in every scan, whatever the files' own order. */

import type { Cadence, ScanRole } from "../signal/cadence.ts";
import { coarseChannels } from "../signal/coarse-channels.ts";
import { UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import {
  channelFrequencyMHz,
  type FrequencyAxis,
  frequencyChannel,
  type SpectrogramSource,
} from "../signal/spectrogram.ts";
import { bufferedSource } from "./buffered-source.ts";

export interface BandOptions {
  /** Channels of the first scan, half-open; all if left out. */
  readonly channelStart?: number | undefined;
  readonly channelStop?: number | undefined;
  readonly ifIndex?: number | undefined;
  /** Fine channels in a coarse one, where the header doesn't tell: the middle one of each is DC. */
  readonly channelsPerCoarse?: number | undefined;
}

export interface BandScan {
  readonly role: ScanRole;
  readonly source: SpectrogramSource;
  /** Of the source, for channel 0 of the band. */
  readonly first: number;
  /** -1 where the source's frequencies run the other way. */
  readonly step: 1 | -1;
  /** Of the source, ascending. */
  readonly dcChannels: readonly number[];
}

export interface Band {
  readonly scans: readonly BandScan[];
  /** As the first scan counts. */
  readonly frequency: FrequencyAxis;
  readonly ifIndex: number;
}

/** A relative difference of channel widths that a header's rounding explains. */
const SAME_WIDTH = 1e-6;

/** Throws a UsageError where the scans' channels differ in width or they have no band in common. */
export function commonBand(cadence: Cadence<SpectrogramSource>, options: BandOptions = {}): Band {
  const { source: reference } = cadence.scans[0]!;
  const axis = reference.frequency;
  const { channelStart, channelStop, ifIndex } = resolveRange(reference, options);
  let [low, high] = [channelStart, channelStop];
  const places = cadence.scans.map(({ role, source }) => {
    const { frequency } = source;
    if (Math.abs(Math.abs(frequency.foffMHz / axis.foffMHz) - 1) > SAME_WIDTH) {
      throw new UsageError(
        `${source.name}: channels are ${Math.abs(frequency.foffMHz * 1e6)} Hz wide, but those of ${reference.name} ${Math.abs(axis.foffMHz * 1e6)} Hz. ` +
          "Give scans of one cadence in one product.",
      );
    }
    const step = Math.sign(frequency.foffMHz) === Math.sign(axis.foffMHz) ? 1 : -1;
    /** Channel 0 of the reference, in this source. */
    const zero = Math.round(frequencyChannel(frequency, axis.fch1MHz));
    const first = step === 1 ? -zero : zero - (frequency.nchans - 1);
    low = Math.max(low, first);
    high = Math.min(high, first + frequency.nchans);
    return { role, source, step, zero } as const;
  });
  if (low >= high) {
    throw new UsageError(
      `The scans have no frequencies in common: ${cadence.scans.map(({ source }) => source.name).join(", ")}. Give scans of one cadence.`,
    );
  }
  return {
    ifIndex,
    frequency: {
      fch1MHz: channelFrequencyMHz(axis, low),
      foffMHz: axis.foffMHz,
      nchans: high - low,
    },
    scans: places.map(({ role, source, step, zero }) => ({
      role,
      source: bufferedSource(source, { down: step === -1 }),
      step,
      first: zero + step * low,
      dcChannels: dcChannels(source.frequency, options.channelsPerCoarse),
    })),
  };
}

/** Reads rows and channels of the band, half-open, as rows x channels into `into`. A DC channel becomes the mean of its neighbours. */
export async function readBand(
  { scans, ifIndex }: Band,
  scan: number,
  rows: { readonly start: number; readonly stop: number },
  channels: { readonly start: number; readonly stop: number },
  into: Float32Array,
): Promise<void> {
  const { source, first, step, dcChannels } = scans[scan]!;
  const width = channels.stop - channels.start;
  const ends = [first + step * channels.start, first + step * (channels.stop - 1)];
  const channelStart = Math.min(...ends);
  await source.read(
    { rowStart: rows.start, rowStop: rows.stop, channelStart, channelStop: channelStart + width, ifIndex },
    into,
  );
  for (const dc of dcChannels) {
    const column = dc - channelStart;
    if (column < 0 || column >= width) continue;
    const sides = [column - 1, column + 1].filter((side) => side >= 0 && side < width);
    for (let at = 0; at < into.length; at += width) {
      let sum = 0;
      for (const side of sides) sum += into[at + side]!;
      if (sides.length > 0) into[at + column] = sum / sides.length;
    }
  }
  if (step === -1) {
    for (let at = 0; at < into.length; at += width) into.subarray(at, at + width).reverse();
  }
}

function dcChannels(axis: FrequencyAxis, channelsPerCoarse: number | undefined): number[] {
  const coarse = coarseChannels(axis, { channelsPerCoarse });
  return Array.from({ length: coarse.count }, (_, i) => coarse.dcChannelOf(i)).flatMap((dc) => dc ?? []);
}
