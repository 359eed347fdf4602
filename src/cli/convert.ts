/** `lodestone convert`: a file in another format, whole or a part of it. */

import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { Command } from "commander";
import { openSpectrograms, writeSpectrogram } from "../formats/open.node.ts";
import { grouped } from "../signal/describe.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";
import { addRangeOptions, type RangeOptions, selectRange } from "./range-options.ts";

export interface ConvertOptions extends RangeOptions {
  /** Which spectrogram of a file that holds several, from 0. */
  readonly panel?: number;
  readonly allowTruncated?: boolean;
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** Told how much is written, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

export interface Converted {
  readonly rows: number;
  readonly channels: number;
  readonly ifs: number;
  /** What a person should know of the result: sentences. */
  readonly notes: readonly string[];
}

const endings = [".fil", ".h5", ".hdf5", ".npy"];

const examples = `
The ending of <out> gives the format: .fil (SIGPROC, 32 bits), .h5 (FBH5, bitshuffle and LZ4) or .npy (NumPy, float32, time by
frequency, one IF, without axes or header). Without an option that picks a part, all of <in> is written, every IF where the format
can hold them. The work is done in pieces, so files may be larger than memory.

Examples:
  $ lodestone convert scan.fil scan.h5
  $ lodestone convert scan.h5 carrier.fil --f-start 8419.296 --f-stop 8419.298
  $ lodestone convert scan.h5 stokes-q.npy --if 1 --t-stop 60
`;

export function convertCommand(): Command {
  const command = new Command("convert")
    .description("Write a file in another format, or a part of it.")
    .argument("<in>", "the file to read (.fil, .h5, .npy)")
    .argument("<out>", "the file to write (.fil, .h5, .npy)");
  return addRangeOptions(command)
    .option(
      "--panel <n>",
      "which spectrogram of an .npy that holds several, from 0",
      parseInteger({ min: 0 }),
    )
    .option("--allow-truncated", "read the whole rows of a file that was cut short")
    .option("--force", "replace <out> if it is there")
    .addHelpText("after", examples)
    .action(async (input: string, output: string, options: ConvertOptions) => {
      const progress = startProgress("Writing", 1);
      const converted = await convert(input, output, {
        ...options,
        onProgress: (fraction) => progress.update(fraction),
      }).finally(() => progress.finish());
      for (const note of converted.notes) process.stderr.write(`${note}\n`);
      const ifs = converted.ifs === 1 ? "" : ` x ${converted.ifs} IFs`;
      process.stderr.write(
        `Wrote ${output} (${grouped(converted.rows)} rows${ifs} x ${grouped(converted.channels)} channels).\n`,
      );
    });
}

/**
 * Writes `input`, or the part that the options pick, to `output`, whose ending gives the format, in bounded memory. Throws a
 * FileError where one can't be read or written or `output` is there already, a UsageError where the options don't fit.
 */
export async function convert(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  await checkOutput(input, output, options.force ?? false);
  const sources = await openSpectrograms(input, { allowTruncated: options.allowTruncated });
  try {
    const source = pickPanel(input, sources, options.panel);
    const range = selectRange(source, options);
    const { rowStart, rowStop, channelStart, channelStop } = resolveRange(source, range);
    await writeSpectrogram(output, source, { range, onProgress: options.onProgress });
    const oneIfOnly = extname(output).toLowerCase() === ".npy";
    const notes =
      oneIfOnly && source.nifs > 1 && range.ifIndex === undefined
        ? [`${output} holds IF 0 of ${source.nifs}, as an .npy takes one; choose with --if.`]
        : [];
    return {
      rows: rowStop - rowStart,
      channels: channelStop - channelStart,
      ifs: oneIfOnly || range.ifIndex !== undefined ? 1 : source.nifs,
      notes,
    };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

async function checkOutput(input: string, output: string, force: boolean): Promise<void> {
  if (!endings.includes(extname(output).toLowerCase())) {
    throw new UsageError(
      `${output}: its ending tells no format that can be written. Name it .fil, .h5 or .npy.`,
    );
  }
  const [from, to] = await Promise.all([statIfThere(input), statIfThere(output)]);
  if (to === undefined) return;
  if (from !== undefined && from.dev === to.dev && from.ino === to.ino) {
    throw new UsageError(
      `${output}: this is the file to be read, under the same or another name. Name another one.`,
    );
  }
  if (!force && to.isFile()) {
    throw new FileError(
      output,
      "this file is there already. Name another one, or pass --force to replace it.",
    );
  }
}

async function statIfThere(path: string) {
  return stat(path, { bigint: true }).catch(() => undefined);
}

function pickPanel(
  input: string,
  sources: readonly SpectrogramSource[],
  panel: number | undefined,
): SpectrogramSource {
  if (panel === undefined && sources.length > 1) {
    throw new UsageError(
      `${input}: it holds ${sources.length} spectrograms, and one can be written. Choose with --panel, from 0.`,
    );
  }
  const source = sources[panel ?? 0];
  if (source !== undefined) return source;
  throw new UsageError(`${input}: there is no panel ${panel}; it holds panels 0 to ${sources.length - 1}.`);
}
