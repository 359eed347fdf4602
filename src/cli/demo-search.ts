/** The first half of `lodestone demo`: a simulated observation, written, searched and reported, with what was found beside what was put in. */

import { join } from "node:path";
import { openHdf5, writeHdf5 } from "../formats/hdf5.node.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { scoreText } from "../report/candidate-values.ts";
import { writeHitTables } from "../report/hit-tables.node.ts";
import { recordSearch } from "../report/record-search.ts";
import { writeSearchReport } from "../report/search-report.node.ts";
import { compareWithTruth, type TruthComparison } from "../report/truth.ts";
import { counted, driftText, frequencyText, snrText } from "../report/values.ts";
import { threadPool } from "../search/thread-pool.node.ts";
import { makeCadence } from "../signal/cadence.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { VERSION } from "../signal/version.ts";
import { exampleObservation } from "../simulate/example-observation.ts";
import type { SimulatedObservation, Truth } from "../simulate/observation.ts";
import { type ChosenDetector, chooseDetector } from "./search-detector.ts";
import { inStages, type OnProgress } from "./stages.ts";

export interface DemoSearchOptions {
  /** Folder for the scans and the report. */
  readonly out: string;
  readonly seed: number;
  readonly onProgress?: OnProgress | undefined;
}

export interface DemoSearchResult {
  readonly files: readonly string[];
  readonly record: SearchRecord;
  readonly truth: TruthComparison;
  /** The path of the report's page. */
  readonly page: string;
}

/** Half a coarse channel's width at the fine product: the detector looks at all of it in a quarter of a minute. */
const NCHANS = 32_768;
/** On two cores. */
const STAGE_S = { "writing the scans": 2, searching: 2, "the detector": 14, drawing: 3 } as const;

