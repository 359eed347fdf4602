/**
 * A data set of cadences in a folder, as the competition lays it out: `train/0/0a1b...npy` and `train_labels.csv`, `test/...` and
 * `sample_submission.csv`.
 */

import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../signal/errors.ts";
import type { PanelShape, Panels } from "../signal/panels.ts";
import { describeReadError, openFileSource } from "./byte-source.node.ts";
import { type LabelTable, parseLabels } from "./cadence-labels.ts";
import { checkCadenceBytes, decodeCadence, decodeCadenceHeader } from "./cadence-npy.ts";

export type Split = "train" | "test";

/** Something that is wrong with one cadence of a set. */
export interface CadenceProblem {
  readonly kind:
    | "missing-file"
    | "unlabelled-file"
    | "wrong-shape"
    | "not-finite"
    | "unreadable"
    | "bad-label"
    | "duplicate-id";
  readonly id: string;
  /** A sentence for a person; it names the file. */
  readonly message: string;
}

export interface CadenceSet {
  /** The folder that the files lie in. */
  readonly name: string;
  readonly split: Split;
  /**
   * Of a train set: those that have a file and a label, in the order of the table of labels. Of a test set: every row of
   * `sample_submission.csv` in its order, also those without a file. Where no table is there: all files, by name.
   */
  readonly ids: readonly string[];
  /** 0 (no signal) to 1, by place; undefined where there is no table. NaN where a test set's table has none for this id. */
  readonly labels: Float32Array | undefined;
  /** What opening found; files are opened when they are read. */
  readonly problems: readonly CadenceProblem[];
  /** The shape that most of the first files have. */
  readonly shape: PanelShape;
  /** The file of a place, whether it is there or not. */
  pathOf(place: number): string;
  /** Reads a cadence of the set's shape; `into` takes its power. Throws a FileError that names the file. */
  read(place: number, into?: Float32Array): Promise<Panels>;
}

export interface OpenCadenceSetOptions {
  readonly split: Split;
  /** A table of labels, `id,target`, instead of the folder's own. */
  readonly labels?: string;
}

/**
 * Opens the cadences of `folder/train` or `folder/test`, or of the folder itself where it has no such folder. Reads the tables and the
 * names of files, and the headers of a few files. Throws a FileError where there is no such folder, no cadence in it, or a table is
 * damaged as a whole.
 */
export async function openCadenceSet(folder: string, options: OpenCadenceSetOptions): Promise<CadenceSet> {
  const { split } = options;
  const found = await findFiles(folder, split);
  const labels = await readTable(options.labels ?? join(folder, `${split}_labels.csv`), {
    required: options.labels !== undefined,
  });
  const submission =
    split === "test" ? await readTable(join(folder, SUBMISSION), { ignoreTargets: true }) : undefined;
  const order = submission ?? labels;
  const listed = order?.ids ?? [...found.paths.keys()].sort();
  const ids =
    split === "test"
      ? listed
      : listed.filter((id) => found.paths.has(id) && (labels === undefined || labels.targets.has(id)));
  const problems: CadenceProblem[] = [
    ...found.problems,
    ...(submission?.problems ?? []),
    ...(labels?.problems ?? []),
    ...missingFiles(listed, found, order),
    ...unlistedFiles(found, order),
  ];
  if (!listed.some((id) => found.paths.has(id)) || ids.length === 0) {
    throw new FileError(found.root, whyEmpty(found, order));
  }
  const pathOf = (place: number) => found.paths.get(ids[place]!) ?? defaultPath(found.root, ids[place]!);
  const shape = await commonShape(ids.flatMap((id) => found.paths.get(id) ?? []));
  return {
    name: found.root,
    split,
    ids,
    labels: labels && Float32Array.from(ids, (id) => labels.targets.get(id) ?? Number.NaN),
    problems,
    shape,
    pathOf,
    async read(place, into) {
      const path = pathOf(place);
      const panels = await readCadence(path, into);
      checkShape(path, panels, shape);
      return panels;
    },
  };
}

const SUBMISSION = "sample_submission.csv";

/** Which of the folders train and test a data set has; none for a plain folder of files. */
export async function listSplits(folder: string): Promise<Split[]> {
  const names = new Set((await listFolder(folder)).map(({ name }) => name));
  return (["train", "test"] as const).filter((split) => names.has(split));
}

/** Reads one cadence's file as `decodeCadence` does. Throws a FileError where it can't be read. */
export async function readCadence(path: string, into?: Float32Array): Promise<Panels> {
  const source = await openFileSource(path);
  try {
    checkCadenceBytes(path, source.size);
    return decodeCadence(await source.read(0, source.size), path, into);
  } finally {
    await source.close();
  }
}

/** Throws a FileError where a cadence has another shape than its set. */
export function checkShape(path: string, actual: PanelShape, wanted: PanelShape): void {
  const { panels, rows, channels } = actual;
  if (panels === wanted.panels && rows === wanted.rows && channels === wanted.channels) return;
  throw new FileError(
    path,
    `its shape is (${panels}, ${rows}, ${channels}); the set's is (${wanted.panels}, ${wanted.rows}, ${wanted.channels}). ` +
      "Leave it out, or save it in that shape.",
  );
}

interface FoundFiles {
  readonly root: string;
  /** By id. */
  readonly paths: ReadonlyMap<string, string>;
  readonly problems: readonly CadenceProblem[];
}

