/** Scores of cadences whose labels are known: from a table, or by the models of a run, which are never asked about what they were trained on. */

import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { describeReadError } from "../formats/byte-source.node.ts";
import {
  type CadenceProblem,
  type CadenceSet,
  openCadenceSet,
  type Split,
} from "../formats/cadence-folder.node.ts";
import { grouped } from "../signal/describe.ts";
import { FileError, InputError } from "../signal/errors.ts";
import { dataFingerprint } from "./data-fingerprint.node.ts";
import { foldFolder, type RunRecord, readRunRecord, runFiles } from "./run-folder.node.ts";
import { limitPlaces } from "./samples.ts";
import { scoreCadences } from "./score.node.ts";
import { type MatchedScores, matchScores, parseScoreTable, type ScoreTable } from "./score-table.ts";
import { modelsOf, refuseRunFile } from "./scoring-models.node.ts";

export interface FindScoresOptions {
  /** A table of labels, `id,target`, instead of the folder's own. */
  readonly labels?: string;
  /** The test cadences where they have labels (and, for a table of scores, are among those scored), else the training ones, unless given. */
  readonly split?: Split;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

export interface FoundScores {
  readonly set: LabelledSet;
  readonly matched: MatchedScores;
  /** The fold of each matched score, where they are out-of-fold scores. */
  readonly folds?: Int32Array;
  /** Sentences on where the scores come from and what is wrong with the set. */
  readonly remarks: readonly string[];
}

export type LabelledSet = CadenceSet & { readonly labels: Float32Array };

/**
 * The scores of a labelled set. `from` is a table (.csv), a model (.onnx), or a run's folder. Cadences that a run, or a model lying in one,
 * was trained on get only the scores of the model that they were held out from, which training wrote. Throws an InputError
 * where there are no labels, no scores, or none that meet.
 */
export async function findScores(
  from: string,
  data: string,
  options: FindScoresOptions = {},
): Promise<FoundScores> {
  const kind = await kindOf(from);
  if (kind === "table") {
    const table = await readScoreTable(from);
    const scored = new Set(table.ids);
    const set = await openLabelled(data, options, (id) => scored.has(id));
    return { set, matched: matchScores(table, set), remarks: aboutSet(set) };
  }
  const set = await openLabelled(data, options, () => true);
  return (await findHeldOut(from, kind, set)) ?? scoreSet(from, set, options);
}

async function kindOf(from: string): Promise<"table" | "model" | "run"> {
  const status = await stat(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw describeReadError(from, error);
    throw new FileError(
      from,
      "there is no such file or folder. Give a run, an .onnx file, or a table of scores.",
      {
        cause: error,
      },
    );
  });
  if (status.isDirectory()) return "run";
  refuseRunFile(from);
  return extname(from).toLowerCase() === ".onnx" ? "model" : "table";
}

async function readScoreTable(path: string): Promise<ScoreTable> {
  const text = await readFile(path, "utf8").catch((error) => {
    throw describeReadError(path, error);
  });
  return parseScoreTable(text, path);
}

/** The first of the splits that may be meant which has a label for a cadence that is wanted. */
async function openLabelled(
  data: string,
  { labels, split }: FindScoresOptions,
  isWanted: (id: string) => boolean,
): Promise<LabelledSet> {
  const candidates: Split[] = split === undefined ? ["test", "train"] : [split];
  const errors: unknown[] = [];
  let labelled: LabelledSet | undefined;
  for (const candidate of candidates) {
    const set = await openCadenceSet(data, { split: candidate, labels }).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      errors.push(error);
    });
    if (set === undefined || !hasLabels(set)) continue;
    if (set.ids.some((id, i) => isWanted(id) && !Number.isNaN(set.labels[i]))) return set;
    labelled ??= set;
  }
  if (labelled !== undefined) return labelled;
  if (errors.length === candidates.length) throw errors.at(-1);
  throw new FileError(
    data,
    `there are no labels for its ${split ?? "test or train"} cadences. Give a table of them, id,target, by --labels.`,
  );
}

function hasLabels(set: CadenceSet): set is LabelledSet {
  return set.labels?.some((label) => !Number.isNaN(label)) ?? false;
}

interface HeldOutScores extends ScoreTable {
  readonly folds: ReadonlyMap<string, number>;
}

/** The out-of-fold scores of a run whose training data this is; undefined where it is other data, or the model lies in no run. */
async function findHeldOut(
  from: string,
  kind: "model" | "run",
  set: LabelledSet,
): Promise<FoundScores | undefined> {
  const own: { run: string; fold?: number } | undefined = kind === "run" ? { run: from } : runOfModel(from);
  const record = own && (await readRunRecord(own.run));
  if (own === undefined || record === undefined) return undefined;
  const held = await readHeldOut(own.run, record.folds);
  const inSet = new Set(set.ids);
  const overlap = held.ids.filter((id) => inSet.has(id)).length;
  const same = await isTrainingData(record, set);
  if (overlap === 0 && !same) return undefined;
  if (overlap === 0) {
    throw new FileError(
      from,
      `it was trained on these cadences and none of them was held out, so that they can't tell how good it is. ` +
        "Evaluate it on other data, or train with --folds 2 or more.",
    );
  }
  const matched = matchScores(own.fold === undefined ? held : onlyFold(held, own.fold), set);
  const remarks = [
    `${kind === "run" ? "The run" : "The model"} was trained on ${same ? "these cadences" : "cadences of these names"}: ` +
      "each is scored only by the model that it was held out from (fold-*/validation.csv).",
    ...(matched.unscored.length > 0
      ? [
          `${grouped(matched.unscored.length)} of them were held out from ${kind === "run" ? "none of its models" : "other models, or from none"}, and are left out.`,
        ]
      : []),
  ];
  return {
    set,
    matched,
    folds: Int32Array.from(matched.ids, (id) => held.folds.get(id)!),
    remarks: [...remarks, ...aboutSet(set)],
  };
}

