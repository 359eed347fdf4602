/** `lodestone inject`: needles put into files that a telescope recorded. */

import { basename, extname, join, resolve } from "node:path";
import { Command } from "commander";
import { makeFolder } from "../formats/make-folder.node.ts";
import { openSpectrograms, writeSpectrogram } from "../formats/open.node.ts";
import { encodeObservationTruth } from "../report/truth-table.ts";
import { counted, snrText } from "../report/values.ts";
import { UsageError } from "../signal/errors.ts";
import { readFields } from "../signal/json-fields.ts";
import { bandEdgesMHz, type SpectrogramSource } from "../signal/spectrogram.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { type InjectedTruth, injectSignals, scanStarts } from "../simulate/inject.ts";
import type { Emitter, SnrConvention } from "../simulate/observation.ts";
import { pathOffsetHz } from "../simulate/paths.ts";
import { randomStream, streamKey } from "../simulate/random.ts";
import { readEmitter, snrConventions } from "../simulate/signal-json.ts";
import { checkNewFiles } from "./new-files.ts";
import { parseChoice, parseInteger, parseList, parseNumber, parsePattern } from "./options.ts";
import { startProgress } from "./progress.ts";
import { readJson } from "./read-json.ts";
import { signalLines } from "./signal-list.ts";
import {
  parseShape,
  pathOfOption,
  profileOfOption,
  type ShapeOption,
  timeOfOption,
} from "./signal-options.ts";

/** Needles as options describe them; what is left out is drawn from the seed, or as usual. */
export interface NeedleOptions {
  readonly snr?: number;
  readonly convention: SnrConvention;
  readonly frequency?: number;
  readonly drift?: number;
  readonly maxDrift: number;
  readonly path: ShapeOption;
  readonly profile: ShapeOption;
  readonly time: ShapeOption;
  readonly scans: Emitter["scans"];
  readonly count: number;
  readonly seed: number;
}

export interface InjectOptions extends NeedleOptions {
  readonly out: string;
  readonly signals?: string;
  readonly cadence?: string;
  readonly gap?: number;
  readonly if?: number;
  readonly format?: "h5" | "fil";
  readonly allowTruncated?: boolean;
  readonly force?: boolean;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: (fraction: number, note: string) => void;
}

export interface InjectedFiles {
  readonly files: readonly string[];
  readonly truthTable: string;
  readonly truth: readonly InjectedTruth[];
}

const examples = `
Files are the scans of one cadence in the order of time: a path goes on through the time between them, and a needle is in the ON scans alone. Each is
written to the folder under its name, with 32 bits a value, and truth.csv beside them. The S/N is stated against the noise near the
path, measured in the files; docs/simulation.md tells what it means. With --signals, a JSON file says it all.

A path, profile or time profile is a name, or a name with numbers:
  --path     linear, quadratic, sine, random-walk, stepped, hopping       sine:amplitudeHz=40,periodS=600
  --profile  tone, box, gaussian, lorentzian, voigt                       gaussian:fwhmHz=9
  --time     steady, pulsed, partial, gaussian-pulses, sine, scintillating   pulsed:periodS=60,duty=0.3

Examples:
  $ lodestone inject scan.fil --out injected --snr 25 --frequency 8419.3 --drift -0.4
  $ lodestone inject on1.h5 off1.h5 on2.h5 off2.h5 on3.h5 off3.h5 --cadence ABACAD --out injected --snr 30 --path sine
  $ lodestone inject scan.h5 --out injected --snr 12 --count 50 --seed 3
  $ lodestone inject scan.h5 --out injected --signals needles.json
`;

export function injectCommand(): Command {
  return new Command("inject")
    .description("Put needles of known strength into files that a telescope recorded.")
    .argument("<file...>", "scans in the order of time (.h5, .fil)")
    .requiredOption("--out <folder>", "where the files with needles go")
    .option("--snr <n>", "strength", parseNumber({ above: 0 }))
    .option(
      "--convention <name>",
      "what the S/N means: matched (filter, a scan), cadence (matched, all scans), setigen",
      parseChoice(snrConventions),
      "matched",
    )
    .option(
      "--frequency <MHz>",
      "at the first row; drawn if left out",
      parseNumber({ above: 0, unit: "MHz" }),
    )
    .option("--drift <Hz/s>", "drawn if left out", parseNumber({ unit: "Hz/s" }))
    .option("--max-drift <Hz/s>", "largest drift to draw", parseNumber({ min: 0, unit: "Hz/s" }), 4)
    .option("--path <shape>", "see below", parseShape, { shape: "linear", values: {} })
    .option("--profile <shape>", "see below", parseShape, { shape: "tone", values: {} })
    .option("--time <shape>", "see below", parseShape, { shape: "steady", values: {} })
    .option("--scans <which>", "on, off, all, or numbers from 0 such as 0,2", parseScans, "on")
    .option("--count <n>", "how many", parseInteger({ min: 1, max: 100_000 }), 1)
    .option("--seed <n>", "draws what is left out", parseInteger({ min: 0 }), 1)
    .option("--signals <file>", "a JSON array of signals, in place of the options above")
    .option(
      "--cadence <pattern>",
      "a letter a file, A where the telescope points at the target; all if left out",
      parsePattern(/^[A-Za-z]+$/, "letters such as ABACAD"),
    )
    .option("--gap <s>", "between scans, whatever their headers say", parseNumber({ min: 0, unit: "s" }))
    .option("--if <n>", "the IF (polarisation) to put them into, from 0", parseInteger({ min: 0 }))
    .option("--format <h5|fil>", "of the files; each keeps its own if left out", parseChoice(["h5", "fil"]))
    .option("--allow-truncated", "read the whole rows of a file that was cut short")
    .option("--force", "replace files that are there")
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(async (files: string[], options: InjectOptions & { json?: boolean }) => {
      const progress = startProgress("Injecting", 1);
      const result = await inject(files, {
        ...options,
        onProgress: (fraction, note) => progress.update(fraction, note),
      }).finally(() => progress.finish());
      process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result));
    });
}

