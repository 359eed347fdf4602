/**
 * Puts the network of a run in the box as the detector: models/detector.onnx, detector.safetensors, detector.recipe.json and, in detector.json,
 * what is known of it. Of several folds the one with the best AUC on what it was not trained on.
 *
 *   npm exec -- node scripts/ship-detector.ts RUN
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  foldFolder,
  type HistoryEntry,
  readHistory,
  readRunRecord,
  runFiles,
} from "../src/learn/run-folder.node.ts";

const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("Say which run: node scripts/ship-detector.ts RUN");
const record = await readRunRecord(run);
if (record === undefined) throw new Error(`${run} holds no run.`);

const folds = await Promise.all(
  record.folds.map(async (fold) => ({ fold, best: bestOf(await readHistory(foldFolder(run, fold))) })),
);
const trained = folds.filter(({ best }) => best !== undefined) as { fold: number; best: HistoryEntry }[];
if (trained.length === 0) throw new Error(`${run}: no network has been validated yet.`);
const { fold, best } = trained.reduce((a, b) => ((b.best.auc ?? 0) > (a.best.auc ?? 0) ? b : a));

const models = fileURLToPath(new URL("../models/", import.meta.url));
mkdirSync(models, { recursive: true });
copyFileSync(join(foldFolder(run, fold), runFiles.model), `${models}detector.onnx`);
copyFileSync(join(foldFolder(run, fold), runFiles.best), `${models}detector.safetensors`);
writeFileSync(`${models}detector.recipe.json`, JSON.stringify(record.recipe));
const known = {
  version: record.version,
  model: record.recipe.model.name,
  sha256: {
    onnx: digest(readFileSync(`${models}detector.onnx`)),
    safetensors: digest(readFileSync(`${models}detector.safetensors`)),
    /** Of its keys and values, however they are laid out. */
    recipe: digest(JSON.stringify(record.recipe)),
  },
  trainedOn: {
    fingerprint: record.data.fingerprint,
    cadences: record.limit ?? record.data.cadences,
    positives: record.limit === null ? record.data.positives : null,
    shape: record.data.shape,
  },
  weights: record.weights && { sha256: record.weights.sha256 },
  seed: record.seed,
  minutes: record.minutes,
  fold,
  /** On what the fold held out. */
  validation: { auc: best.auc, cadences: best.validated, epoch: best.epoch, step: best.step },
};
writeFileSync(`${models}detector.json`, JSON.stringify(known));
execFileSync("biome", ["format", "--write", "--log-level=error", models]);
console.log(`models/: fold ${fold} of ${record.recipe.name}, AUC ${best.auc} after ${best.step} steps.`);

function bestOf(history: readonly HistoryEntry[]): HistoryEntry | undefined {
  return history.findLast(({ best }) => best) ?? history.at(-1);
}

function digest(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