/** Writes six scans as FBH5, searches them as read from there, and writes the report. */
export async function demoSearch({ out, seed, onProgress }: DemoSearchOptions): Promise<DemoSearchResult> {
  const reached = inStages(STAGE_S, onProgress);
  const observation = exampleObservation(seed, NCHANS);
  const { pattern } = observation.cadence;
  await makeFolder(out);
  const files = await writeScans(observation, out, (share) => reached("writing the scans", share));
  const sources: SpectrogramSource[] = [];
  const pool = await threadPool();
  let chosen: ChosenDetector = {};
  try {
    for (const file of files) sources.push(await openHdf5(file));
    chosen = await chooseDetector(makeCadence(pattern, sources), {}, {});
    const searched = await recordSearch(
      sources,
      pattern,
      pool,
      { name: "lodestone", version: VERSION },
      {
        channelsPerCoarse: sources[0]!.frequency.nchans,
        onProgress: (share) => reached("searching", share),
        detector: chosen.detector,
        onDetectorProgress: (share) => reached("the detector", share),
      },
    );
    const record = {
      ...searched.record,
      parameters: { ...searched.record.parameters, seed },
      notes: [...searched.record.notes, ...(chosen.note === undefined ? [] : [chosen.note])],
    };
    const tables = await writeHitTables(out, record);
    const truth = compareWithTruth(record, observation);
    const page = await writeSearchReport(out, record, searched.cadence, {
      truth,
      files: tables,
      onProgress: (share) => reached("drawing", share),
    });
    return { files, record, truth, page };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
    await chosen.detector?.close();
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

/** What `--json` prints of it. */
export function demoSearchJson({ files, record, truth, page }: DemoSearchResult) {
  return {
    report: page,
    files,
    needles: truth.needles.map(({ needle, event, candidate, rejected }) => ({
      label: needle.label,
      path: needle.signal.path.shape,
      time: needle.signal.timeProfile.shape,
      frequencyMHz: needle.frequencyMHz,
      driftHzPerS: needle.driftHzPerS,
      snr: Math.max(...needle.snrByScan),
      event: event ?? null,
      candidate: candidate ?? null,
      rejectedFor: rejected?.reason ?? null,
    })),
    falseEvents: truth.falseEvents,
    events: record.events.map(({ frequencyMHz, driftHzPerS, snr, detectorScore, level, hits }, i) => ({
      frequencyMHz,
      driftHzPerS,
      snr,
      detectorScore: detectorScore ?? null,
      level,
      scans: hits.map(({ scan }) => scan),
      truth: truth.events[i]?.label ?? null,
    })),
    falseCandidates: truth.falseCandidates,
    candidates: (record.detector?.candidates ?? []).map(({ lowMHz, highMHz, score }, i) => ({
      lowMHz,
      highMHz,
      score,
      truth: truth.candidates[i]?.label ?? null,
    })),
    rejected: record.rejected.length,
    notes: record.notes,
  };
}

export function demoSearchText({ files, record, truth, page }: DemoSearchResult): string {
  const { rejected } = record;
  const found = truth.needles.filter(({ event }) => event !== undefined).length;
  const missed = truth.needles.filter(
    ({ event, candidate }) => event === undefined && candidate === undefined,
  );
  const lines = [
    `A simulated observation of ${record.scans[0]!.header.source_name}: ${files.length} scans, ${files[0]} and on.`,
    "",
    ...eventLines(record, truth),
    "",
    ...candidateLines(record, truth),
    `Needles found by the drift search: ${found} of ${truth.needles.length}. False events: ${truth.falseEvents}. ` +
      `${counted(rejected.length, "hit")} in ON scans rejected as interference.`,
    ...(record.detector ? [detectorLine(truth)] : []),
    ...missed.map(
      ({ needle, rejected: why }) =>
        `Missed: "${needle.label}" at ${frequencyText(needle.frequencyMHz)} MHz, ${why ? why.reason : "no hit."}`,
    ),
    ...record.notes.map((note) => `Note: ${note}`),
    `Report: ${page}`,
  ];
  return `${lines.join("\n")}\n`;
}

function eventLines({ events, detector }: SearchRecord, truth: TruthComparison): string[] {
  const rows = events.map(({ level, frequencyMHz, driftHzPerS, snr, detectorScore }, i) => {
    const cells = [
      String(i + 1).padStart(3),
      String(level).padStart(5),
      frequencyText(frequencyMHz).padStart(11),
      driftText(driftHzPerS).padStart(8),
      snrText(snr).padStart(5),
      ...(detectorScore === undefined ? [] : [scoreText(detectorScore).padStart(8)]),
      whatItIs(truth.events[i], "event"),
    ];
    return cells.join("  ");
  });
  return [
    `  #  level          MHz      Hz/s    S/N  ${detector ? "detector  " : ""}what was put there`,
    ...rows,
  ];
}

function candidateLines({ detector }: SearchRecord, truth: TruthComparison): string[] {
  if (detector === undefined || detector.candidates.length === 0) return [];
  const rows = detector.candidates.map(({ lowMHz, highMHz, score }, i) => {
    const cells = [
      String(i + 1).padStart(3),
      frequencyText(lowMHz).padStart(11),
      frequencyText(highMHz).padStart(11),
      scoreText(score).padStart(8),
      whatItIs(truth.candidates[i], "candidate"),
    ];
    return cells.join("  ");
  });
  return [
    `Where the drift search has no event, the detector, in ${counted(detector.windows, "window")} of the band:`,
    "",
    "  #     from MHz       to MHz  detector  what was put there",
    ...rows,
    "",
  ];
}

function detectorLine({ needles, falseCandidates }: TruthComparison): string {
  const more = needles.filter(({ event, candidate }) => event === undefined && candidate !== undefined);
  return `Needles found by the detector alone: ${more.length}. False candidates: ${falseCandidates}.`;
}

function whatItIs(truth: Truth | undefined, what: "event" | "candidate"): string {
  if (!truth) return `nothing: a false ${what}`;
  const { kind, label, frequencyMHz, driftHzPerS, snrByScan, signal } = truth;
  const shapes = [signal.path.shape, signal.timeProfile.shape].filter(
    (shape) => shape !== "linear" && shape !== "steady",
  );
  const put = [
    ...shapes,
    `${frequencyText(frequencyMHz)} MHz`,
    `${driftText(driftHzPerS)} Hz/s`,
    `S/N ${snrText(Math.max(...snrByScan))} a scan`,
  ].join(", ");
  return kind === "needle" ? `needle "${label}": ${put}` : `a false ${what}, interference "${label}": ${put}`;
}
