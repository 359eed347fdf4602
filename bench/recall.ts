/**
 * The gain of a detector beside the drift search: how many needles each finds, and both together, by kind and strength, at one false alarm in 1,000
 * cadences, and what an ideal observer would find that knows the needle's shape and path, the background and the noise.
 *
 *   node bench/recall.ts [--model MODEL.onnx | --no-model] [--negatives 5000] [--cadences 100] [--snr 20,25,30] [--kinds linear,sine] [--rate 0.001]
 *                        [--search-snr 10] [--max-drift 2] [--threads N] [--seed 1] [--resamples 300] [--json FILE] [--scores FILE]
 *
 * Cadences are simulated as `defaultCadenceRecipe` has them, interference in the negatives and the positives alike, and scored in memory. The
 * model is the detector in the box unless given; with --no-model the drift search stands alone. `--scores` keeps the score of each cadence as it comes: what is in the file already is not scored
 * again, so that a run can be stopped and go on, be given more cadences, or another detector.
 *
 * The search's score is its strongest event, of level 3 before level 2, as `lodestone search --cadence` ranks them. Both together: each
 * score becomes the rate at which negatives reach it (measured on one half of them for the other), and the smaller rate counts.
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { startProgress } from "../src/cli/progress.ts";
import { shippedDetector } from "../src/learn/shipped-detector.node.ts";
import { writeFileAtomically } from "../src/signal/write-file.node.ts";
import { defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { renderCadence } from "../src/simulate/cadences.ts";
import { checkIdeal } from "./recall-ideal.ts";
import { defaultKinds, kindNames, planTask, type Task } from "./recall-kinds.ts";
import { type Method, measureRecall, type Positives, type Scores } from "./recall-measure.ts";
import { openScores, type PartialScores } from "./recall-scores.ts";
import { describeRecall, type RecallRecord } from "./recall-table.ts";
import type { Request, WorkerSettings } from "./recall-worker.ts";

const IDEAL_DRAWS = 200;

const { values: options } = parseArgs({
  options: {
    cadences: { type: "string", default: "100" },
    negatives: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    model: { type: "string", default: shippedDetector.model },
    "no-model": { type: "boolean", default: false },
    snr: { type: "string", default: "20,25,30,35,40,45" },
    kinds: { type: "string", default: defaultKinds.join(",") },
    rate: { type: "string", default: "0.001" },
    "search-snr": { type: "string", default: "10" },
    "max-drift": { type: "string", default: "2" },
    threads: { type: "string", default: String(availableParallelism()) },
    resamples: { type: "string", default: "300" },
    json: { type: "string" },
    scores: { type: "string" },
  },
});

const drawn = {
  negatives: number("negatives"),
  cadences: number("cadences"),
  snrDb: options.snr.split(",").map(Number),
  kinds: options.kinds.split(","),
  resamples: number("resamples"),
};
const unknown = drawn.kinds.find((kind) => !kindNames.includes(kind));
if (unknown !== undefined) throw new Error(`No kind ${unknown}; there are ${kindNames.join(", ")}.`);
const rate = number("rate");
const threads = number("threads");
const settings: WorkerSettings = {
  seed: number("seed"),
  search: { snr: number("search-snr"), maxDriftHzPerS: number("max-drift") },
  model: options["no-model"] ? undefined : options.model,
};

const groups = drawn.kinds.flatMap((kind) => drawn.snrDb.map((snrDb) => ({ kind, snrDb })));
const tasksOf = (count: number, needle?: Task["needle"]): Task[] =>
  Array.from({ length: count }, (_, place) => (needle ? { number: place, needle } : { number: place }));
const negativeTasks = tasksOf(drawn.negatives);
const positiveTasks = groups.map((needle) => tasksOf(drawn.cadences, needle));

const kept = await openScores(
  options.scores,
  { seed: settings.seed, search: settings.search, cadences: fingerprint() },
  settings.model === undefined ? undefined : digest(await readFile(settings.model)),
);
const startedMs = performance.now();
const scored = await scoreAll([...negativeTasks, ...positiveTasks.flat()]).finally(() => kept.close());
const scoredS = (performance.now() - startedMs) / 1000;
const scoresOf = (task: Task): Scores => {
  const { search, detector = 0 } = kept.find(task);
  return { search: search!, detector };
};
const negatives = negativeTasks.map(scoresOf);
const positives = groups.map(
  (group, i): Positives => ({ ...group, scores: positiveTasks[i]!.map(scoresOf) }),
);
const methods: Method[] = settings.model === undefined ? ["search"] : ["search", "detector", "both"];
const record: RecallRecord = {
  ...settings,
  drawn,
  rate,
  model: settings.model === shippedDetector.model ? shippedDetector.name : (settings.model ?? null),
  threads,
  scored,
  scoredS,
  ...measureRecall(negatives, positives, { methods, rate, resamples: drawn.resamples, seed: settings.seed }),
  idealCheck: checkIdeal(settings.seed, IDEAL_DRAWS, rate),
};
if (options.json !== undefined) {
  const text = `${JSON.stringify(record)}\n`;
  await writeFileAtomically(options.json, (chunk) => chunk(text));
}
process.stdout.write(describeRecall(record, methods));

function number(
  name: "seed" | "negatives" | "cadences" | "search-snr" | "max-drift" | "rate" | "threads" | "resamples",
) {
  const value = Number(options[name]);
  if (!(value > 0)) throw new Error(`--${name} ${options[name]}: give a number above 0.`);
  return value;
}

/** Of the recipe and of a positive's pixels: other versions of the simulator have another. */
function fingerprint(): string {
  const plan = planTask({ number: 0, needle: { kind: "any", snrDb: 30 } }, settings.seed);
  return digest(JSON.stringify(defaultCadenceRecipe), renderCadence(plan).data);
}

function digest(...parts: readonly (string | NodeJS.ArrayBufferView)[]): string {
  return parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
}

/** Scores what has no scores yet, and returns how many cadences that were. */
async function scoreAll(tasks: readonly Task[]): Promise<number> {
  const requests = tasks.flatMap((task): Request[] => {
    const { search, detector } = kept.find(task);
    const wanted = { search: !search, detector: settings.model !== undefined && detector === undefined };
    return wanted.search || wanted.detector ? [{ task, wanted }] : [];
  });
  const progress = startProgress("Scoring", requests.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    const worker = new Worker(new URL("./recall-worker.ts", import.meta.url), { workerData: settings });
    try {
      while (next < requests.length) {
        const request = requests[next++]!;
        kept.add(request.task, await ask(worker, request));
        progress.update(++done, `${done} of ${requests.length} cadences`);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, requests.length) }, work));
  progress.finish();
  return requests.length;
}

function ask(worker: Worker, request: Request): Promise<PartialScores> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: PartialScores) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage(request);
  });
}
