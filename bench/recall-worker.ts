/** A thread of bench/recall.ts: draws cadences, and scores them by the drift search and by a detector. */

import { parentPort, workerData } from "node:worker_threads";
import { openDetector } from "../src/detect/detector.node.ts";
import { createWindowScorer } from "../src/detect/score-windows.ts";
import { searchCadence } from "../src/search/cadence-search.ts";
import { loadSearchKernels } from "../src/search/kernels.node.ts";
import { localPool } from "../src/search/segment-pool.ts";
import { makeCadence } from "../src/signal/cadence.ts";
import { memorySource } from "../src/signal/memory-source.ts";
import type { Panels } from "../src/signal/panels.ts";
import { defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { type CadencePlan, renderCadence } from "../src/simulate/cadences.ts";
import { planTask, type Task } from "./recall-kinds.ts";
import type { PartialScores, SearchScores } from "./recall-scores.ts";

export interface WorkerSettings {
  readonly seed: number;
  readonly search: { readonly snr: number; readonly maxDriftHzPerS: number };
  /** A detector's file. */
  readonly model: string | undefined;
}

export interface Request {
  readonly task: Task;
  readonly wanted: { readonly search: boolean; readonly detector: boolean };
}

const settings = workerData as WorkerSettings;
const pool = localPool(await loadSearchKernels());
const detector =
  settings.model === undefined ? undefined : await openDetector(settings.model, { threads: 1 });
const { rows, channels } = defaultCadenceRecipe.cadence;
if (detector && (detector.shape.rows !== rows || detector.shape.channels !== channels)) {
  throw new Error(`${settings.model} knows cadences of another shape than ${rows} x ${channels}.`);
}
const scorer = detector && createWindowScorer(detector);
let memory: Float32Array | undefined;

parentPort!.on("message", async (request: Request) => parentPort!.postMessage(await answer(request)));

async function answer({ task, wanted }: Request): Promise<PartialScores> {
  const plan = planTask(task, settings.seed);
  const panels = renderCadence(plan, memory);
  memory = panels.data;
  return {
    ...(wanted.search && { search: await searchScores(plan, panels) }),
    ...(wanted.detector && { detector: await detectorScore(panels) }),
  };
}

async function detectorScore(panels: Panels): Promise<number> {
  const [score] = await scorer!.score(panels, [0]);
  if (Number.isNaN(score)) throw new Error(`${settings.model} gives no number for a cadence.`);
  return score!;
}

const SECONDS_PER_DAY = 86_400;
const START_MJD = 60_000;

/** What `lodestone search --cadence` would find in the panels as scans of one observation. */
async function searchScores(
  { grids, recipe }: CadencePlan,
  { data, rows, channels }: Panels,
): Promise<SearchScores> {
  const size = rows * channels;
  const scans = grids.map(({ frequency, time, startS }, scan) =>
    memorySource({
      data: data.subarray(scan * size, (scan + 1) * size),
      frequency,
      time: { ...time, tstartMjd: START_MJD + startS / SECONDS_PER_DAY },
      header: {},
      source: `scan ${scan + 1}`,
    }),
  );
  const cadence = makeCadence(recipe.cadence.pattern, scans);
  const { events } = await searchCadence(cadence, pool, settings.search);
  const strongest = (level: number) =>
    events.reduce((best, event) => (event.level === level ? Math.max(best, event.snr) : best), 0);
  return { level3: strongest(3), level2: strongest(2) };
}