/**
 * Writes copies of files with needles in them, in bounded memory, and truth.csv beside them. Throws a UsageError where the files don't fit together
 * or the options don't fit the files, a FileError where one can't be read or written.
 */
export async function inject(files: readonly string[], options: InjectOptions): Promise<InjectedFiles> {
  const { out, onProgress, force } = options;
  const pattern = (options.cadence ?? "A".repeat(files.length)).toUpperCase();
  if (pattern.length !== files.length) {
    throw new UsageError(
      `Cadence ${pattern} has ${pattern.length} scans, but ${files.length} were given. Give one file a letter, in the order of time.`,
    );
  }
  const outputs = files.map((file) => outputName(file, options));
  const truthTable = join(out, "truth.csv");
  await checkNewFiles([...outputs, truthTable], { inputs: files, force });
  const sources: SpectrogramSource[] = [];
  try {
    for (const file of files) sources.push(await openOne(file, options.allowTruncated));
    const emitters =
      options.signals === undefined ? drawNeedles(options, sources) : await readSignals(options.signals);
    const injection = await injectSignals(pattern, sources, emitters, {
      gapS: options.gap,
      ifIndex: options.if,
      onProgress: (fraction) => onProgress?.(0.2 * fraction, "measuring noise"),
    });
    await makeFolder(out);
    for (const [i, source] of injection.sources.entries()) {
      await writeSpectrogram(outputs[i]!, source, {
        onProgress: (fraction) =>
          onProgress?.(0.2 + (0.8 * (i + fraction)) / files.length, `file ${i + 1} of ${files.length}`),
      });
    }
    const table = encodeObservationTruth(basename(resolve(out)), injection.truth);
    await writeFileAtomically(truthTable, (write) => write(table));
    return { files: outputs, truthTable, truth: injection.truth };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

function outputName(file: string, { out, format }: InjectOptions): string {
  const ending = extname(file);
  if (format === undefined && ![".h5", ".hdf5", ".fil"].includes(ending.toLowerCase())) {
    throw new UsageError(`${file}: its ending names no format to write. Choose one with --format h5 or fil.`);
  }
  const name = format === undefined ? basename(file) : `${basename(file, ending)}.${format}`;
  return join(out, name);
}

async function openOne(file: string, allowTruncated?: boolean): Promise<SpectrogramSource> {
  const sources = await openSpectrograms(file, { allowTruncated });
  if (sources.length === 1) return sources[0]!;
  await Promise.all(sources.map((source) => source.close()));
  throw new UsageError(
    `${file}: it holds ${sources.length} panels without axes. Give scans with axes, .h5 or .fil.`,
  );
}

async function readSignals(file: string): Promise<Emitter[]> {
  const read = await readJson(file);
  const value = Array.isArray(read) ? { signals: read } : read;
  return readFields(file, value, (fields) => fields.list("signals", readEmitter));
}

const NEEDLES = 21;

/** The needles that options stand for. A place that is drawn is that of the path in the middle of the scans. */
function drawNeedles(
  options: NeedleOptions & { readonly gap?: number },
  sources: readonly SpectrogramSource[],
): Emitter[] {
  const { snr, convention, count, seed, scans } = options;
  if (snr === undefined) {
    throw new UsageError("How strong? Give --snr, such as --snr 25, or a file with --signals.");
  }
  const { time, frequency } = sources[0]!;
  const last = sources.at(-1)!;
  const startS = scanStarts(sources, options.gap).at(-1)!;
  const scale = {
    channelHz: Math.abs(frequency.foffMHz) * 1e6,
    tsampS: time.tsampS,
    scanS: time.nsamples * time.tsampS,
    durationS: startS + last.time.nsamples * last.time.tsampS,
  };
  const { low, high } = bandEdgesMHz(frequency);
  return Array.from({ length: count }, (_, i) => {
    const random = randomStream(streamKey(seed, NEEDLES, i));
    const walk = Math.floor(random.uniform() * 2 ** 32);
    const drawnDrift = options.maxDrift * (2 * random.uniform() - 1);
    const place = 0.04 + 0.92 * random.uniform();
    const path = pathOfOption(options.path, options.drift ?? drawnDrift, walk, scale);
    const middleMHz = pathOffsetHz(path)(0.5 * (scale.durationS - time.tsampS)) * 1e-6;
    return {
      kind: "needle",
      label: `needle ${i + 1}`,
      signal: {
        frequencyMHz: options.frequency ?? low + place * (high - low) - middleMHz,
        path,
        profile: profileOfOption(options.profile, scale),
        timeProfile: timeOfOption(options.time, walk, scale),
      },
      strength: { snr, convention },
      scans,
    };
  });
}

function parseScans(text: string): Emitter["scans"] {
  const word = text.trim().toLowerCase();
  if (word === "on" || word === "off" || word === "all") return word;
  return parseList(parseInteger({ min: 0 }))(word);
}

const MOST_LISTED = 20;

function textOf({ files, truth, truthTable }: InjectedFiles): string {
  const lines = [
    `Put ${counted(truth.length, "signal")} into ${counted(files.length, "file")}: ${files[0]}${files.length > 1 ? " and on" : ""}. They are listed in ${truthTable}.`,
    "",
    ...signalLines(truth, MOST_LISTED, "by scan", ({ snrByScan }) => snrByScan.map(snrText).join(" ")),
  ];
  return `${lines.join("\n")}\n`;
}
