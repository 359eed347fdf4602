/** The second half of `lodestone demo`: the path from cadences to a submission, in small, by the functions that the commands use. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultRecipe } from "../learn/recipes/default.ts";
import { readRunRecord } from "../learn/run-folder.node.ts";
import { checkUnlocked } from "../learn/run-lock.node.ts";
import { type SimulatedSet, writeSimulatedSet } from "../learn/simulated-set.node.ts";
import { startRun, type TrainResult } from "../learn/train.node.ts";
import { interval, share as shareText } from "../report/evaluation-values.ts";
import { counted } from "../report/values.ts";
import { grouped } from "../signal/describe.ts";
import { defaultCadenceRecipe } from "../simulate/cadence-recipe.ts";
import { type EvaluateResult, evaluate } from "./evaluate.ts";
import { type Prediction, predict } from "./predict.ts";
import { inStages, type OnProgress } from "./stages.ts";

export interface DemoLearnOptions {
  /** Folder for what is made. What an earlier demonstration made there is replaced. */
  readonly out: string;
  readonly seed: number;
  /** Cadences to train on; 400 unless given. */
  readonly train?: number | undefined;
  /** Cadences to score; 100 unless given. */
  readonly test?: number | undefined;
  /** What training may take, with its validation; 10 unless given. */
  readonly trainingS?: number | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Aborted: `demoLearn` throws its reason, once what is being written is whole. */
  readonly signal?: AbortSignal | undefined;
}

export interface DemoLearnResult {
  readonly set: SimulatedSet;
  readonly training: TrainResult;
  readonly prediction: Prediction;
  readonly evaluation: EvaluateResult;
}

/** Competitions have fewer positives; of a hundred cadences those would be too few to measure anything on. */
const POSITIVES = 0.25;

/** Simulates a data set, trains on its one half, scores the other, writes the submission and evaluates it. */
export async function demoLearn(options: DemoLearnOptions): Promise<DemoLearnResult> {
  const { out, seed, train = 400, test = 100, trainingS = 10, onProgress, signal } = options;
  // On two cores.
  const reached = inStages(
    { "simulating cadences": 5, training: trainingS + 2, predicting: 5, evaluating: 2 },
    onProgress,
  );
  const data = join(out, "cadences");
  const run = join(out, "run");
  const submission = join(out, "submission.csv");

  const recipe = { ...defaultCadenceRecipe, positives: POSITIVES };
  const set = await writeSimulatedSet(
    data,
    { recipe, seed, train, test },
    {
      force: true,
      onProgress: (done) => reached("simulating cadences", done / (train + test)),
      ...(signal && { signal }),
    },
  );
  signal?.throwIfAborted();

  await removeOldRun(run, data);
  const training = await startRun(
    run,
    { data, recipe: defaultRecipe, seed, minutes: trainingS / 60 },
    {
      onProgress({ elapsedS, runLeftS }) {
        if (Number.isFinite(runLeftS)) reached("training", elapsedS / (elapsedS + runLeftS));
      },
      ...(signal && { signal }),
    },
  );
  signal?.throwIfAborted();

  const prediction = await predict(run, data, {
    out: submission,
    onProgress: (share) => reached("predicting", share),
    ...(signal && { signal }),
  });
  const evaluation = await evaluate(submission, data, {
    out: join(out, "evaluation"),
    onProgress: (share) => reached("evaluating", share),
  });
  reached("evaluating", 1);
  signal?.throwIfAborted();
  return { set, training, prediction, evaluation };
}

/** A run is never written over: that of an earlier demonstration makes room. */
async function removeOldRun(run: string, data: string): Promise<void> {
  await checkUnlocked(run);
  const record = await readRunRecord(run);
  if (record?.data.folder === data) await rm(run, { recursive: true });
}

/** What `--json` prints of it. */
export function demoLearnJson({ set, training, prediction, evaluation }: DemoLearnResult) {
  const { count, positives, auc } = evaluation.record.evaluation;
  return {
    cadences: set.folder,
    train: { cadences: set.train, positives: set.trainPositives },
    run: training.out,
    recipe: training.record.recipe.name,
    steps: stepsOf(training),
    validationAuc: training.auc,
    submission: prediction.out,
    test: { cadences: count, positives },
    auc,
    evaluation: evaluation.page ?? null,
  };
}

export function demoLearnText({ set, training, prediction, evaluation }: DemoLearnResult): string {
  const { auc } = evaluation.record.evaluation;
  const { recipe, minutes } = training.record;
  const seconds = Math.round(60 * (minutes ?? 0));
  const lines = [
    "From cadences to a submission, in small:",
    "",
    `  ${set.folder}: ${grouped(set.train)} simulated cadences to train on, ${grouped(set.trainPositives)} with a needle; ` +
      `${grouped(set.test)} to score, ${grouped(set.testPositives)} with one`,
    `  ${training.out}: the detector in the box, trained on from there by the recipe ${recipe.name} for ${seconds} s, ${counted(stepsOf(training), "step")}`,
    `  ${prediction.out}: the scores of the ${grouped(prediction.cadences)} others`,
    `  ${evaluation.page}: how good they are`,
    "",
    `ROC AUC ${shareText(auc.value, 3)}, 95 % interval ${interval(auc)}. Training for seconds hardly changes what the detector knew before.`,
  ];
  return `${lines.join("\n")}\n`;
}

function stepsOf({ folds }: TrainResult): number {
  return folds.reduce((sum, { steps }) => sum + steps, 0);
}
