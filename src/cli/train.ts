/** `lodestone train`: networks trained on a folder of cadences. */

import { Command } from "commander";
import { findRecipe } from "../learn/find-recipe.node.ts";
import { checkRecipe, type Recipe } from "../learn/recipe.ts";
import { defaultRecipe } from "../learn/recipes/default.ts";
import type { HistoryEntry } from "../learn/run-folder.node.ts";
import {
  type RunProgress,
  resumeRun,
  startRun,
  type TrainHooks,
  type TrainResult,
} from "../learn/train.node.ts";
import { counted } from "../report/values.ts";
import { UsageError } from "../signal/errors.ts";
import { endInOrder } from "./interrupt.ts";
import { parseInteger, parseNumber } from "./options.ts";
import { startProgress } from "./progress.ts";

interface TrainCommandOptions {
  readonly out: string;
  readonly recipe?: string;
  readonly model?: string;
  readonly epochs?: number;
  readonly batch?: number;
  readonly folds?: number;
  readonly fold?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly limit?: number;
  readonly minutes?: number;
  readonly resume?: boolean;
  readonly weights?: string;
  readonly labels?: string;
  readonly json?: boolean;
}

/** What a run that goes on may be told; all else stands in its folder. */
const resumable: readonly string[] = ["out", "resume", "threads", "minutes", "json"];

const examples = `
The folder is laid out as the competition's: train/<first digit>/<id>.npy and train_labels.csv. The run's folder gets everything that is needed to
repeat it, and for each fold last.safetensors, best.safetensors, model.onnx, validation.csv, history.jsonl and curves for TensorBoard.
Ctrl-C keeps a checkpoint; --resume goes on from the last one, after a crash too.

Examples:
  $ lodestone train cadences --out run
  $ lodestone train cadences --out run-seed --recipe seed --fold 0
  $ lodestone train cadences --out short --minutes 10
  $ lodestone train cadences --out run --resume
`;

export function trainCommand(): Command {
  return new Command("train")
    .description("Train networks on a folder of cadences with labels.")
    .argument("<data>", "folder with train/ and train_labels.csv")
    .requiredOption("--out <run>", "folder for the run")
    .option("--recipe <name>", "seed, default, images, or a JSON file (default: default)")
    .option("--model <name>", "another network than the recipe's: B0 to B7, resnet18, ...")
    .option("--epochs <n>", "how often every cadence is seen", parseNumber({ above: 0 }))
    .option("--batch <n>", "cadences a step", parseInteger({ min: 1 }))
    .option(
      "--folds <k>",
      "parts for cross-validation; a network is trained on all but one",
      parseInteger({ min: 1 }),
    )
    .option("--fold <i>", "train this fold alone, from 0", parseInteger({ min: 0 }))
    .option("--seed <n>", "draws weights, order, examples (default: 1)", parseInteger({ min: 0 }))
    .option("--threads <n>", "threads (default: one a processor)", parseInteger({ min: 1, max: 256 }))
    .option("--limit <n>", "use so many of the cadences", parseInteger({ min: 2 }))
    .option("--minutes <m>", "end in this time, validation and all folds included", parseNumber({ above: 0 }))
    .option("--resume", "go on with the run in the folder")
    .option(
      "--weights <file>",
      "start from a safetensors file, or a model on the Hugging Face hub (OWNER/NAME)",
    )
    .option("--labels <file>", "another table of labels than the folder's")
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(async (data: string, options: TrainCommandOptions) => {
      if (options.resume) checkResumable(options);
      const recipe = options.resume ? undefined : await chosenRecipe(options);
      const { out, seed = 1, fold, limit, minutes, threads, labels } = options;
      const given = { ...optional({ fold, limit, minutes, threads, labels }) };
      const result = await watched((hooks) => {
        return recipe
          ? startRun(out, { data, recipe, seed, ...given }, hooks)
          : resumeRun(out, { data, ...optional({ threads, minutes }) }, hooks);
      });
      process.stdout.write(
        options.json ? `${JSON.stringify(trainJson(result), null, 2)}\n` : trainText(result),
      );
      if (result.interrupted) {
        process.stderr.write(
          `lodestone: stopped; a checkpoint is kept. Go on: lodestone train ${data} --out ${out} --resume\n`,
        );
        process.exitCode = 130;
      }
    });
}

function checkResumable(options: TrainCommandOptions): void {
  const settled = Object.keys(options).filter((name) => !resumable.includes(name));
  if (settled.length === 0) return;
  throw new UsageError(
    `--resume goes on with the run as it was begun: leave out ${settled.map((name) => `--${name}`).join(", ")}, or begin another run. ` +
      "Only --threads and --minutes may be given anew.",
  );
}

async function chosenRecipe(options: TrainCommandOptions): Promise<Recipe> {
  const { epochs, minutes, batch, folds, weights, model } = options;
  if (epochs !== undefined && minutes !== undefined) {
    throw new UsageError("--epochs and --minutes both say how long to train. Give one of them.");
  }
  const recipe = await findRecipe(recipeName(options));
  const { trainedFolds, ...rest } = recipe;
  const changed = {
    ...rest,
    // Folds that were asked for are trained.
    ...(folds === undefined && trainedFolds !== undefined && { trainedFolds }),
    ...optional({ epochs, batch, folds, weights }),
    ...(model !== undefined && { model: { ...recipe.model, name: modelName(model) } }),
  };
  return checkRecipe(changed, `The recipe ${recipe.name}`);
}