/** The .npy files of a split's folder and of the folders in it. */
async function findFiles(folder: string, split: Split): Promise<FoundFiles> {
  const entries = await listFolder(folder);
  const other = split === "train" ? "test" : "train";
  const inSplit = entries.some(({ name }) => name === split);
  if (!inSplit && entries.some(({ name }) => name === other)) {
    throw new FileError(
      folder,
      `this data set has a folder ${other} but none called ${split}. Give another folder, or ask for the split ${other}.`,
    );
  }
  const root = inSplit ? join(folder, split) : folder;
  const paths = new Map<string, string>();
  const problems: CadenceProblem[] = [];
  const add = (id: string, path: string) => {
    const known = paths.get(id);
    if (known === undefined) paths.set(id, path);
    else {
      const kept = path === defaultPath(root, id) ? path : known;
      paths.set(id, kept);
      const message = `${kept === path ? known : path}: ${kept} has the same id and is the one that is read.`;
      problems.push({ kind: "duplicate-id", id, message });
    }
  };
  for (const entry of inSplit ? await listFolder(root) : entries) {
    const path = join(root, entry.name);
    if (isCadenceFile(entry)) add(idOf(entry.name), path);
    else if (entry.isDirectory() || entry.isSymbolicLink()) {
      for (const inner of await listFolder(path, true)) {
        if (isCadenceFile(inner)) add(idOf(inner.name), join(path, inner.name));
      }
    }
  }
  return { root, paths, problems };
}

const isCadenceFile = (entry: Dirent): boolean =>
  entry.name.endsWith(".npy") && !entry.name.startsWith(".") && !entry.isDirectory();

const idOf = (fileName: string): string => fileName.slice(0, -".npy".length);

/** Where the competition has the file of an id. */
const defaultPath = (root: string, id: string): string => join(root, id[0]!, `${id}.npy`);

/** The entries of a folder, by name. `orFile` takes what a link leads to that is no folder for an empty one. */
async function listFolder(folder: string, orFile = false): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (orFile && (code === "ENOTDIR" || code === "ENOENT")) return [];
    if (code === "ENOENT") throw new FileError(folder, "no such folder. Check the name.", { cause: error });
    if (code === "ENOTDIR") {
      throw new FileError(folder, "this is a file. Give the folder of a data set.", { cause: error });
    }
    throw describeReadError(folder, error);
  }
}

async function readTable(
  path: string,
  options: { required?: boolean; ignoreTargets?: boolean },
): Promise<LabelTable | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && !options.required) return undefined;
    if (error.code === "EISDIR") throw new FileError(path, "this is a folder. Give the name of a table.");
    throw describeReadError(path, error);
  });
  return text === undefined ? undefined : parseLabels(text, path, options);
}

function missingFiles(
  listed: readonly string[],
  { root, paths }: FoundFiles,
  order: LabelTable | undefined,
): CadenceProblem[] {
  return listed.flatMap((id) => {
    if (paths.has(id)) return [];
    const message = `${defaultPath(root, id)}: ${order?.name} names it, but there is no such file.`;
    return [{ kind: "missing-file", id, message }];
  });
}

function unlistedFiles({ paths }: FoundFiles, order: LabelTable | undefined): CadenceProblem[] {
  if (order === undefined) return [];
  const listed = new Set(order.ids);
  return [...paths].flatMap(([id, path]) =>
    listed.has(id)
      ? []
      : [{ kind: "unlabelled-file", id, message: `${path}: ${order.name} does not name it.` } as const],
  );
}

function whyEmpty({ paths }: FoundFiles, order: LabelTable | undefined): string {
  if (paths.size === 0) return "no .npy file lies in this folder. Give the folder of a data set.";
  if (order === undefined || order.ids.length === 0) return `${order?.name} has no rows. Was it cut short?`;
  return (
    `none of the cadences of ${order.name} has a file here and a label. ` +
    "Give the folder that the table belongs to, or correct the table."
  );
}

/** Headers that are looked at to know a set's shape. */
const SHAPE_SAMPLES = 16;

/** The shape of most of a few files, spread over all; where none of them can be read, that of the first that can. */
async function commonShape(paths: readonly string[]): Promise<PanelShape> {
  const stride = Math.max(1, Math.floor(paths.length / SHAPE_SAMPLES));
  const counts = new Map<string, { shape: PanelShape; count: number }>();
  let firstError: unknown;
  const look = async (path: string) => {
    try {
      const shape = await readShape(path);
      const key = Object.values(shape).join();
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { shape, count: 1 });
      else known.count++;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      firstError ??= error;
    }
  };
  for (let i = 0; i < SHAPE_SAMPLES && i * stride < paths.length; i++) await look(paths[i * stride]!);
  for (let i = 0; i < paths.length && counts.size === 0; i++) await look(paths[i]!);
  if (counts.size === 0) throw firstError;
  return [...counts.values()].reduce((best, one) => (one.count > best.count ? one : best)).shape;
}

const HEADER_BYTES = 4096;

async function readShape(path: string): Promise<PanelShape> {
  const source = await openFileSource(path);
  try {
    const start = await source.read(0, Math.min(HEADER_BYTES, source.size));
    const [panels, rows, channels] = decodeCadenceHeader(start, path, source.size).shape;
    return { panels: panels!, rows: rows!, channels: channels! };
  } finally {
    await source.close();
  }
}