/** RUN and I of RUN/fold-I/model.onnx. */
function runOfModel(path: string): { run: string; fold: number } | undefined {
  const folder = dirname(resolve(path));
  const digits = /^fold-(\d{1,9})$/.exec(basename(folder))?.[1];
  return digits === undefined ? undefined : { run: dirname(folder), fold: Number(digits) };
}

function onlyFold(held: HeldOutScores, fold: number): ScoreTable {
  const places = held.ids.map((_, i) => i).filter((i) => held.folds.get(held.ids[i]!) === fold);
  return {
    name: `${held.name}, fold ${fold}`,
    ids: places.map((i) => held.ids[i]!),
    scores: Float64Array.from(places, (i) => held.scores[i]!),
  };
}

async function readHeldOut(run: string, folds: readonly number[]): Promise<HeldOutScores> {
  const ids: string[] = [];
  const scores: number[] = [];
  const foldOf = new Map<string, number>();
  for (const fold of folds) {
    const path = `${foldFolder(run, fold)}/${runFiles.validation}`;
    const table = await readScoreTable(path).catch((error: unknown) => {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      throw error;
    });
    table?.ids.forEach((id, i) => {
      if (foldOf.has(id)) {
        throw new FileError(
          path,
          `${id} was held out from fold ${foldOf.get(id)} too. Were folds of another run copied here?`,
        );
      }
      ids.push(id);
      scores.push(table.scores[i]!);
      foldOf.set(id, fold);
    });
  }
  return { name: run, ids, scores: Float64Array.from(scores), folds: foldOf };
}

async function isTrainingData({ data, limit, seed }: RunRecord, set: LabelledSet): Promise<boolean> {
  if (set.split !== "train") return false;
  const all = Int32Array.from(set.ids, (_, place) => place);
  const places = limitPlaces(all, set.labels, limit ?? all.length, seed);
  return places.length === data.cadences && (await dataFingerprint(set, places)) === data.fingerprint;
}

async function scoreSet(
  from: string,
  set: LabelledSet,
  { threads, signal, onProgress }: FindScoresOptions,
): Promise<FoundScores> {
  const models = await modelsOf(from);
  const labelled = Int32Array.from(set.ids, (_, place) => place).filter(
    (place) => !Number.isNaN(set.labels[place]),
  );
  const skipped = new Set<number>();
  const troubles: Trouble[] = [];
  const part = {
    name: set.name,
    shape: set.shape,
    ids: Array.from(labelled, (place) => set.ids[place]!),
    pathOf: (i: number) => set.pathOf(labelled[i]!),
  };
  const scores = await scoreCadences(models, part, {
    threads,
    signal,
    onProgress,
    onProblem(trouble) {
      if (trouble.skipped) skipped.add(trouble.place);
      troubles.push({ id: part.ids[trouble.place]!, message: trouble.message });
    },
  });
  const places = part.ids.map((_, i) => i).filter((i) => !skipped.has(i));
  const table = {
    name: from,
    ids: places.map((i) => part.ids[i]!),
    scores: Float64Array.from(places, (i) => scores[i]!),
  };
  const averaged = models.length > 1 ? [`Each score is the mean of ${models.length} models.`] : [];
  return {
    set,
    matched: matchScores(table, set),
    remarks: [...averaged, ...aboutSet(set, troubles)],
  };
}

interface Trouble {
  readonly id: string;
  readonly message: string;
}

const problemNames: Readonly<Record<CadenceProblem["kind"], string>> = {
  "missing-file": "cadences without a file",
  "unlabelled-file": "files without a label",
  "wrong-shape": "cadences of another shape",
  "not-finite": "cadences with values that aren't finite",
  unreadable: "files that can't be read",
  "bad-label": "labels that can't be used",
  "duplicate-id": "ids that stand there twice",
};

/** What is wrong with the set, counted by kind, with the first of each. A trouble that came up when it was read is told once too. */
function aboutSet({ problems, name }: LabelledSet, troubles: readonly Trouble[] = []): string[] {
  const known = new Set(problems.map(({ id }) => id));
  const kinds = new Map<string, string[]>();
  const add = (kind: string, message: string) => {
    const own = kinds.get(kind);
    if (own) own.push(message);
    else kinds.set(kind, [message]);
  };
  for (const { kind, message } of problems) add(problemNames[kind], message);
  for (const { id, message } of troubles)
    if (!known.has(id)) add("cadences that can't be scored as they are", message);
  return [...kinds].map(([kind, messages]) => {
    const first = messages.length === 1 ? "" : "the first: ";
    return `${name}: ${kind}: ${grouped(messages.length)}; ${first}${messages[0]}`;
  });
}
