/** A run: networks trained on a data set by a recipe, fold by fold, in a folder that says all that is needed to repeat it. */

import { availableParallelism } from "node:os";
import { type CadenceSet, openCadenceSet } from "../formats/cadence-folder.node.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { createEngine } from "../nn/engines/wasm/engine.node.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { VERSION } from "../signal/version.ts";
import { dataFingerprint } from "./data-fingerprint.node.ts";
import { stratifiedKFold } from "./folds.ts";
import { openLoader } from "./loader.node.ts";
import type { CadenceTrouble } from "./loader-messages.ts";
import type { Recipe } from "./recipe.ts";
import {
  foldFolder,
  type HistoryEntry,
  RUN_KIND,
  type RunRecord,
  readHistory,
  readRunRecord,
  writeRunRecord,
} from "./run-folder.node.ts";
import { checkUnlocked, withRunLock } from "./run-lock.node.ts";
import { limitPlaces } from "./samples.ts";
import { findWeights } from "./start-weights.node.ts";
import { type FoldProgress, trainFold } from "./train-fold.node.ts";

/** What a new run is made of. */
export interface RunOptions {
  /** A folder of cadences as the competition lays it out. */
  readonly data: string;
  /** A table of labels, `id,target`, instead of the folder's own. */
  readonly labels?: string;
  readonly recipe: Recipe;
  /** Draws first weights, orders, examples and, where the recipe doesn't say, folds. */
  readonly seed: number;
  /** Use so many of the cadences, drawn by the seed. */
  readonly limit?: number;
  /** Train this fold alone, counted from 0. */
  readonly fold?: number;
  /** Plan the training to end in this time, validation and all folds included. */
  readonly minutes?: number;
  /** As many as there are processors unless given. */
  readonly threads?: number;
}

/** What may be said anew when a run goes on. */
export interface ResumeOptions {
  /** Where the data set lies now. */
  readonly data?: string;
  readonly threads?: number;
  readonly minutes?: number;
}

export interface TrainHooks {
  readonly onProgress?: (progress: RunProgress) => void;
  readonly onEpoch?: (entry: HistoryEntry, fold: number) => void;
  /** What a person should know: counts of what is wrong with the data, and the like. */
  readonly onNote?: (sentence: string) => void;
  /** Stops after the step that runs, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Seconds between checkpoints within an epoch; 120 unless given. */
  readonly checkpointEveryS?: number;
  /** Threads that make examples; as many as the engine's unless given, as a step waits for the slowest of these. What is trained does not depend on it. */
  readonly loaderThreads?: number;
}

const MOST_LOADER_THREADS = 8;

export interface RunProgress extends FoldProgress {
  readonly fold: number;
  /** Among the folds that are trained, from 0, and how many they are. */
  readonly turn: number;
  readonly turns: number;
  /** What the whole run still takes; NaN until it is known. */
  readonly runLeftS: number;
}

export interface FoldSummary {
  readonly fold: number;
  readonly folder: string;
  /** Of the best validation; null where nothing is held out. */
  readonly auc: number | null;
  readonly bestEpoch: number;
  readonly lastAuc: number | null;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly imagesPerS: number;
  readonly waitedShare: number;
}

export interface TrainResult {
  readonly out: string;
  readonly record: RunRecord;
  /** Of the folds that have come to a validation. */
  readonly folds: readonly FoldSummary[];
  /** Mean of the folds' best. */
  readonly auc: number | null;
  /** What was wrong with cadences that this call read. */
  readonly problems: readonly CadenceTrouble[];
  readonly interrupted: boolean;
}

