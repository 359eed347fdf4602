/** `lodestone search`: drifting signals in files, and those that are there only when the telescope points at the target. */

import { Command } from "commander";
import { DEFAULT_THRESHOLD } from "../detect/detect.ts";
import { resultsJson } from "../formats/hit-json.ts";
import { openSpectrograms } from "../formats/open.node.ts";
import { hitsWithin, scoreText } from "../report/candidate-values.ts";
import { prepareTableFolder, writeHitTables } from "../report/hit-tables.node.ts";
import { recordSearch } from "../report/record-search.ts";
import { writeSearchReport } from "../report/search-report.node.ts";
import { counted, driftText, expectedText, frequencyText, snrText } from "../report/values.ts";
import type { CadenceSearchOptions } from "../search/cadence-search.ts";
import { DEFAULT_MAX_DRIFT_HZ_PER_S, DEFAULT_SNR } from "../search/drift-search.ts";
import { threadPool } from "../search/thread-pool.node.ts";
import { cadenceRoles, makeCadence } from "../signal/cadence.ts";
import { grouped } from "../signal/describe.ts";
import { UsageError } from "../signal/errors.ts";
import type { DetectorRecord, SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { VERSION } from "../signal/version.ts";
import { parseInteger, parseNumber } from "./options.ts";
import { startProgress } from "./progress.ts";
import { selectRange } from "./range-options.ts";
import {
  type ChosenDetector,
  checkDetectorOptions,
  chooseDetector,
  driftSearchShare,
  MOST_WINDOWS,
  type SearchDetectorOptions,
  WINDOW_S,
} from "./search-detector.ts";

export interface SearchOptions extends SearchDetectorOptions {
  readonly maxDrift?: number;
  readonly minDrift?: number;
  readonly snr?: number;
  readonly offSnr?: number;
  readonly keepZeroDrift?: boolean;
  readonly fStart?: number;
  readonly fStop?: number;
  readonly if?: number;
  readonly coarse?: number;
  readonly out?: string;
  readonly pictures?: number;
  readonly allowTruncated?: boolean;
  /** Called now and then with the share that is done, 0 to 1, and what is being done. */
  readonly onProgress?: (share: number, note: string) => void;
}

export interface SearchOutcome {
  readonly record: SearchRecord;
  /** Files written, with the folder; none without `out`. */
  readonly written: readonly string[];
}

const examples = `
Without --cadence every file is searched by itself. With it, hits are filtered in three levels: 1 within the limits of S/N
and drift, 2 in no OFF scan on the same path through time and frequency, 3 in every ON scan besides.

The detector, a trained network, scores each event of a cadence. Where the band has no more than ${grouped(MOST_WINDOWS)} of its windows (at 2.8 Hz a channel
about 0.4 MHz), and with --detector-everywhere, it also lists what it takes for a needle where there is no event.

--out writes report.html with pictures, hits.csv, hits.parquet, results.json and a .dat a scan, as turboSETI has it.

Examples:
  $ lodestone search scan.h5
  $ lodestone search on1.h5 off1.h5 on2.h5 off2.h5 on3.h5 off3.h5 --cadence ABACAD --out report
  $ lodestone search scans/*.h5 --cadence ABACAD --detector-everywhere --out report
  $ lodestone search scan.fil --max-drift 10 --snr 8 --f-start 8419.2 --f-stop 8419.4 --json > results.json
`;

export function searchCommand(): Command {
  return new Command("search")
    .description("Find drifting narrow-band signals, and those that only the scans of the target have.")
    .argument("<file...>", "files (.h5, .fil, .npy), in the order of time")
    .option("--cadence <pattern>", "a letter a scan, A for the target, such as ABACAD")
    .option(
      "--max-drift <Hz/s>",
      "largest drift rate, either sign",
      parseNumber({ min: 0, max: 10_000, unit: "Hz/s" }),
      DEFAULT_MAX_DRIFT_HZ_PER_S,
    )
    .option(
      "--min-drift <Hz/s>",
      "least drift rate of an event (default: what a scan can tell from zero)",
      parseNumber({ min: 0, unit: "Hz/s" }),
    )
    .option("--snr <n>", "least S/N of a hit", parseNumber({ min: 3, max: 1e6 }), DEFAULT_SNR)
    .option(
      "--off-snr <n>",
      "least S/N in an OFF scan that rejects an event (default: 0.6 of --snr, 5.5 at least)",
      parseNumber({ min: 3, max: 1e6 }),
    )
    .option("--keep-zero-drift", "keep events that don't drift, which most interference is")
    .option("--f-start <MHz>", "only channels from this frequency on", parseNumber({ unit: "MHz" }))
    .option("--f-stop <MHz>", "only channels up to this frequency", parseNumber({ unit: "MHz" }))
    .option("--if <n>", "the IF (polarisation), from 0", parseInteger({ min: 0 }))
    .option(
      "--coarse <channels>",
      "fine channels in a coarse channel, whose middle one is DC (default: told from the header)",
      parseInteger({ min: 1 }),
    )
    .option(
      "--detector <model.onnx>",
      "another network than the one in the box to score events and find what the drift search doesn't",
    )
    .option("--no-detector", "leave the detector out")
    .option("--detector-everywhere", `slide it over bands of any width: four minutes for 2^20 channels`)
    .option(
      "--detector-threshold <p>",
      `least score of what the detector finds, 0 to 1 (default: ${DEFAULT_THRESHOLD})`,
      parseNumber({ min: 0, max: 1 }),
    )
    .option("--threads <n>", "threads (default: one a processor)", parseInteger({ min: 1, max: 256 }))
    .option("--out <dir>", "folder for the report and the tables")
    .option(
      "--pictures <n>",
      "events that get a picture in the report",
      parseInteger({ min: 0, max: 1000 }),
      20,
    )
    .option("--allow-truncated", "read the whole rows of files that were cut short")
    .option("--json", "print hits, events and rejected hits as one JSON object, and nothing else")
    .addHelpText("after", examples)
    .action(async (files: string[], { json, ...options }: SearchOptions & { json?: boolean }) => {
      const progress = startProgress("Searching", 1);
      const { record, written } = await search(files, {
        ...options,
        onProgress: (share, note) => progress.update(share, note),
      }).finally(() => progress.finish());
      for (const note of record.notes) process.stderr.write(`Note: ${note}\n`);
      process.stdout.write(json ? resultsJson(record) : searchText(record));
      if (options.out !== undefined) {
        process.stderr.write(
          `Wrote ${counted(written.length, "file")} into ${options.out}: ${written.join(", ")}\n`,
        );
      }
    });
}

/** Opens the files, searches them, and writes the tables and the report where `out` names a folder. Throws InputErrors. */
export async function search(files: readonly string[], options: SearchOptions = {}): Promise<SearchOutcome> {
  if (options.cadence !== undefined) cadenceRoles(options.cadence);
  checkDetectorOptions(options);
  const sources: SpectrogramSource[] = [];
  let chosen: ChosenDetector = {};
  const pool = await threadPool(options.threads);
  try {
    for (const file of files) {
      sources.push(...(await openSpectrograms(file, { allowTruncated: options.allowTruncated })));
    }
    if (options.out !== undefined) {
      await prepareTableFolder(
        options.out,
        sources.map(({ name }) => name),
      );
    }
    const limits = searchLimits(sources, options);
    if (options.cadence !== undefined) {
      chosen = await chooseDetector(makeCadence(options.cadence, sources), options, limits);
    }
    const { detector, note } = chosen;
    const searchShare = options.out === undefined ? 1 : 0.8;
    const driftShare =
      detector === undefined ? 1 : driftSearchShare(sources, limits, options.detectorEverywhere);
    const searched = await recordSearch(
      sources,
      options.cadence,
      pool,
      { name: "lodestone", version: VERSION },
      {
        ...limits,
        onProgress: (share, scan) =>
          options.onProgress?.(searchShare * driftShare * share, `scan ${scan + 1} of ${sources.length}`),
        detector,
        detectorThreshold: options.detectorThreshold,
        mostWindows: options.detectorEverywhere ? undefined : MOST_WINDOWS,
        onDetectorProgress: (share) =>
          options.onProgress?.(searchShare * (driftShare + (1 - driftShare) * share), "the detector"),
      },
    );
    const { cadence } = searched;
    const record = note === undefined ? searched.record : withNote(searched.record, note);
    if (options.out === undefined) return { record, written: [] };
    const tables = await writeHitTables(options.out, record);
    await writeSearchReport(options.out, record, cadence, {
      files: tables,
      mostPictures: options.pictures,
      onProgress: (share) => options.onProgress?.(searchShare + (1 - searchShare) * share, "drawing"),
    });
    return { record, written: ["report.html", ...tables.map(({ name }) => name)] };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
    await chosen.detector?.close();
    await pool.close();
  }
}

function withNote(record: SearchRecord, note: string): SearchRecord {
  return { ...record, notes: [...record.notes, note] };
}

function searchLimits(sources: readonly SpectrogramSource[], options: SearchOptions): CadenceSearchOptions {
  const { minDrift, maxDrift, snr, offSnr } = options;
  if (minDrift !== undefined && minDrift > (maxDrift ?? DEFAULT_MAX_DRIFT_HZ_PER_S)) {
    throw new UsageError(`--min-drift ${minDrift} is above --max-drift ${maxDrift}: no drift lies between.`);
  }
  if (offSnr !== undefined && options.cadence === undefined) {
    throw new UsageError("--off-snr has a meaning only with --cadence, which tells the OFF scans.");
  }
  const range =
    options.fStart === undefined && options.fStop === undefined ? {} : sharedRange(sources, options);
  return {
    maxDriftHzPerS: maxDrift,
    minDriftHzPerS: minDrift,
    snr,
    offSnr,
    keepZeroDrift: options.keepZeroDrift,
    ifIndex: options.if,
    channelsPerCoarse: options.coarse,
    ...range,
  };
}

/** The channels that the frequencies stand for, which must be the same in every file. */
function sharedRange(sources: readonly SpectrogramSource[], options: SearchOptions) {
  const ranges = sources.map((source) =>
    selectRange(source, { fStart: options.fStart, fStop: options.fStop }),
  );
  const [first] = ranges;
  const other = ranges.findIndex(
    ({ channelStart, channelStop }) =>
      channelStart !== first!.channelStart || channelStop !== first!.channelStop,
  );
  if (other > 0) {
    throw new UsageError(
      `${sources[other]!.name} has other channels than ${sources[0]!.name} between these frequencies. ` +
        "Search the files apart, or leave --f-start and --f-stop out.",
    );
  }
  return { channelStart: first!.channelStart, channelStop: first!.channelStop };
}

const MOST_LISTED = 50;

/** What a person sees on the terminal. */
export function searchText(record: SearchRecord): string {
  const { events, hits, rejected, scans, parameters } = record;
  const alone = parameters.cadence === null;
  const lines = alone
    ? [`${counted(hits.length, "hit")} in ${counted(scans.length, "file")}.`]
    : [
        `${counted(events.length, "event")} in the cadence ${parameters.cadence}: ` +
          `${counted(hits.length, "hit")}, ${counted(rejected.length, "hit")} in ON scans rejected.`,
      ];
  if (events.length > 0) {
    const width = Math.max(...scans.map(({ frequency }) => frequency.fch1MHz.toFixed(6).length), 11);
    lines.push(
      "",
      `   #  ${"MHz".padStart(width)}       Hz/s     S/N  ${record.detector ? "detector  " : ""}${alone ? "width Hz  file" : "level  scans"}`,
    );
    for (const [i, event] of events.slice(0, MOST_LISTED).entries()) {
      const [hit] = event.hits;
      lines.push(
        [
          String(i + 1).padStart(4),
          frequencyText(event.frequencyMHz).padStart(width),
          driftText(event.driftHzPerS).padStart(9),
          snrText(event.snr).padStart(6),
          ...(event.detectorScore === undefined ? [] : [scoreText(event.detectorScore).padStart(8)]),
          alone
            ? `${hit!.widthHz.toFixed(1).padStart(8)}  ${hit!.file}`
            : `${String(event.level).padStart(5)}  ${event.hits.map(({ scan }) => scan + 1).join(" ")}`,
        ].join("  "),
      );
    }
    if (events.length > MOST_LISTED) {
      lines.push(`  and ${events.length - MOST_LISTED} more; --json or --out gives all of them.`);
    }
  }
  if (record.detector) lines.push(...candidateLines(record, record.detector));
  if (alone && rejected.length > 0) {
    lines.push(
      "",
      `${counted(rejected.length, "hit")} left out of the list, most of them without drift; --json gives the reasons.`,
    );
  }
  lines.push(
    "",
    `At S/N ${parameters.snr} noise alone would make ${expectedText(record.expectedFalseHits)} hits.`,
  );
  if (alone && scans.length > 1) {
    lines.push(
      "",
      "Each file was searched by itself. --cadence ABACAD filters the scans of one observation.",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** What the detector found where no event is. */
function candidateLines(record: SearchRecord, detector: DetectorRecord): string[] {
  const { candidates, windows, bandWindows, threshold } = detector;
  if (windows === 0) {
    return [
      "",
      `The detector scored the events alone, and looked at none of the band's ${counted(bandWindows, "window")}. ` +
        `--detector-everywhere looks at all, in about ${minutesText(bandWindows * WINDOW_S)}.`,
    ];
  }
  const count = counted(candidates.length, "candidate");
  const lines = [
    "",
    `${count} of the detector's alone, of ${counted(windows, "window")}, with a score of ${threshold} or more.`,
  ];
  if (candidates.length === 0) return lines;
  const width = Math.max(...candidates.map(({ highMHz }) => frequencyText(highMHz).length), 8);
  lines.push(
    "",
    `   #  ${"from MHz".padStart(width)}  ${"to MHz".padStart(width)}   score  hits in ON, OFF scans`,
  );
  for (const [i, candidate] of candidates.slice(0, MOST_LISTED).entries()) {
    const { on, off } = hitsWithin(record, candidate);
    lines.push(
      [
        String(i + 1).padStart(4),
        frequencyText(candidate.lowMHz).padStart(width),
        frequencyText(candidate.highMHz).padStart(width),
        scoreText(candidate.score).padStart(6),
        `${on}, ${off}`,
      ].join("  "),
    );
  }
  if (candidates.length > MOST_LISTED) lines.push(`  and ${candidates.length - MOST_LISTED} more.`);
  return lines;
}

function minutesText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 1 ? "half a minute" : counted(minutes, "minute");
}
