/** Ranges of rows, channels and frequencies, checked against what a source holds. */

import { UsageError } from "./errors.ts";
import {
  bandEdgesMHz,
  type FrequencyAxis,
  frequencyChannel,
  type SpectrogramRange,
  type SpectrogramSource,
} from "./spectrogram.ts";

export type ResolvedRange = Required<SpectrogramRange>;

/** Fills in what a range leaves out. Throws a UsageError where it isn't whole numbers within the source, or is empty. */
export function resolveRange(
  source: Pick<SpectrogramSource, "name" | "time" | "frequency" | "nifs">,
  range: SpectrogramRange = {},
): ResolvedRange {
  const rows = { start: range.rowStart ?? 0, stop: range.rowStop ?? source.time.nsamples };
  const channels = { start: range.channelStart ?? 0, stop: range.channelStop ?? source.frequency.nchans };
  checkInterval(source.name, "rows", rows, source.time.nsamples);
  checkInterval(source.name, "channels", channels, source.frequency.nchans);
  const ifIndex = range.ifIndex ?? 0;
  if (!Number.isInteger(ifIndex) || ifIndex < 0 || ifIndex >= source.nifs) {
    throw new UsageError(
      `${source.name}: IF ${ifIndex} was asked for; the file has IFs 0 to ${source.nifs - 1}. Ask for one of these.`,
    );
  }
  return {
    rowStart: rows.start,
    rowStop: rows.stop,
    channelStart: channels.start,
    channelStop: channels.stop,
    ifIndex,
  };
}

function checkInterval(
  name: string,
  what: string,
  { start, stop }: { start: number; stop: number },
  length: number,
) {
  if (Number.isInteger(start) && Number.isInteger(stop) && start >= 0 && start < stop && stop <= length)
    return;
  throw new UsageError(
    `${name}: ${what} ${start} to ${stop} were asked for; there are ${what} 0 to ${length}.`,
  );
}

/**
 * The channels whose centres lie between two frequencies, in either order; a missing bound means the band's edge. Throws a
 * UsageError that gives the band where none do.
 */
export function channelsBetween(
  name: string,
  axis: FrequencyAxis,
  startMHz: number | undefined,
  stopMHz: number | undefined,
): { channelStart: number; channelStop: number } {
  const edges = bandEdgesMHz(axis);
  const bounds = [startMHz ?? edges.low, stopMHz ?? edges.high].map((f) => frequencyChannel(axis, f));
  const first = Math.max(0, Math.ceil(Math.min(...bounds) - 1e-6));
  const last = Math.min(axis.nchans - 1, Math.floor(Math.max(...bounds) + 1e-6));
  if (!(first <= last)) {
    throw new UsageError(
      `${name}: no channel lies between ${startMHz ?? edges.low} and ${stopMHz ?? edges.high} MHz; ` +
        `the band is ${edges.low.toFixed(6)} to ${edges.high.toFixed(6)} MHz.`,
    );
  }
  return { channelStart: first, channelStop: last + 1 };
}
