/** Small data sets of labelled cadences, and a recipe that trains on them in seconds. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeCadence } from "../../formats/cadence-npy.ts";
import type { PanelShape } from "../../signal/panels.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import type { Recipe } from "../recipe.ts";

export const smallShape = { panels: 6, rows: 16, channels: 32 } as const;

export interface SmallSet {
  readonly folder: string;
  readonly ids: readonly string[];
  readonly labels: readonly number[];
}

/** Writes noise; every third cadence has brighter ON panels and the label 1. */
export async function writeSmallSet(
  folder: string,
  count: number,
  shape: PanelShape = smallShape,
): Promise<SmallSet> {
  const ids = Array.from({ length: count }, (_, i) =>
    (i * 0x9e3779b1 + 0x1000_0000).toString(16).padStart(15, "0"),
  );
  const labels = ids.map((_, i) => (i % 3 === 0 ? 1 : 0));
  const { panels, rows, channels } = shape;
  for (const [i, id] of ids.entries()) {
    const random = randomStream(streamKey(7, i));
    const data = Float32Array.from({ length: panels * rows * channels }, () => random.normal());
    for (let at = 0; at < data.length && labels[i] === 1; at++) {
      if (Math.floor(at / (rows * channels)) % 2 === 0) data[at]! += 3;
    }
    await mkdir(join(folder, "train", id[0]!), { recursive: true });
    await writeFile(pathOf(folder, id), encodeCadence({ ...shape, data }));
  }
  await writeLabels(folder, ids, labels);
  return { folder, ids, labels };
}

export async function writeLabels(
  folder: string,
  ids: readonly string[],
  labels: readonly number[],
): Promise<void> {
  const rows = ids.map((id, i) => `${id},${labels[i]}\n`);
  await writeFile(join(folder, "train_labels.csv"), `id,target\n${rows.join("")}`);
}

export function pathOf(folder: string, id: string): string {
  return join(folder, "train", id[0]!, `${id}.npy`);
}

export const smallRecipe: Recipe = {
  name: "small",
  input: { normalisation: "none", layout: "six" },
  model: { name: "efficientnet", phi: -6, dropPath: 0.5 },
  weights: null,
  loss: { name: "bce", positiveWeight: "balanced" },
  optimizer: { name: "adamW", learningRate: 3e-3 },
  schedule: { name: "cosine", warmup: 0.1 },
  batch: 6,
  epochs: 2,
  folds: 3,
  sampling: { positives: 0.5 },
  augment: {
    flipFrequency: 0.5,
    flipTime: 0.5,
    noise: 0.1,
    mixUp: { chance: 0.3, alpha: 1, labels: "or", offInLast: 0.2 },
  },
  emaDecay: 0.5,
  flips: "frequency",
};

/** For runs that are killed and go on. */
export const killableRecipe: Recipe = { ...smallRecipe, epochs: 1.75, trainedFolds: 2 };
