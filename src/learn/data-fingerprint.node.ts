/** Tells data sets apart, without reading all of them. */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { CadenceSet } from "../formats/cadence-folder.node.ts";
import { FileError } from "../signal/errors.ts";

/** Files that are read whole, spread over the set. */
const SAMPLES = 16;
const STATS_AT_ONCE = 64;

/**
 * SHA-256 of the ids, labels and file sizes of the places that are used, in their order, and of what 16 of the files hold. Two sets of the
 * same one are the same, unless someone changed a file without changing its size.
 */
export async function dataFingerprint(set: CadenceSet, places: Int32Array): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < places.length; at += STATS_AT_ONCE) {
    const some = places.subarray(at, at + STATS_AT_ONCE);
    const sizes = await Promise.all(Array.from(some, (place) => sizeOf(set.pathOf(place))));
    for (const [i, size] of sizes.entries()) {
      const place = some[i]!;
      hash.update(`${set.ids[place]},${set.labels?.[place] ?? ""},${size}\n`);
    }
  }
  const step = Math.max(1, Math.floor(places.length / SAMPLES));
  for (let i = 0; i < places.length && i < step * SAMPLES; i += step) {
    hash.update(await readFile(set.pathOf(places[i]!)));
  }
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  const { size } = await stat(path).catch((cause) => {
    throw new FileError(path, "it can't be read. Was it moved while the data set was opened?", { cause });
  });
  return size;
}