/** Begins a run in the folder `out`. Throws an InputError where it holds one already, where another training is at work there, or where the data or the recipe can't be used. */
export async function startRun(
  out: string,
  options: RunOptions,
  hooks: TrainHooks = {},
): Promise<TrainResult> {
  const startedMs = performance.now();
  await checkUnlocked(out);
  if (await readRunRecord(out)) {
    throw new FileError(
      out,
      "there is a run in this folder. Go on with it by --resume, or give another folder.",
    );
  }
  const { recipe, seed } = options;
  const { folds, trainedFolds = folds } = recipe;
  if (options.fold !== undefined && options.fold >= folds) {
    throw new UsageError(`Fold ${options.fold}: the folds are 0 to ${folds - 1}.`);
  }
  const set = await openSet(options.data, options.labels);
  const places = placesOf(set, options.limit, seed);
  const positives = places.filter((place) => set.labels![place]! >= 0.5).length;
  if (positives === 0 || positives === places.length) {
    throw new FileError(
      options.data,
      `all ${places.length} cadences have one label, ${positives === 0 ? 0 : 1}. Training needs some with a needle and some without.`,
    );
  }
  const weights = recipe.weights === null ? undefined : await findWeights(recipe.weights);
  const record: RunRecord = {
    kind: RUN_KIND,
    version: VERSION,
    recipe,
    data: {
      folder: options.data,
      labels: options.labels ?? null,
      fingerprint: await dataFingerprint(set, places),
      ...{ cadences: places.length, positives, shape: set.shape, problems: countProblems(set) },
    },
    seed,
    limit: options.limit ?? null,
    minutes: options.minutes ?? null,
    folds:
      options.fold !== undefined ? [options.fold] : Array.from({ length: trainedFolds }, (_, fold) => fold),
    threads: options.threads ?? availableParallelism(),
    weights: weights?.record ?? null,
  };
  splitPlaces(record, set, places, record.folds[0]!);
  await makeFolder(out);
  return withRunLock(out, async () => {
    await writeRunRecord(out, record);
    return trainFolds(out, record, set, places, startedMs, hooks);
  });
}

/** Goes on with the run in the folder `out`. Throws an InputError where there is none, where another training is at work there, or the data are not those that it began with. */
export async function resumeRun(
  out: string,
  { data, threads, minutes }: ResumeOptions = {},
  hooks: TrainHooks = {},
): Promise<TrainResult> {
  const startedMs = performance.now();
  await checkUnlocked(out);
  const begun = await readRunRecord(out);
  if (!begun)
    throw new FileError(
      out,
      "there is no run in this folder to go on with. Leave --resume out to begin one.",
    );
  const folder = data ?? begun.data.folder;
  const set = await openSet(folder, begun.data.labels ?? undefined);
  const places = placesOf(set, begun.limit ?? undefined, begun.seed);
  if ((await dataFingerprint(set, places)) !== begun.data.fingerprint) {
    throw new FileError(
      folder,
      `these are not the cadences, or not the labels, that the run in ${out} began with. Give the folder that it began with (${begun.data.folder}).`,
    );
  }
  const record: RunRecord = {
    ...begun,
    threads: threads ?? begun.threads,
    minutes: minutes ?? begun.minutes,
  };
  return withRunLock(out, async () => {
    if (threads !== undefined || minutes !== undefined) await writeRunRecord(out, record);
    return trainFolds(out, record, set, places, startedMs, hooks);
  });
}

async function openSet(folder: string, labels: string | undefined): Promise<CadenceSet> {
  const set = await openCadenceSet(folder, { split: "train", ...(labels !== undefined && { labels }) });
  if (set.labels) return set;
  throw new FileError(folder, "there is no table of labels, train_labels.csv. Give one with --labels.");
}

function placesOf(set: CadenceSet, limit: number | undefined, seed: number): Int32Array {
  const all = Int32Array.from(set.ids, (_, place) => place);
  return limitPlaces(all, set.labels!, limit ?? all.length, seed);
}

function countProblems(set: CadenceSet): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of set.problems) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** The places that a fold's network is trained on, and those that are held out. */
export function splitPlaces(
  { recipe, seed }: Pick<RunRecord, "recipe" | "seed">,
  { labels }: Pick<CadenceSet, "labels">,
  places: Int32Array,
  fold: number,
): { readonly trained: Int32Array; readonly heldOut: Int32Array } {
  if (recipe.folds === 1) return { trained: places, heldOut: new Int32Array(0) };
  const classes = Array.from(places, (place) => (labels![place]! >= 0.5 ? 1 : 0));
  const folds = stratifiedKFold(classes, {
    folds: recipe.folds,
    shuffle: true,
    seed: recipe.foldSeed ?? seed % 2 ** 32,
  });
  return {
    trained: places.filter((_, i) => folds[i] !== fold),
    heldOut: places.filter((_, i) => folds[i] === fold),
  };
}

