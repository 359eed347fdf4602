/** `lodestone demo`: a simulated observation, written, searched and reported, with what was found beside what was put in. */

import { join } from "node:path";
import { Command } from "commander";
import { openHdf5, writeHdf5 } from "../formats/hdf5.node.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { writeHitTables } from "../report/hit-tables.node.ts";
import { recordSearch } from "../report/record-search.ts";
import { writeSearchReport } from "../report/search-report.node.ts";
import { compareWithTruth, type TruthComparison } from "../report/truth.ts";
import { counted, driftText, frequencyText, snrText } from "../report/values.ts";
import { threadPool } from "../search/thread-pool.node.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { VERSION } from "../signal/version.ts";
import { exampleObservation } from "../simulate/example-observation.ts";
import type { SimulatedObservation } from "../simulate/observation.ts";
import { parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";

export interface DemoOptions {
  /** Folder for the scans and the report. */
  readonly out: string;
  readonly seed: number;
  /** Called with the share that is done, 0 to 1, and what is being done. */
  readonly onProgress?: (share: number, note: string) => void;
}

export interface DemoResult {
  readonly files: readonly string[];
  readonly record: SearchRecord;
  readonly truth: TruthComparison;
  /** The path of the report's page. */
  readonly page: string;
}

const examples = `
The observation has six needles, signals that are there only when the telescope points at the target, among ten
interferers. Another seed makes another observation; the same seed makes the same one.

Examples:
  $ lodestone demo
  $ lodestone demo --seed 7 --out another-night
`;

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Make a small simulated observation, search it, and report what was found beside what is there.",
    )
    .option("--out <folder>", "where the scans and the report go", "lodestone-report")
    .option("--seed <n>", "which observation to make", parseInteger({ min: 0 }), 1)
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(async ({ json, ...options }: { out: string; seed: number; json?: boolean }) => {
      const progress = startProgress("Simulated night", 1);
      const result = await runDemo({
        ...options,
        onProgress: (share, note) => progress.update(share, note),
      }).finally(() => progress.finish());
      process.stdout.write(json ? `${JSON.stringify(demoJson(result), null, 2)}\n` : demoText(result));
    });
}

/** Writes six scans as FBH5, searches them as read from there, and writes the report. */
export async function runDemo({ out, seed, onProgress }: DemoOptions): Promise<DemoResult> {
  const observation = exampleObservation(seed);
  await makeFolder(out);
  const files = await writeScans(observation, out, (share) =>
    onProgress?.(0.25 * share, "writing the scans"),
  );
  const sources: SpectrogramSource[] = [];
  const pool = await threadPool();
  try {
    for (const file of files) sources.push(await openHdf5(file));
    const searched = await recordSearch(
      sources,
      observation.cadence.pattern,
      pool,
      { name: "lodestone", version: VERSION },
      {
        channelsPerCoarse: sources[0]!.frequency.nchans,
        onProgress: (share) => onProgress?.(0.25 + 0.35 * share, "searching"),
      },
    );
    const { cadence } = searched;
    const record = { ...searched.record, parameters: { ...searched.record.parameters, seed } };
    const tables = await writeHitTables(out, record);
    const truth = compareWithTruth(record, observation);
    const page = await writeSearchReport(out, record, cadence, {
      truth,
      files: tables,
      onProgress: (share) => onProgress?.(0.6 + 0.4 * share, "drawing"),
    });
    return { files, record, truth, page };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
    await pool.close();
  }
}

async function writeScans(
  { cadence }: SimulatedObservation,
  folder: string,
  onProgress: (share: number) => void,
): Promise<string[]> {
  const files: string[] = [];
  for (const [i, { pointing, role, source }] of cadence.scans.entries()) {
    const file = join(folder, `scan-${i + 1}-${pointing}-${role.toLowerCase()}.h5`);
    await writeHdf5(file, source, {
      onProgress: (share) => onProgress((i + share) / cadence.scans.length),
    });
    files.push(file);
  }
  return files;
}

/** What `--json` prints. */
export function demoJson({ files, record, truth, page }: DemoResult) {
  return {
    report: page,
    files,
    needles: truth.needles.map(({ needle, event, rejected }) => ({
      label: needle.label,
      frequencyMHz: needle.frequencyMHz,
      driftHzPerS: needle.driftHzPerS,
      snr: Math.max(...needle.snrByScan),
      event: event ?? null,
      rejectedFor: rejected?.reason ?? null,
    })),
    falseEvents: truth.falseEvents,
    events: record.events.map(({ frequencyMHz, driftHzPerS, snr, level, hits }, i) => ({
      frequencyMHz,
      driftHzPerS,
      snr,
      level,
      scans: hits.map(({ scan }) => scan),
      truth: truth.events[i]?.label ?? null,
    })),
    rejected: record.rejected.length,
  };
}

export function demoText({ files, record, truth, page }: DemoResult): string {
  const { events, rejected } = record;
  const found = truth.needles.filter(({ event }) => event !== undefined).length;
  const missed = truth.needles.filter(({ event }) => event === undefined);
  const lines = [
    `A simulated observation of ${record.scans[0]!.header.source_name}: ${files.length} scans, ${files[0]} and on.`,
    "",
    "  #  level          MHz      Hz/s    S/N  what was put there",
    ...events.map(({ level, frequencyMHz, driftHzPerS, snr }, i) => {
      const cells = [
        String(i + 1).padStart(3),
        String(level).padStart(5),
        frequencyText(frequencyMHz).padStart(11),
        driftText(driftHzPerS).padStart(8),
        snrText(snr).padStart(5),
        whatItIs(truth.events[i]),
      ];
      return cells.join("  ");
    }),
    "",
    `Needles found: ${found} of ${truth.needles.length}. False events: ${truth.falseEvents}. ` +
      `${counted(rejected.length, "hit")} in ON scans rejected as interference.`,
    ...missed.map(
      ({ needle, rejected: why }) =>
        `Missed: "${needle.label}" at ${frequencyText(needle.frequencyMHz)} MHz, ${why ? why.reason : "no hit."}`,
    ),
    `Report: ${page}`,
  ];
  return `${lines.join("\n")}\n`;
}

function whatItIs(truth: TruthComparison["events"][number]): string {
  if (!truth) return "nothing: a false event";
  const { kind, label, frequencyMHz, driftHzPerS, snrByScan } = truth;
  const put = `${frequencyText(frequencyMHz)} MHz, ${driftText(driftHzPerS)} Hz/s, S/N ${snrText(Math.max(...snrByScan))} a scan`;
  return kind === "needle" ? `needle "${label}": ${put}` : `a false event, interference "${label}": ${put}`;
}
