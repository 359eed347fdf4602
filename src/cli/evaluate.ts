/** `lodestone evaluate`: how well scores tell cadences with a needle from the rest. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { describeReadError } from "../formats/byte-source.node.ts";
import type { Split } from "../formats/cadence-folder.node.ts";
import { parseTruthCsv, type TruthRow } from "../formats/truth-csv.ts";
import { evaluateScores } from "../learn/evaluation.ts";
import { type FoundScores, findScores } from "../learn/find-scores.node.ts";
import type { EvaluationRecord } from "../report/evaluation-page.ts";
import { writeEvaluationReport } from "../report/evaluation-report.node.ts";
import { evaluationText } from "../report/evaluation-text.ts";
import { counted } from "../report/values.ts";
import { grouped } from "../signal/describe.ts";
import { VERSION } from "../signal/version.ts";
import { parseChoice, parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";

export interface EvaluateOptions {
  /** A table of labels, `id,target`, instead of the folder's own. */
  readonly labels?: string;
  readonly split?: Split;
  /** Folder for the report. */
  readonly out?: string;
  /** Pictures of each sort of mistakes; 6 unless given. */
  readonly pictures?: number;
  /** Of the bootstrap. */
  readonly seed?: number;
  readonly resamples?: number;
  readonly threads?: number;
  /** Called with the share that is done, 0 to 1, and what is being done. */
  readonly onProgress?: (share: number, note: string) => void;
}

export interface EvaluateResult {
  readonly record: EvaluationRecord;
  /** The path of the report's page, where one was asked for. */
  readonly page?: string;
}

const examples = `
Scores come from a table (id,target as in a submission, or id,target,score), from an .onnx model, or from the models of a run. What a run was
trained on is scored only by the model that each cadence was held out from. Where the data set has a truth.csv, as simulated
ones do, results are told by kind and strength of the needle too.

Examples:
  $ lodestone evaluate run data
  $ lodestone evaluate submission.csv data --labels answers.csv --out report
  $ lodestone evaluate model.onnx data --split test --json
`;

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Tell how well a run, a model or a table of scores finds the cadences with a needle.")
    .argument("<scores>", "a run's folder, an .onnx file, or a .csv of scores")
    .argument("<data>", "the folder of a data set with labels")
    .option("--labels <file>", "a table of labels, id and target (default: the folder's own)")
    .option(
      "--split <name>",
      "which cadences: test or train (default: test where it has labels)",
      parseChoice(["test", "train"]),
    )
    .option("--out <folder>", "write a report there, a page with curves and the worst mistakes")
    .option(
      "--pictures <n>",
      "mistakes of each sort that the report shows",
      parseInteger({ min: 0, max: 50 }),
      6,
    )
    .option("--seed <n>", "of the resamples that the intervals rest on", parseInteger({ min: 0 }), 0)
    .option("--resamples <n>", "how many of them", parseInteger({ min: 100, max: 100_000 }), 1000)
    .option(
      "--threads <n>",
      "threads to score with (default: one a processor)",
      parseInteger({ min: 1, max: 256 }),
    )
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(async (scores: string, data: string, options: EvaluateOptions & { json?: boolean }) => {
      const progress = startProgress("Evaluating", 1);
      const result = await evaluate(scores, data, {
        ...options,
        onProgress: (share, note) => progress.update(share, note),
      }).finally(() => progress.finish());
      process.stdout.write(
        options.json ? `${JSON.stringify(evaluateJson(result), null, 2)}\n` : resultText(result),
      );
    });
}

/** Scores the cadences, or reads their scores, evaluates them, and writes the report if one is asked for. Throws InputErrors. */
export async function evaluate(
  scores: string,
  data: string,
  options: EvaluateOptions = {},
): Promise<EvaluateResult> {
  const { labels, split, out, pictures, seed, resamples, threads, onProgress } = options;
  const found = await findScores(scores, data, {
    labels,
    split,
    threads,
    onProgress: (share) => onProgress?.(0.9 * share, "scoring"),
  });
  const { set, matched } = found;
  onProgress?.(0.9, "measuring");
  const evaluation = evaluateScores(
    { ...matched, folds: found.folds, truth: await readTruth(data) },
    { seed, resamples },
  );
  const record: EvaluationRecord = {
    program: { name: "lodestone", version: VERSION },
    scoresFrom: scores,
    data,
    split: set.split,
    remarks: [...found.remarks, ...aboutMissing(found)],
    unscored: matched.unscored,
    unlabelled: matched.unlabelled,
    evaluation,
  };
  if (out === undefined) return { record };
  const page = await writeEvaluationReport(out, record, set, matched, {
    mostPictures: pictures,
    onProgress: (share) => onProgress?.(0.95 + 0.05 * share, "drawing"),
  });
  return { record, page };
}

/** What simulated sets say of their needles; undefined where the folder has no truth table. */
async function readTruth(data: string): Promise<TruthRow[] | undefined> {
  const path = join(data, "truth.csv");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw describeReadError(path, error);
  });
  return text === undefined ? undefined : parseTruthCsv(text, path);
}

/** Where folds are told, the remarks say why some have no score. */
function aboutMissing({ matched, set, folds }: FoundScores): string[] {
  const { unscored, unlabelled, ids } = matched;
  const such = (list: readonly string[]) =>
    `such as ${list.slice(0, 3).join(", ")}; they are not in the figures.`;
  const all = grouped(unscored.length + ids.length);
  const remarks: string[] = [];
  if (unscored.length > 0 && folds === undefined) {
    remarks.push(
      `Without a score: ${grouped(unscored.length)} of ${all} labelled cadences, ${such(unscored)}`,
    );
  }
  if (unlabelled.length > 0) {
    remarks.push(
      `Without a label in ${set.name}: ${counted(unlabelled.length, "score")}, ${such(unlabelled)}`,
    );
  }
  return remarks;
}

/** What `--json` prints: the record without the curves' points, which `evaluation.json` of a report has. */
export function evaluateJson({ record, page }: EvaluateResult) {
  const { curves, ...evaluation } = record.evaluation;
  return { ...record, evaluation, report: page ?? null };
}

function resultText({ record, page }: EvaluateResult): string {
  const report = page === undefined ? "" : `\nReport: ${page}\n`;
  return `${evaluationText(record)}${report}`;
}