async function trainFolds(
  out: string,
  record: RunRecord,
  set: CadenceSet,
  places: Int32Array,
  startedMs: number,
  hooks: TrainHooks,
): Promise<TrainResult> {
  const { recipe, threads } = record;
  for (const [kind, count] of Object.entries(record.data.problems)) {
    const first = set.problems.find((problem) => problem.kind === kind)?.message ?? "";
    hooks.onNote?.(`${count} x ${kind} in the data set. ${first}`);
  }
  const weights = record.weights && (await findWeights(record.weights.source, record.weights.commit));
  if (weights && weights.record.sha256 !== record.weights?.sha256) {
    throw new FileError(
      weights.path,
      "this is not the file that the run started from. Put that one there again.",
    );
  }
  const histories = await Promise.all(record.folds.map((fold) => readHistory(foldFolder(out, fold))));
  const done = histories.map((history) => history.at(-1)?.done === true);
  const spentBeforeS = histories.reduce(
    (sum, history, i) => sum + (done[i] ? history.at(-1)!.elapsedS : 0),
    0,
  );
  const elapsedS = () => spentBeforeS + (performance.now() - startedMs) / 1000;
  const problems = new Map<number, CadenceTrouble>();
  let interrupted = false;
  const engine = await createEngine({ threads });
  const loader = openLoader(
    { input: recipe.input, augment: recipe.augment, inject: recipe.inject, shape: set.shape },
    hooks.loaderThreads ?? Math.min(threads, MOST_LOADER_THREADS),
    { places: set.ids.length },
  );
  try {
    for (const [turn, fold] of record.folds.entries()) {
      if (done[turn]) continue;
      const turnsLeft = record.folds.length - turn;
      const { minutes } = record;
      const result = await trainFold({
        ...{ record, fold, set, engine, loader, weights: weights ?? undefined },
        ...splitPlaces(record, set, places, fold),
        folder: foldFolder(out, fold),
        labels: set.labels!,
        budgetS: minutes === null ? undefined : (60 * minutes - elapsedS()) / turnsLeft,
        checkpointEveryS: hooks.checkpointEveryS ?? 120,
        signal: hooks.signal,
        onEpoch: (entry) => hooks.onEpoch?.(entry, fold),
        onProgress(progress) {
          const { leftS } = progress;
          const later = (turnsLeft - 1) * (progress.elapsedS + leftS);
          const runLeftS = minutes === null ? leftS + later : Math.max(0, 60 * minutes - elapsedS());
          hooks.onProgress?.({ ...progress, fold, turn, turns: record.folds.length, runLeftS });
        },
      });
      for (const problem of result.problems) problems.set(problem.place, problem);
      interrupted = result.interrupted;
      if (interrupted) break;
    }
  } finally {
    await Promise.all([engine.close(), loader.close()]);
  }
  const folds = await summarise(out, record);
  const aucs = folds.flatMap(({ auc }) => auc ?? []);
  return {
    ...{ out, record, folds, interrupted, problems: [...problems.values()] },
    auc: aucs.length > 0 ? aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length : null,
  };
}

async function summarise(out: string, record: RunRecord): Promise<FoldSummary[]> {
  const summaries: FoldSummary[] = [];
  for (const fold of record.folds) {
    const folder = foldFolder(out, fold);
    const history = await readHistory(folder);
    const last = history.at(-1);
    const best = history.findLast((entry) => entry.best);
    if (!last || !best) continue;
    const mean = (value: (entry: HistoryEntry) => number) => {
      return history.reduce((sum, entry) => sum + value(entry), 0) / history.length;
    };
    summaries.push({
      ...{ fold, folder, auc: best.auc, bestEpoch: best.epoch, lastAuc: last.auc },
      ...{ epochs: last.epoch, steps: last.step, seconds: last.elapsedS },
      imagesPerS: mean(({ imagesPerS }) => imagesPerS),
      waitedShare: mean(({ waitedShare }) => waitedShare),
    });
  }
  return summaries;
}