/** The default recipe is made for its own model and that model's weights: with another, the images' recipe stands in. */
function recipeName({ recipe = "default", model }: TrainCommandOptions): string {
  return recipe === "default" && model !== undefined && model !== defaultRecipe.model.name
    ? "images"
    : recipe;
}

/** B0 is short for efficientnet_b0. */
function modelName(name: string): string {
  return /^b\d$/i.test(name) ? `efficientnet_${name.toLowerCase()}` : name;
}

/** Shows a training's progress, and lets Ctrl-C end it in order. */
async function watched(train: (hooks: TrainHooks) => Promise<TrainResult>): Promise<TrainResult> {
  const { stderr } = process;
  const startedMs = performance.now();
  const progress = startProgress("Training", 1);
  const say = (line: string) => stderr.write(`${stderr.isTTY ? "\r\x1b[K" : ""}${line}\n`);
  const interrupt = endInOrder(() => say("Stopping after this step; once more ends at once."));
  try {
    return await train({
      signal: interrupt.signal,
      onNote: (sentence) => say(`Note: ${sentence}`),
      onEpoch: (entry, fold) => say(epochLine(entry, fold)),
      onProgress(now) {
        const spentS = (performance.now() - startedMs) / 1000;
        if (Number.isFinite(now.runLeftS))
          progress.update(spentS / (spentS + now.runLeftS), progressNote(now));
      },
    });
  } finally {
    progress.finish();
    interrupt.done();
  }
}

export function progressNote(now: RunProgress): string {
  // What matters most comes first: narrow terminals cut the rest off.
  const parts = [
    ...(now.validated === undefined ? [] : [`validating ${Math.floor(100 * now.validated)} %`]),
    `loss ${now.loss.toFixed(3)}`,
    ...(now.auc === null ? [] : [`AUC ${now.auc.toFixed(3)}`]),
    `epoch ${now.epoch.toFixed(1)}/${now.epochs.toFixed(1)}`,
    ...(now.turns > 1 ? [`fold ${now.fold} (${now.turn + 1} of ${now.turns})`] : []),
    `step ${now.step}/${now.steps}`,
    `rate ${rateText(now.learningRate)}`,
    `${now.imagesPerS.toFixed(1)} images/s`,
  ];
  return parts.join("  ");
}

export function epochLine(entry: HistoryEntry, fold: number): string {
  const parts = [
    `fold ${fold}`,
    `epoch ${Number(entry.epoch.toFixed(2))}`,
    `step ${entry.step}`,
    `loss ${entry.loss.toFixed(4)}`,
    ...(entry.validationLoss === null ? [] : [`validation ${entry.validationLoss.toFixed(4)}`]),
    ...(entry.auc === null ? [] : [`AUC ${entry.auc.toFixed(4)}${entry.best ? " (best)" : ""}`]),
    `rate ${rateText(entry.learningRate)}`,
    `${entry.imagesPerS.toFixed(1)} images/s`,
    `waited ${(100 * entry.waitedShare).toFixed(1)} %`,
    `${Math.round(entry.elapsedS)} s`,
  ];
  return parts.join("  ");
}

function rateText(rate: number): string {
  return rate >= 1e-4 || rate === 0 ? String(Number(rate.toPrecision(2))) : rate.toExponential(1);
}

/** What `--json` prints. */
export function trainJson({ out, record, folds, auc, problems, interrupted }: TrainResult) {
  const { recipe, seed, data, version } = record;
  return {
    run: out,
    recipe: recipe.name,
    seed,
    version,
    data,
    auc,
    interrupted,
    folds,
    unreadable: problems,
  };
}

export function trainText({ out, folds, auc, problems, record }: TrainResult): string {
  const rows = folds.map((fold) => {
    const cells = [
      String(fold.fold).padStart(4),
      (fold.auc?.toFixed(4) ?? "none").padStart(7),
      fold.bestEpoch.toFixed(1).padStart(8),
      fold.epochs.toFixed(1).padStart(7),
      String(fold.steps).padStart(6),
      `${Math.round(fold.seconds)}`.padStart(8),
      fold.imagesPerS.toFixed(1).padStart(9),
      `${(100 * fold.waitedShare).toFixed(1)} %`.padStart(8),
    ];
    return cells.join(" ");
  });
  const table =
    rows.length === 0
      ? ["No fold has come to a validation yet."]
      : ["fold     AUC  at epoch  epochs  steps  seconds images/s  waited", ...rows];
  const { cadences, positives } = record.data;
  const lines = [
    `Trained ${record.recipe.model.name} by the recipe ${record.recipe.name} on ${counted(cadences, "cadence")}, ${positives} with a needle.`,
    "",
    ...table,
    "",
    ...(auc === null || folds.length < 2 ? [] : [`Mean AUC of the folds: ${auc.toFixed(4)}`]),
    ...(problems.length === 0
      ? []
      : [`${counted(problems.length, "cadence")} with problems, the first: ${problems[0]!.message}`]),
    `Run: ${out}`,
  ];
  return `${lines.join("\n")}\n`;
}

function optional<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
