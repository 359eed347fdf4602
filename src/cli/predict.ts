/** `lodestone predict`: a submission, by a trained model or all models of a run. */

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command } from "commander";
import { openCadenceSet, type Split } from "../formats/cadence-folder.node.ts";
import { encodeLabels } from "../formats/cadence-labels.ts";
import { scoreCadences } from "../learn/score.node.ts";
import { modelsOf } from "../learn/scoring-models.node.ts";
import { grouped } from "../signal/describe.ts";
import { UsageError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { parseChoice, parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";

export interface PredictOptions {
  /** The table to write; `submission.csv` if not given. */
  readonly out?: string;
  /** `test` if not given. */
  readonly split?: Split;
  /** Whether views are averaged as the models say; true if not given. */
  readonly flips?: boolean;
  /** All of the machine's if not given. */
  readonly threads?: number;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Aborted: nothing is written, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface Prediction {
  readonly out: string;
  readonly models: readonly string[];
  readonly cadences: number;
  /** Cadences that could not be read and got the mean of all others' scores. */
  readonly skipped: number;
  readonly meanScore: number;
  readonly seconds: number;
  /** Sentences about the data, one for each thing that is wrong with it. */
  readonly problems: readonly string[];
}

const MOST_PROBLEMS_SHOWN = 10;

const examples = `
The rows and their order are those of sample_submission.csv; where there is none, every .npy file gets a row. A score is a
probability, the mean over the run's folds and over the flips that its recipe names. Cadences that a run was trained on score too
well; \`lodestone evaluate\` takes the folds that did not see them.

Examples:
  $ lodestone predict run data --out submission.csv
  $ lodestone predict model.onnx data --out quick.csv --no-flips
  $ lodestone predict run data --split train --out train-scores.csv --json
`;

export function predictCommand(): Command {
  return new Command("predict")
    .description("Score a folder of cadences with a run's models, or with one, and write a submission.")
    .argument("<model>", "the folder of a run, or an .onnx file")
    .argument("<data>", "the folder of a data set")
    .option("--out <file>", "the table to write, id and target", "submission.csv")
    .option("--split <name>", "which cadences: test or train", parseChoice(["test", "train"]), "test")
    .option("--no-flips", "score each cadence once, as it is")
    .option("--threads <n>", "threads (default: one a processor)", parseInteger({ min: 1, max: 256 }))
    .option("--json", "print what was done as an object")
    .addHelpText("after", examples)
    .action(async (model: string, data: string, options: PredictOptions & { json?: boolean }) => {
      const progress = startProgress("Scoring", 1);
      const prediction = await predict(model, data, {
        ...options,
        onProgress: (fraction) => progress.update(fraction),
      }).finally(() => progress.finish());
      for (const line of shownProblems(prediction.problems)) process.stderr.write(`${line}\n`);
      if (options.json) process.stdout.write(`${JSON.stringify(prediction, null, 2)}\n`);
      else process.stderr.write(`${formatPrediction(prediction)}\n`);
    });
}

/**
 * Scores the cadences of `data` and writes `id,target` to `out`, in the order of `sample_submission.csv`. Throws InputErrors where a
 * model or the data can't be read, or the table can't be written.
 */
export async function predict(
  model: string,
  data: string,
  options: PredictOptions = {},
): Promise<Prediction> {
  const { out = "submission.csv", split = "test", flips = true, threads = availableParallelism() } = options;
  const startedMs = performance.now();
  for (const table of ["sample_submission.csv", "train_labels.csv", "test_labels.csv"]) {
    if (resolve(out) !== resolve(data, table)) continue;
    throw new UsageError(`${out}: this is the data set's own table. Give another name to write to.`);
  }
  const models = await modelsOf(model);
  const set = await openCadenceSet(data, { split });
  // Of a file that is missing reading tells again.
  const found = set.problems.filter(({ kind }) => kind !== "missing-file").map(({ message }) => message);
  const troubles: string[] = [];
  let skipped = 0;
  // The file is opened first, so that hours of scoring don't end at a folder that isn't there.
  const scores = await writeFileAtomically(out, async (write) => {
    const scores = await scoreCadences(models, set, {
      flips: flips ? undefined : "none",
      threads,
      onProgress: options.onProgress,
      signal: options.signal,
      onProblem(trouble) {
        troubles.push(trouble.message);
        if (trouble.skipped) skipped++;
      },
    });
    await write(encodeLabels(set.ids, scores));
    return scores;
  });
  return {
    out,
    models,
    cadences: set.ids.length,
    skipped,
    meanScore: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    seconds: (performance.now() - startedMs) / 1000,
    problems: [...found, ...troubles],
  };
}

function formatPrediction({ out, models, cadences, skipped, meanScore, seconds }: Prediction): string {
  const by = models.length === 1 ? "1 model" : `${models.length} models`;
  const rate = `${(cadences / seconds).toFixed(1)} a second`;
  const lines = [
    `Wrote ${out}: ${grouped(cadences)} cadences, scored by ${by} (${rate}), ${meanScore.toFixed(4)} on average.`,
  ];
  if (skipped > 0) {
    lines.push(`${grouped(skipped)} of them could not be read and got the mean of all others.`);
  }
  return lines.join("\n");
}

function shownProblems(problems: readonly string[]): string[] {
  const shown = problems.slice(0, MOST_PROBLEMS_SHOWN);
  const more = problems.length - shown.length;
  return more === 0 ? shown : [...shown, `... and ${grouped(more)} more; --json prints them all.`];
}
