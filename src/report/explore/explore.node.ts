/** Looking through a data set: every file is read once, what is wrong is told, and all becomes one record. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type CadenceSet,
  listSplits,
  openCadenceSet,
  type Split,
} from "../../formats/cadence-folder.node.ts";
import { parseTruthCsv, type TruthRow } from "../../formats/truth-csv.ts";
import { FileError } from "../../signal/errors.ts";
import { VERSION } from "../../signal/version.ts";
import type { DataRecord, SplitRecord } from "./data-record.ts";
import { findDuplicates } from "./duplicates.ts";
import { scanCadences } from "./scan.node.ts";
import { collectSplit } from "./split-record.ts";

export interface ExploreOptions {
  /** Both unless given. */
  readonly split?: Split;
  /** A table of labels instead of the folder's own; `split` says whose. */
  readonly labels?: string;
  /** Cadences of each label in the record's `samples`. Default 4. */
  readonly samples?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done, 0 to 1, and what is being done. */
  readonly onProgress?: (share: number, note: string) => void;
}

/**
 * Reads every cadence of a folder. Takes some 2 KB of memory a cadence and 40 MB a thread. Throws FileErrors where the folder or a table
 * can't be used at all; what is wrong with single files stands in the record.
 */
export async function exploreCadences(folder: string, options: ExploreOptions = {}): Promise<DataRecord> {
  const { samples = 4, threads, signal, onProgress } = options;
  const { opened, notes } = await openSplits(folder, options);
  const truth = await readTruth(folder, notes);
  const scans = opened.map(({ name, set }) => {
    const missing = new Set(set.problems.flatMap(({ kind, id }) => (kind === "missing-file" ? [id] : [])));
    const places = set.ids.flatMap((id, place) => (missing.has(id) ? [] : [place]));
    const files = places.map((place) => ({ id: set.ids[place]!, path: set.pathOf(place) }));
    return { collected: collectSplit(set, { name, samples, truth }), places, shape: set.shape, files };
  });
  const total = scans.reduce((sum, { files }) => sum + files.length, 0);
  const counts = await scanCadences(
    scans,
    (i, file, look) => scans[i]!.collected.take(scans[i]!.places[file]!, look),
    { threads, signal, onProgress: (files, i) => onProgress?.(files / total, `reading ${opened[i]!.name}`) },
  );
  const splits = scans.map(({ collected }, i) => collected.record(counts[i]!));
  const hashed = scans.flatMap(({ collected }) => collected.hashed());
  return {
    program: { name: "lodestone", version: VERSION },
    folder,
    splits,
    duplicates: findDuplicates(hashed),
    notes,
  };
}

interface OpenedSplit {
  readonly name: SplitRecord["split"];
  readonly set: CadenceSet;
}

/** What was asked for, or else all that can be opened; of what can't a note is kept. */
async function openSplits(
  folder: string,
  { split, labels }: ExploreOptions,
): Promise<{ opened: OpenedSplit[]; notes: string[] }> {
  const there = await listSplits(folder);
  if (split !== undefined || there.length < 2) {
    const only = split ?? there[0] ?? "train";
    const set = await openCadenceSet(folder, { split: only, labels });
    return { opened: [{ name: there.length > 0 ? only : "cadences", set }], notes: [] };
  }
  const opened: OpenedSplit[] = [];
  const notes: string[] = [];
  for (const name of there) {
    try {
      opened.push({ name, set: await openCadenceSet(folder, { split: name, labels }) });
    } catch (error) {
      if (!(error instanceof FileError) || (name === there.at(-1) && opened.length === 0)) throw error;
      notes.push(error.message);
    }
  }
  return { opened, notes };
}

/** The truth table, where there is one; where it isn't this program's a note says so. */
async function readTruth(folder: string, notes: string[]): Promise<TruthRow[]> {
  const path = join(folder, "truth.csv");
  try {
    return parseTruthCsv(await readFile(path, "utf8"), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    if (!(error instanceof FileError)) throw error;
    notes.push(`What was put in is not told. ${error.message}`);
    return [];
  }
}
