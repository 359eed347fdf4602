/** `lodestone export`: one network of a run as an .onnx file. */

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { readHistory } from "../learn/run-folder.node.ts";
import { type FoldModel, foldModels } from "../learn/scoring-models.node.ts";
import { describeOnnx, type OnnxDescription } from "../nn/onnx/read.ts";
import { describeBytes } from "../signal/describe.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { parseInteger } from "./options.ts";

export interface ExportOptions {
  readonly out: string;
  /** From 0; the one with the best AUC on the cadences that it was not trained on, if not given. */
  readonly fold?: number;
}

export interface Exported {
  readonly out: string;
  readonly fold: number;
  /** On the cadences that were held out; null where there were none. */
  readonly auc: number | null;
  readonly bytes: number;
  readonly model: string | null;
  readonly input: OnnxDescription["input"];
  readonly preprocessing: unknown;
}

const examples = `
The file runs wherever ONNX Runtime does: input image [batch, channels, height, width], output logits [batch, 1], whose sigmoid is the
probability of a needle. Its metadata says how a cadence is prepared for it.

Examples:
  $ lodestone export run --out detector.onnx
  $ lodestone export run --out fold-2.onnx --fold 2
`;

export function exportCommand(): Command {
  return new Command("export")
    .description("Write one of a run's networks as an .onnx file.")
    .argument("<run>", "the folder of a run")
    .requiredOption("--out <file>", "the .onnx file to write")
    .option("--fold <i>", "which fold's network, from 0 (default: the best)", parseInteger({ min: 0 }))
    .option("--json", "print what was written as an object")
    .addHelpText("after", examples)
    .action(async (run: string, options: ExportOptions & { json?: boolean }) => {
      const exported = await exportModel(run, options);
      if (options.json) process.stdout.write(`${JSON.stringify(exported, null, 2)}\n`);
      else process.stderr.write(`${formatExported(exported)}\n`);
    });
}

/** Copies a fold's network to `out`. Throws a FileError where one can't be read or written, a UsageError for a fold that isn't there. */
export async function exportModel(run: string, { out, fold }: ExportOptions): Promise<Exported> {
  const { model, auc } = await pick(run, await foldModels(run), fold);
  const bytes = await readFile(model.path).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(model.path, `it can't be read (${cause.code}).`, { cause });
  });
  const { modelName, input, preprocessing } = describeOnnx(bytes, model.path);
  await writeFileAtomically(out, (write) => write(bytes));
  return { out, fold: model.fold, auc, bytes: bytes.length, model: modelName ?? null, input, preprocessing };
}

interface Picked {
  readonly model: FoldModel;
  readonly auc: number | null;
}

async function pick(run: string, models: readonly FoldModel[], fold: number | undefined): Promise<Picked> {
  const all = await Promise.all(models.map(async (model) => ({ model, auc: await bestAuc(model) })));
  if (fold === undefined) return all.reduce((best, one) => ((one.auc ?? 0) > (best.auc ?? 0) ? one : best));
  const found = all.find(({ model }) => model.fold === fold);
  if (found) return found;
  const there = models.map((model) => model.fold).join(", ");
  throw new UsageError(`${run}: there is no model of fold ${fold}; there are those of ${there}.`);
}

/** Of the weights that the model has: the last that were the best. */
async function bestAuc({ path }: FoldModel): Promise<number | null> {
  const history = await readHistory(dirname(path));
  return history.findLast(({ best }) => best)?.auc ?? null;
}

function formatExported({ out, fold, auc, bytes, model, input }: Exported): string {
  const measured = auc === null ? "" : `, AUC ${auc.toFixed(4)} on what was held out`;
  const size = describeBytes(bytes);
  const images = input.shape.slice(1).join(" x ");
  return `Wrote ${out}: ${model ?? "the network"} of fold ${fold}${measured}, for images of ${images}; ${size}.`;
}
