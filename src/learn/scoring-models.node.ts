/** Models that score cadences: which belong to a run, and what each says of the cadences that it is for. */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openOnnx } from "../nn/onnx/session.node.ts";
import type { OnnxSession } from "../nn/onnx/session.ts";
import { FileError } from "../signal/errors.ts";
import { type Preprocessing, preprocessingOf } from "./preprocessing.ts";

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
    return digits === undefined ? [] : [{ fold: Number(digits), path: join(run, name, "model.onnx") }];
  });
  const there = await Promise.all(folds.map(({ path }) => isFile(path)));
  const models = folds.filter((_, i) => there[i]).sort((a, b) => a.fold - b.fold);
  if (models.length > 0) return models;
  throw new FileError(
    run,
    names.includes("run.json")
      ? "this run has no model yet. Go on with `lodestone train --resume` until a first epoch is over."
      : "no fold-0/model.onnx or the like lies in this folder. Give the folder that `lodestone train --out` wrote, or an .onnx file.",
  );
}

/** The .onnx files of a run's folder, or the one file that is given. Throws a FileError where there are none. */
export async function modelsOf(path: string): Promise<string[]> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(
      path,
      "no such run or model. Give the folder that `lodestone train --out` wrote, or an .onnx file.",
      { cause },
    );
  });
  return status.isDirectory() ? (await foldModels(path)).map((model) => model.path) : [path];
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
