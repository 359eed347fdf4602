/** Models that score cadences: which belong to a run, and what each says of the cadences that it is for. */

import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { openOnnx } from "../nn/onnx/session.node.ts";
import type { OnnxSession } from "../nn/onnx/session.ts";
import { FileError } from "../signal/errors.ts";
import { type Preprocessing, preprocessingOf } from "./preprocessing.ts";
import { runFiles } from "./run-folder.node.ts";

export interface ScoringModel extends Preprocessing {
  readonly path: string;
  readonly session: OnnxSession;
}

/** A run's model of one fold. */
export interface FoldModel {
  readonly fold: number;
  readonly path: string;
}

/** The models of a run, `fold-*\/model.onnx`, by the folds' numbers. Throws a FileError where there are none. */
export async function foldModels(run: string): Promise<FoldModel[]> {
  const names = await readdir(run).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(run, "the folder of the run can't be read. Check the path.", { cause });
  });
  const folds = names.flatMap((name) => {
    const digits = /^fold-(\d{1,9})$/.exec(name)?.[1];
    return digits === undefined ? [] : [{ fold: Number(digits), path: join(run, name, runFiles.model) }];
  });
  const there = await Promise.all(folds.map(({ path }) => isFile(path)));
  const models = folds.filter((_, i) => there[i]).sort((a, b) => a.fold - b.fold);
  if (models.length > 0) return models;
  throw new FileError(
    run,
    names.includes(runFiles.run)
      ? "this run has no model yet. Go on with `lodestone train --resume` until a first epoch is over."
      : "no fold-0/model.onnx or the like lies in this folder. Give the folder that `lodestone train --out` wrote, or an .onnx file.",
  );
}

/** The .onnx files of a run's folder, or the one .onnx file that is given. Throws a FileError where there are none. */
export async function modelsOf(path: string): Promise<string[]> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(
      path,
      "no such run or model. Give the folder that `lodestone train --out` wrote, or an .onnx file.",
      { cause },
    );
  });
  if (status.isDirectory()) return (await foldModels(path)).map((model) => model.path);
  refuseRunFile(path);
  if (extname(path).toLowerCase() === ".onnx") return [path];
  throw new FileError(
    path,
    "this is no model. Give the folder that `lodestone train --out` wrote, or an .onnx file, and after it the folder of the data.",
  );
}

/** Throws a FileError that says what to give instead, where a path is that of a run's file which neither scores cadences nor holds scores. */
export function refuseRunFile(path: string): void {
  const name = basename(path);
  if (name === runFiles.run) {
    throw new FileError(path, `this is the record of a run. Give the run's folder, ${dirname(path)}.`);
  }
  if (name === runFiles.last || name === runFiles.best || name === runFiles.history) {
    const model = join(dirname(path), runFiles.model);
    throw new FileError(path, `this is a file of a run's fold, and not its model. Give ${model}.`);
  }
}

/** Opens a model for scoring and checks that it is one of cadences. Throws a FileError where it isn't. */
export async function openScoringModel(path: string, threads: number): Promise<ScoringModel> {
  const session = await openOnnx(path, { threads });
  try {
    return { path, session, ...preprocessingOf(session.description, path) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}
