/** The folder of a run: what was asked, in `run.json`, and a folder for each fold with what came of it. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../signal/errors.ts";
import type { PanelShape } from "../signal/panels.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { checkRecipe, type Recipe } from "./recipe.ts";

/** All that is needed to repeat a run. */
export interface RunRecord {
  readonly kind: typeof RUN_KIND;
  /** Of Lodestone. */
  readonly version: string;
  readonly recipe: Recipe;
  readonly data: RunData;
  readonly seed: number;
  /** How many of the cadences are used, drawn by the seed; null: all. */
  readonly limit: number | null;
  /** Minutes that the training was planned to take, all folds together; null: the recipe's epochs. */
  readonly minutes: number | null;
  /** The folds that are trained, from 0. */
  readonly folds: readonly number[];
  /** Threads of the engine: with another number, sums are added in another order and differ in their last bits. */
  readonly threads: number;
  /** The file that training started from, where it did; of a model on the hub, the commit. */
  readonly weights: { readonly source: string; readonly sha256: string; readonly commit?: string } | null;
}

export interface RunData {
  /** The folder and the table of labels, as they were given. */
  readonly folder: string;
  readonly labels: string | null;
  /** See `dataFingerprint`. */
  readonly fingerprint: string;
  readonly cadences: number;
  readonly positives: number;
  readonly shape: PanelShape;
  /** What was wrong with the data, counted by kind. */
  readonly problems: Readonly<Record<string, number>>;
}

/** A line of `history.jsonl`: the training since the line before, and a validation. */
export interface HistoryEntry {
  /** How often every cadence has been seen; not whole where time ends within an epoch. */
  readonly epoch: number;
  readonly step: number;
  /** Share of the training that is done, 0 to 1. */
  readonly share: number;
  readonly loss: number;
  readonly learningRate: number;
  /** null where nothing is held out, or one class is missing there. */
  readonly validationLoss: number | null;
  readonly auc: number | null;
  /** Cadences that were held out and scored. */
  readonly validated: number;
  readonly best: boolean;
  readonly imagesPerS: number;
  /** Share of the training's time in which it waited for examples. */
  readonly waitedShare: number;
  readonly validationS: number;
  /** Since the fold was begun, without the time between being stopped and resumed. */
  readonly elapsedS: number;
  readonly done: boolean;
}

export const RUN_KIND = "lodestone run";

export const runFiles = {
  run: "run.json",
  last: "last.safetensors",
  best: "best.safetensors",
  model: "model.onnx",
  history: "history.jsonl",
  validation: "validation.csv",
} as const;

export function foldFolder(run: string, fold: number): string {
  return join(run, `fold-${fold}`);
}

export async function writeRunRecord(run: string, record: RunRecord): Promise<void> {
  await writeFileAtomically(join(run, runFiles.run), (write) =>
    write(`${JSON.stringify(record, null, 2)}\n`),
  );
}

/** Gives undefined where the folder holds no run. Throws a FileError where its record can't be read as one. */
export async function readRunRecord(run: string): Promise<RunRecord | undefined> {
  const path = join(run, runFiles.run);
  const text = await readText(path);
  if (text === undefined) return undefined;
  const record = parseJson(path, text) as RunRecord;
  if (
    record?.kind !== RUN_KIND ||
    typeof record.data?.fingerprint !== "string" ||
    !Array.isArray(record.folds)
  ) {
    throw new FileError(
      path,
      "this is no record of a run. Give the folder that `lodestone train --out` named.",
    );
  }
  return { ...record, recipe: checkRecipe(record.recipe, path) };
}

export async function writeHistory(folder: string, history: readonly HistoryEntry[]): Promise<void> {
  const lines = history.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  await writeFileAtomically(join(folder, runFiles.history), (write) => write(lines));
}

/** A fold's history, empty where there is none yet. */
export async function readHistory(folder: string): Promise<HistoryEntry[]> {
  const path = join(folder, runFiles.history);
  const text = (await readText(path)) ?? "";
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => parseJson(path, line) as HistoryEntry);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new FileError(path, `it can't be read (${error.code ?? error.message}).`, { cause: error });
  });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(path, "it isn't JSON. Was it damaged?", { cause });
  }
}
