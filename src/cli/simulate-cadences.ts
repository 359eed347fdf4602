/** `lodestone simulate cadences`: a data set of simulated cadences in the competition's layout. */

import { Command } from "commander";
import { type SimulatedSet, writeSimulatedSet } from "../learn/simulated-set.node.ts";
import { grouped } from "../signal/describe.ts";
import { UsageError } from "../signal/errors.ts";
import { type CadenceRecipe, defaultCadenceRecipe, readCadenceRecipe } from "../simulate/cadence-recipe.ts";
import { endInOrder } from "./interrupt.ts";
import { parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";
import { readJson } from "./read-json.ts";

export interface SimulateCadencesOptions {
  readonly out?: string;
  readonly train: number;
  readonly test: number;
  readonly seed: number;
  readonly recipe?: string;
  readonly threads?: number;
  readonly force?: boolean;
}

const examples = `
Each cadence is six panels of noise, bandpass and gain structure, with interference in most of them. One of ten has a needle: a signal that is
there only while the telescope points at the target. The folder has train/ with train_labels.csv and test/ with sample_submission.csv, as the
competition's has, and beside them test_labels.csv and truth.csv, which tells of every signal that was put in.

The same seed makes the same files, with any number of threads. After Ctrl-C the same command goes on.
A recipe is a JSON file; what it leaves out is as in the one that --print-recipe shows.

Examples:
  $ lodestone simulate cadences --out data --train 3000 --test 1000
  $ lodestone simulate cadences --out hard --train 500 --seed 2 --recipe faint.json
  $ lodestone simulate cadences --print-recipe > faint.json
`;

const count = parseInteger({ min: 0, max: 10_000_000 });

export function simulateCadencesCommand(): Command {
  return new Command("cadences")
    .description("Make labelled cadences as the competition has them, for training and for tests.")
    .option("--out <folder>", "the folder of the data set")
    .option("--train <n>", "cadences with labels", count, 0)
    .option("--test <n>", "cadences to be scored", count, 0)
    .option("--seed <n>", "which cadences to make", parseInteger({ min: 0 }), 1)
    .option("--recipe <file>", "what they are drawn from, as JSON")
    .option("--print-recipe", "print the recipe, all of it, and make nothing")
    .option("--threads <n>", "threads (default: one a processor)", parseInteger({ min: 1, max: 256 }))
    .option("--force", "replace a simulated set that is in the folder")
    .option("--json", "print what was made as one object")
    .addHelpText("after", examples)
    .action(async (options: SimulateCadencesOptions & { json?: boolean; printRecipe?: boolean }) => {
      if (options.printRecipe) {
        process.stdout.write(`${JSON.stringify(await recipeOf(options), null, 2)}\n`);
        return;
      }
      const set = await simulateCadences(options);
      if (options.json) process.stdout.write(`${JSON.stringify(set, null, 2)}\n`);
      else process.stdout.write(`${simulatedSetText(set)}\n`);
      if (set.interrupted) {
        process.stderr.write("lodestone: stopped; run the same command again to go on.\n");
        process.exitCode = 130;
      }
    });
}

/** Writes the set. Ctrl-C ends it when the files that are being written are whole. */
export async function simulateCadences(options: SimulateCadencesOptions): Promise<SimulatedSet> {
  const { out, train, test, seed, threads, force } = options;
  if (out === undefined) throw new UsageError("Say where the data set goes: --out FOLDER.");
  if (train + test === 0) throw new UsageError("Say how many cadences to make: --train N, --test N or both.");
  const recipe = await recipeOf(options);
  const progress = startProgress("Simulating", train + test);
  const interrupt = endInOrder(() => {
    progress.finish();
    process.stderr.write(
      "Stopping when the files that are being written are whole; once more ends at once.\n",
    );
  });
  const started = performance.now();
  try {
    return await writeSimulatedSet(
      out,
      { recipe, seed, train, test },
      {
        ...(threads !== undefined && { threads }),
        ...(force !== undefined && { force }),
        signal: interrupt.signal,
        onProgress: (done) =>
          progress.update(done, `${(done / ((performance.now() - started) / 1000)).toFixed(0)} cadences/s`),
      },
    );
  } finally {
    interrupt.done();
    progress.finish();
  }
}

async function recipeOf({ recipe }: Pick<SimulateCadencesOptions, "recipe">): Promise<CadenceRecipe> {
  if (recipe === undefined) return defaultCadenceRecipe;
  return readCadenceRecipe(await readJson(recipe), recipe);
}

export function simulatedSetText(set: SimulatedSet): string {
  const { folder, train, trainPositives, test, testPositives, seed, written, kept, seconds } = set;
  if (set.interrupted) {
    return `${grouped(written + kept)} of ${grouped(train + test)} cadences are in ${folder}, without its tables.`;
  }
  const split = (cadences: number, positives: number, where: string) =>
    cadences === 0
      ? []
      : [`${grouped(cadences)} cadences, ${grouped(positives)} with a needle, in ${folder}/${where}`];
  return [
    ...split(train, trainPositives, "train"),
    ...split(test, testPositives, "test"),
    `Seed ${seed}. ${grouped(written)} written in ${seconds.toFixed(1)} s (${(written / seconds).toFixed(0)} a second)` +
      `${kept === 0 ? "" : `, ${grouped(kept)} were there already`}.`,
  ].join("\n");
}
