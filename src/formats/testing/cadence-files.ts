/** Small data sets of cadences for tests. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeCadence } from "../cadence-npy.ts";

export const SMALL_SHAPE = { panels: 6, rows: 5, channels: 4 };

/** Values that float16 holds exactly, different for every `seed`. */
export function smallCadence(seed: number, shape = SMALL_SHAPE) {
  const length = shape.panels * shape.rows * shape.channels;
  return { ...shape, data: Float32Array.from({ length }, (_, i) => ((i * 37 + seed * 101) % 257) / 32 - 4) };
}

/** Writes `split/<first letter>/<id>.npy` for each id, the cadence of its place, and gives the paths. */
export async function writeSmallCadences(
  folder: string,
  split: string,
  ids: readonly string[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const [i, id] of ids.entries()) {
    const path = join(folder, split, id[0]!, `${id}.npy`);
    await mkdir(join(folder, split, id[0]!), { recursive: true });
    await writeFile(path, encodeCadence(smallCadence(i)));
    paths.push(path);
  }
  return paths;
}
