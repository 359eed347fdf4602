/** The options that pick a part of a file, the same in every command that reads one. */

import type { Command } from "commander";
import { UsageError } from "../signal/errors.ts";
import { channelsBetween } from "../signal/range.ts";
import type { SpectrogramRange, SpectrogramSource, TimeAxis } from "../signal/spectrogram.ts";
import { parseInteger, parseNumber } from "./options.ts";

export interface RangeOptions {
  readonly fStart?: number;
  readonly fStop?: number;
  readonly tStart?: number;
  readonly tStop?: number;
  readonly if?: number;
}

export function addRangeOptions(command: Command): Command {
  return command
    .option("--f-start <MHz>", "only channels from this frequency on", parseNumber({ unit: "MHz" }))
    .option("--f-stop <MHz>", "only channels up to this frequency", parseNumber({ unit: "MHz" }))
    .option(
      "--t-start <s>",
      "only rows from this time after the start on",
      parseNumber({ min: 0, unit: "s" }),
    )
    .option(
      "--t-stop <s>",
      "only rows before this time after the start",
      parseNumber({ above: 0, unit: "s" }),
    )
    .option("--if <n>", "the IF (polarisation), from 0", parseInteger({ min: 0 }));
}

/** The rows and channels of a source that the options ask for. Throws a UsageError where there are none. */
export function selectRange(source: SpectrogramSource, options: RangeOptions): SpectrogramRange {
  return {
    ...rowsBetween(source.name, source.time, options.tStart, options.tStop),
    ...channelsBetween(source.name, source.frequency, options.fStart, options.fStop),
    ...(options.if === undefined ? {} : { ifIndex: options.if }),
  };
}

/** The rows that begin at `startS` or later and before `stopS`, seconds after the first row's beginning. */
export function rowsBetween(
  name: string,
  axis: TimeAxis,
  startS: number | undefined,
  stopS: number | undefined,
): { rowStart: number; rowStop: number } {
  const row = (seconds: number) =>
    Math.min(axis.nsamples, Math.max(0, Math.ceil(seconds / axis.tsampS - 1e-6)));
  const rowStart = startS === undefined ? 0 : row(startS);
  const rowStop = stopS === undefined ? axis.nsamples : row(stopS);
  if (rowStart >= rowStop) {
    const lengthS = axis.nsamples * axis.tsampS;
    throw new UsageError(
      `${name}: no row begins between ${startS ?? 0} and ${stopS ?? lengthS} s; ` +
        `the file has ${axis.nsamples} rows of ${axis.tsampS} s, ${lengthS} s in all.`,
    );
  }
  return { rowStart, rowStop };
}
