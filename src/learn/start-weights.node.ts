/** Weights that a training starts from: first values, a file, or a model on the hub. */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { fetchFromHub } from "../nn/hub.node.ts";
import type { BuiltModel, Model } from "../nn/models/model.ts";
import { readSafetensors } from "../nn/safetensors.node.ts";
import type { SafeTensor } from "../nn/safetensors.ts";
import { initWeights, loadPretrained, type Weights } from "../nn/weights.ts";
import { FileError } from "../signal/errors.ts";
import type { RunRecord } from "./run-folder.node.ts";
import { shippedDetector } from "./shipped-detector.node.ts";

export interface WeightsFile {
  readonly path: string;
  readonly record: NonNullable<RunRecord["weights"]>;
}

/** What a recipe's `weights` say of those of the detector in the box. */
export const DETECTOR = "detector";

/**
 * Finds a recipe's `weights` on disk: those of the detector in the box, a file, or OWNER/NAME, which is fetched from the Hugging Face hub unless it is there. `commit` asks for
 * that one. Throws an InputError where there is none.
 */
export async function findWeights(source: string, commit?: string): Promise<WeightsFile> {
  if (source === DETECTOR) {
    return {
      path: shippedDetector.weights,
      record: { source, sha256: await digest(shippedDetector.weights) },
    };
  }
  if (await isFile(source)) return { path: source, record: { source, sha256: await digest(source) } };
  if (/\.safetensors$/.test(source) || !/^[\w.-]+\/[\w.-]+$/.test(source)) {
    throw new FileError(
      source,
      "there is no such file. Give a safetensors file, or a model on the hub as OWNER/NAME.",
    );
  }
  const found = await fetchFromHub(source, commit === undefined ? {} : { revision: commit });
  return { path: found.path, record: { source, sha256: await digest(found.path), commit: found.commit } };
}

/** The weights of a network at the start of its training. Throws an InputError that names the tensors that don't fit. */
export async function startWeights(
  model: Model,
  { graph }: BuiltModel,
  file: WeightsFile | undefined,
  seed: number,
): Promise<Weights> {
  if (!file) return initWeights(graph, seed);
  const { tensors } = await readSafetensors(file.path);
  return loadPretrained(model, graph, ownTensors(tensors), { source: file.record.source, seed }).weights;
}

/** Of a training's checkpoint, the weights that it would score with; of any other file, all. */
function ownTensors(tensors: ReadonlyMap<string, SafeTensor>): ReadonlyMap<string, SafeTensor> {
  for (const part of ["average/", "model/"]) {
    const own = [...tensors].filter(([name]) => name.startsWith(part));
    if (own.length > 0) return new Map(own.map(([name, tensor]) => [name.slice(part.length), tensor]));
  }
  return tensors;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function digest(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
