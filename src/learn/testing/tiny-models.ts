/** Networks of one linear layer over a cadence's image, as .onnx files, and folders of small cadences to score with them. */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeCadence } from "../../formats/cadence-npy.ts";
import { createGraph } from "../../nn/graph.ts";
import { writeOnnx } from "../../nn/onnx/onnx.node.ts";
import { input } from "../../nn/ops/input.ts";
import { linear } from "../../nn/ops/linear.ts";
import { flatten } from "../../nn/ops/reshape.ts";
import { parameter } from "../../nn/ops/weight.ts";
import type { Panels } from "../../signal/panels.ts";
import { inputShape } from "../inputs/input-spec.ts";
import type { Preprocessing } from "../preprocessing.ts";

export const tinyShape = { panels: 6, rows: 5, channels: 4 } as const;

const init = { kind: "constant", value: 0 } as const;

export interface TinyModel {
  readonly weights: Float32Array;
  readonly bias: number;
}

/** Weights that differ from place to place and from one `salt` to the next. */
export function tinyModel(salt: number, floats = 120): TinyModel {
  return {
    weights: Float32Array.from({ length: floats }, (_, i) => Math.sin(salt + i * (1.3 + salt))),
    bias: 0.1 * salt,
  };
}

/** Writes the model with its folder. `preprocessing` undefined leaves it out of the metadata. */
export async function writeTinyModel(
  path: string,
  { weights, bias }: TinyModel,
  preprocessing: Preprocessing | undefined,
  logits = 1,
): Promise<void> {
  const { input: spec, shape } = preprocessing ?? {
    input: { normalisation: "none", layout: "six" },
    shape: tinyShape,
  };
  const { channels, height, width } = inputShape(spec, shape);
  const graph = createGraph();
  const x = flatten(input(graph, "image", [1, channels, height, width]));
  const features = x.shape[1]!;
  const w = parameter(graph, "w", [logits, features], { init, decay: true });
  const output = linear(x, w, parameter(graph, "b", [logits], { init, decay: false }));
  const all = new Float32Array(logits * features);
  for (let k = 0; k < logits; k++) all.set(weights.subarray(0, features), k * features);
  await mkdir(dirname(path), { recursive: true });
  await writeOnnx(path, {
    output,
    weights: new Map([
      ["w", all],
      ["b", new Float32Array(logits).fill(bias)],
    ]),
    metadata: { modelName: "tiny", preprocessing },
  });
}

/** Writes the models as the folds of a run. */
export async function writeTinyRun(
  folder: string,
  models: readonly TinyModel[],
  preprocessing: Preprocessing,
): Promise<void> {
  for (const [fold, model] of models.entries()) {
    await writeTinyModel(join(folder, `fold-${fold}`, "model.onnx"), model, preprocessing);
  }
}

/** The probability that the model gives to an image. */
export function tinyScore({ weights, bias }: TinyModel, image: Float32Array): number {
  const logit = image.reduce((sum, value, i) => sum + value * weights[i]!, bias);
  return 1 / (1 + Math.exp(-logit));
}

/** A cadence whose values half precision holds exactly. */
export function tinyCadence(
  salt: number,
  { panels, rows, channels } = tinyShape as Omit<Panels, "data">,
): Panels {
  const data = Float32Array.from(
    { length: panels * rows * channels },
    (_, i) => ((i * 37 + salt * 101) % 64) / 16 - 2,
  );
  return { data, panels, rows, channels };
}

/** The id of the cadence made from `salt`, as the competition's are. */
export function tinyId(salt: number): string {
  return salt.toString(16).padStart(15, "e");
}

/** Writes `FOLDER/SPLIT/e/ID.npy`. */
export async function writeTinyCadence(
  folder: string,
  split: string,
  salt: number,
  cadence = tinyCadence(salt),
): Promise<string> {
  const id = tinyId(salt);
  const path = join(folder, split, id[0]!, `${id}.npy`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodeCadence(cadence));
  return path;
}
