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
import { findDuplicates, type HashedCadence } from "./duplicates.ts";
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
 * Reads every cadence of a folder. Takes some 500 bytes of memory a cadence and 2 MB a thread. Throws FileErrors where the folder or a table
 * can't be used at all; what is wrong with single files stands in the record.
 */
export async function exploreCadences(folder: string, options: ExploreOptions = {}): Promise<DataRecord> {
  const { labels, samples = 4, threads, signal, onProgress } = options;
  const there = await listSplits(folder);
  const wanted = options.split === undefined ? there : [options.split];
  const opened: { name: SplitRecord["split"]; set: CadenceSet }[] = [];
  for (const split of wanted.length > 0 ? wanted : (["train"] as const)) {
    const name = there.length > 0 ? split : "cadences";
    opened.push({ name, set: await openCadenceSet(folder, { split, labels }) });
  }
  const { rows: truth, notes } = await readTruth(folder);
  const total = opened.reduce((sum, { set }) => sum + set.ids.length, 0);
  const hashed: HashedCadence[] = [];
  const splits: SplitRecord[] = [];
  let before = 0;
  for (const { name, set } of opened) {
    const collected = collectSplit(set, { name, samples, truth });
    const missing = new Set(set.problems.flatMap(({ kind, id }) => (kind === "missing-file" ? [id] : [])));
    const present = set.ids.flatMap((id, place) => (missing.has(id) ? [] : [place]));
    const counts = await scanCadences(
      { shape: set.shape, files: present.map((place) => ({ id: set.ids[place]!, path: set.pathOf(place) })) },
      (i, look) => collected.take(present[i]!, look),
      { threads, signal, onProgress: (files) => onProgress?.((before + files) / total, `reading ${name}`) },
    );
    before += set.ids.length;
    hashed.push(...collected.hashed());
    splits.push(collected.record(counts));
  }
  return {
    program: { name: "lodestone", version: VERSION },
    folder,
    splits,
    duplicates: findDuplicates(hashed),
    notes,
  };
}

async function readTruth(folder: string): Promise<{ rows: TruthRow[]; notes: string[] }> {
  const path = join(folder, "truth.csv");
  try {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return { rows: text === undefined ? [] : parseTruthCsv(text, path), notes: [] };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { rows: [], notes: [`What was put in is not told. ${error.message}`] };
  }
}
