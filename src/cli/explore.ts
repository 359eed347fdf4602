/** `lodestone explore`: what a folder of cadences holds, and what is wrong with it. */

import { Command } from "commander";
import { makeFolder } from "../formats/make-folder.node.ts";
import type { DataRecord } from "../report/explore/data-record.ts";
import { writeDataReport } from "../report/explore/data-report.node.ts";
import { dataText } from "../report/explore/data-text.ts";
import { exploreCadences } from "../report/explore/explore.node.ts";
import { counted } from "../report/values.ts";
import { UsageError } from "../signal/errors.ts";
import { parseChoice, parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";

export interface ExploreCommandOptions {
  readonly out?: string;
  readonly split?: "train" | "test";
  readonly labels?: string;
  readonly samples?: number;
  readonly threads?: number;
  readonly onProgress?: (share: number, note: string) => void;
}

const examples = `
The folder is laid out as the competition's: train/<first digit>/<id>.npy with train_labels.csv, test/ with sample_submission.csv. A plain folder
of .npy files will do. Every file is read once.

--out writes report.html, which holds its pictures and needs no other file, the pictures as PNGs, report.json and problems.csv.

Examples:
  $ lodestone explore cadences
  $ lodestone explore cadences --out report --samples 8
  $ lodestone explore cadences --split train --json > cadences.json
`;

export function exploreCommand(): Command {
  return new Command("explore")
    .description(
      "Tell what a folder of cadences holds: labels, sizes, values, what is broken, missing or twice there.",
    )
    .argument("<folder>", "a data set, or a folder of .npy files")
    .option("--out <folder>", "folder for the report and its pictures")
    .option("--split <name>", "train or test alone (default: both)", parseChoice(["train", "test"] as const))
    .option("--labels <csv>", "a table id,target instead of the folder's own; needs --split")
    .option(
      "--samples <n>",
      "cadences of each label that the report pictures",
      parseInteger({ min: 0, max: 200 }),
      4,
    )
    .option(
      "--threads <n>",
      "threads that read (default: two a processor)",
      parseInteger({ min: 1, max: 256 }),
    )
    .option("--json", "print the record as one JSON object, and nothing else")
    .addHelpText("after", examples)
    .action(async (folder: string, { json, ...options }: ExploreCommandOptions & { json?: boolean }) => {
      const progress = startProgress("Exploring", 1);
      const { record, written } = await explore(folder, {
        ...options,
        onProgress: (share, note) => progress.update(share, note),
      }).finally(() => progress.finish());
      process.stdout.write(json ? `${JSON.stringify(record, null, 2)}\n` : dataText(record));
      if (options.out !== undefined) {
        process.stderr.write(
          `Wrote ${counted(written.length, "file")} into ${options.out}: ${written.slice(0, 3).join(", ")}` +
            `${written.length > 3 ? ` and ${counted(written.length - 3, "picture")}` : ""}\n`,
        );
      }
    });
}

/** Reads a data set, and writes its report where `out` names a folder. Throws InputErrors. */
export async function explore(
  folder: string,
  options: ExploreCommandOptions = {},
): Promise<{ record: DataRecord; written: readonly string[] }> {
  const { out, split, labels, samples, threads, onProgress } = options;
  if (labels !== undefined && split === undefined) {
    throw new UsageError("--labels is of one split. Say which with --split train or --split test.");
  }
  if (out !== undefined) await makeFolder(out);
  const readShare = out === undefined ? 1 : 0.9;
  const record = await exploreCadences(folder, {
    split,
    labels,
    samples,
    threads,
    onProgress: (share, note) => onProgress?.(readShare * share, note),
  });
  if (out === undefined) return { record, written: [] };
  const written = await writeDataReport(out, record, {
    onProgress: (share) => onProgress?.(readShare + (1 - readShare) * share, "drawing"),
  });
  return { record, written };
}
