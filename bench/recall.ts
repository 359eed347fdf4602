/**
 * The gain of a detector beside the drift search: how many needles each finds, and both together, by kind and strength, at one false alarm in 1,000
 * cadences, and what an ideal observer would find that knows the needle's shape and path, the background and the noise.
 *
 *   node bench/recall.ts [--model MODEL.onnx] [--negatives 5000] [--cadences 100] [--snr 20,25,30] [--kinds linear,sine] [--rate 0.001]
 *                        [--search-snr 10] [--max-drift 2] [--threads N] [--seed 1] [--resamples 300] [--json FILE] [--reuse FILE]
 *
 * Cadences are simulated as `defaultCadenceRecipe` has them, interference in the negatives and the positives alike, and scored in memory. Without a
 * model the drift search stands alone. `--json` keeps all scores, and `--reuse` takes the search's from such a file, which saves most of the
 * time where another detector is measured on the same cadences.
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
import { writeFileAtomically } from "../src/signal/write-file.node.ts";
import { defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { renderCadence } from "../src/simulate/cadences.ts";
import { checkIdeal } from "./recall-ideal.ts";
import { defaultKinds, kindNames, planTask, type Task } from "./recall-kinds.ts";
import { type Method, measureRecall, type Positives } from "./recall-measure.ts";
import { describeRecall, type RecallRecord } from "./recall-table.ts";
import type { Scores, WorkerSettings } from "./recall-worker.ts";

const IDEAL_DRAWS = 200;

const { values: options } = parseArgs({
  options: {
    cadences: { type: "string", default: "100" },
    negatives: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    model: { type: "string" },
    snr: { type: "string", default: "20,25,30,35,40,45" },
    kinds: { type: "string", default: defaultKinds.join(",") },
    rate: { type: "string", default: "0.001" },
    "search-snr": { type: "string", default: "10" },
    "max-drift": { type: "string", default: "2" },
    threads: { type: "string", default: String(availableParallelism()) },
    resamples: { type: "string", default: "300" },
    json: { type: "string" },
    reuse: { type: "string" },
  },
});

/** What the search's scores depend on. */
const drawn = {
  seed: number("seed"),
  negatives: number("negatives"),
  cadences: number("cadences"),
  snrDb: options.snr.split(",").map(Number),
  kinds: options.kinds.split(","),
  search: { snr: number("search-snr"), maxDriftHzPerS: number("max-drift") },
  /** Of the recipe and of the first positive's pixels: other versions of the simulator have another. */
  fingerprint: fingerprint(),
};
const unknown = drawn.kinds.find((kind) => !kindNames.includes(kind));
if (unknown !== undefined) throw new Error(`No kind ${unknown}; there are ${kindNames.join(", ")}.`);
const rate = number("rate");
const threads = number("threads");

const startedMs = performance.now();
const reused = options.reuse === undefined ? undefined : await readReused(options.reuse);
const negativeTasks = Array.from({ length: drawn.negatives }, (_, place): Task => ({ number: place }));
const groups = drawn.kinds.flatMap((kind) => drawn.snrDb.map((snrDb) => ({ kind, snrDb })));
const positiveTasks = groups.flatMap((needle) =>
  Array.from({ length: drawn.cadences }, (_, place): Task => ({ number: place, needle })),
);
const scored = await scoreAll([...negativeTasks, ...positiveTasks]);
const scores = reused ? scored.map((own, i) => ({ ...reused[i]!, detector: own.detector })) : scored;
const scoredS = (performance.now() - startedMs) / 1000;
const negatives = scores.slice(0, drawn.negatives);
const positives = groups.map(
  (group, i): Positives => ({
    ...group,
    scores: scores.slice(drawn.negatives + i * drawn.cadences).slice(0, drawn.cadences),
  }),
);
const methods: Method[] = options.model === undefined ? ["search"] : ["search", "detector", "both"];
const measured = measureRecall(negatives, positives, {
  methods,
  rate,
  resamples: number("resamples"),
  seed: drawn.seed,
});
const record: RecallRecord = {
  drawn,
  rate,
  model: options.model ?? null,
  threads,
  scoredS,
  reused: reused !== undefined,
  ...measured,
  idealCheck: checkIdeal(drawn.seed, IDEAL_DRAWS, rate),
};
if (options.json !== undefined) {
  const text = `${JSON.stringify({ ...record, scores })}\n`;
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

function fingerprint(): string {
  const plan = planTask({ number: 0, needle: { kind: "any", snrDb: 30 } }, number("seed"));
  const hash = createHash("sha256").update(JSON.stringify(defaultCadenceRecipe));
  return hash.update(renderCadence(plan).data).digest("hex");
}

async function readReused(path: string): Promise<readonly Scores[]> {
  const before = JSON.parse(await readFile(path, "utf8")) as RecallRecord & { scores: Scores[] };
  if (JSON.stringify(before.drawn) === JSON.stringify(drawn)) return before.scores;
  throw new Error(
    `${path} was measured on other cadences, or by another search: ${JSON.stringify(before.drawn)}. Give the same options.`,
  );
}

async function scoreAll(tasks: readonly Task[]): Promise<Scores[]> {
  const settings: WorkerSettings = {
    seed: drawn.seed,
    search: reused ? undefined : drawn.search,
    model: options.model,
  };
  const all: Scores[] = new Array(tasks.length);
  const progress = startProgress("Scoring", tasks.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    const worker = new Worker(new URL("./recall-worker.ts", import.meta.url), { workerData: settings });
    try {
      while (next < tasks.length) {
        const place = next++;
        all[place] = await ask(worker, tasks[place]!);
        progress.update(++done, `${done} of ${tasks.length} cadences`);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  progress.finish();
  return all;
}

function ask(worker: Worker, task: Task): Promise<Scores> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: Scores) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage(task);
  });
}
