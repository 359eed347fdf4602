/** Models that score cadences: which belong to a run, and what each says of the cadences that it is for. */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openOnnx } from "../nn/onnx/session.node.ts";
import type { OnnxSession } from "../nn/onnx/session.ts";
import { FileError, InputError } from "../signal/errors.ts";
import { checkInputSpec, type InputSpec, inputShape, type PanelShape } from "./inputs/input-spec.ts";
import { flipNames, type Recipe } from "./recipe.ts";

/** What a model's metadata says under `preprocessing`. */
export interface Preprocessing {
  readonly input: InputSpec;
  /** Of the cadences. */
  readonly shape: PanelShape;
  /** Views that prediction averages. */
  readonly flips: Recipe["flips"];
}

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
    const { description } = session;
    const preprocessing = readPreprocessing(path, description.preprocessing);
    const { channels, height, width } = inputShape(preprocessing.input, preprocessing.shape);
    const wanted = [channels, height, width].join(" x ");
    const actual = description.input.shape.slice(1).join(" x ");
    if (actual !== wanted) {
      throw new FileError(
        path,
        `it takes images of ${actual}, but what it says of their preparation makes ${wanted}. Export it again.`,
      );
    }
    const logits = description.output.shape.slice(1);
    if (logits.some((size) => size !== 1)) {
      throw new FileError(
        path,
        `it gives ${logits.join(" x ")} numbers a cadence; a model that scores cadences gives one.`,
      );
    }
    return { path, session, ...preprocessing };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function readPreprocessing(path: string, value: unknown): Preprocessing {
  if (typeof value !== "object" || value === null) {
    throw new FileError(
      path,
      "it does not say how cadences are prepared for it (preprocessing, in its metadata). Give a model that Lodestone exported.",
    );
  }
  const { input, shape, flips = "none" } = value as Record<string, unknown>;
  try {
    return { input: checkInputSpec(input, path), shape: readShape(shape), flips: readFlips(flips) };
  } catch (cause) {
    const why = cause instanceof InputError ? cause.message : String(cause);
    throw new FileError(path, `its metadata's preprocessing can't be used (${why}). Export it again.`, {
      cause,
    });
  }
}

function readShape(value: unknown): PanelShape {
  const { panels, rows, channels } = (value ?? {}) as Record<string, unknown>;
  const size = (name: string, number: unknown) => {
    if (Number.isSafeInteger(number) && (number as number) >= 1) return number as number;
    throw new InputError(`shape.${name} is ${JSON.stringify(number)}, not a whole number from 1.`);
  };
  return {
    panels: size("panels", panels),
    rows: size("rows", rows),
    channels: size("channels", channels),
  };
}

function readFlips(value: unknown): Recipe["flips"] {
  const found = flipNames.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InputError(`flips is ${JSON.stringify(value)}, not one of ${flipNames.join(", ")}.`);
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}
