/** `lodestone demo`: all that Lodestone does, in small, on data that it simulates. */

import { Command } from "commander";
import { type DemoLearnResult, demoLearn, demoLearnJson, demoLearnText } from "./demo-learn.ts";
import { type DemoSearchResult, demoSearch, demoSearchJson, demoSearchText } from "./demo-search.ts";
import { endInOrder } from "./interrupt.ts";
import { parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";
import type { OnProgress } from "./stages.ts";

export interface DemoOptions {
  /** Folder for all that is made. */
  readonly out: string;
  readonly seed: number;
  /** Whether a network is trained too; true unless given. */
  readonly learn?: boolean;
  /** Cadences to train on and to score, and seconds to train for, other than usual. */
  readonly train?: number;
  readonly test?: number;
  readonly trainingS?: number;
  readonly onProgress?: OnProgress;
  /** Called with what the search found, before anything is trained. */
  readonly onSearched?: (found: DemoSearchResult) => void;
  /** Stops the training half: `runDemo` throws its reason. */
  readonly signal?: AbortSignal;
}

export interface DemoResult {
  readonly search: DemoSearchResult;
  /** Where a network was trained. */
  readonly learned?: DemoLearnResult;
}

const examples = `
First a night on the telescope: six scans with nine needles, signals that are there only when the telescope points at the target, among ten
interferers. The drift search finds the six that drift evenly, the detector in the box scores these and finds the other three: an S shape, a
random walk, pulses. Then a competition: 500 cadences are simulated, the detector is trained further on 400 of them and scores the other 100.
Another seed makes other data; the same seed makes the same. It takes about a minute on two cores, --no-learn a third of that.

Examples:
  $ lodestone demo
  $ lodestone demo --no-learn
  $ lodestone demo --seed 7 --out another-night
`;

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Simulate a small observation and a small data set, search the one, train on the other, and report both.",
    )
    .option("--out <folder>", "where all of it goes", "lodestone-report")
    .option("--seed <n>", "which data to make", parseInteger({ min: 0 }), 1)
    .option("--no-learn", "search alone, and train nothing")
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(demoAction);
}

async function demoAction({
  json,
  ...options
}: {
  out: string;
  seed: number;
  learn: boolean;
  json?: boolean;
}): Promise<void> {
  const progress = startProgress("Demonstration", 1);
  const stopper = new AbortController();
  let interrupt: ReturnType<typeof endInOrder> | undefined;
  try {
    const result = await runDemo({
      ...options,
      signal: stopper.signal,
      onProgress: (share, note) => progress.update(share, note),
      onSearched(found) {
        if (!json) process.stdout.write(demoSearchText(found));
        // Only from here on is anything written by threads, which a stop at once would leave half-written.
        interrupt = endInOrder(() => {
          progress.finish();
          process.stderr.write("Stopping when what is being written is whole; once more ends at once.\n");
          stopper.abort();
        });
      },
    });
    progress.finish();
    if (json) process.stdout.write(`${JSON.stringify(demoJson(result), null, 2)}\n`);
    else process.stdout.write(endText(result));
  } catch (error) {
    if (!stopper.signal.aborted) throw error;
    process.stderr.write(
      `lodestone: stopped; the report of the search is whole. \`lodestone demo --out ${options.out}\` begins again.\n`,
    );
    process.exitCode = 130;
  } finally {
    progress.finish();
    interrupt?.done();
  }
}

/** How much of the time the search takes, where a network is trained too. */
const SEARCH_SHARE = 0.4;

/** Writes both halves into the folder. Throws InputErrors where it can't be written, and the signal's reason where it is stopped. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { out, seed, learn = true, train, test, trainingS, onProgress, onSearched, signal } = options;
  const searchShare = learn ? SEARCH_SHARE : 1;
  const search = await demoSearch({
    out,
    seed,
    onProgress: (share, note) => onProgress?.(searchShare * share, note),
  });
  onSearched?.(search);
  // Without the detector there is nothing to begin from, nor an ONNX Runtime to score with; the notes say so.
  if (!learn || search.record.detector === undefined) return { search };
  const learned = await demoLearn({
    ...{ out, seed, train, test, trainingS, signal },
    onProgress: (share, note) => onProgress?.(searchShare + (1 - searchShare) * share, note),
  });
  return { search, learned };
}

/** What `--json` prints. */
export function demoJson({ search, learned }: DemoResult) {
  return { ...demoSearchJson(search), learned: learned ? demoLearnJson(learned) : null };
}

/** What follows the search's text: what was learned, what to open, and how to go on. */
export function endText({ search, learned }: DemoResult): string {
  const pages = [
    [search.page, "events and candidates, with pictures, beside what was put in"],
    ...(learned?.evaluation.page ? [[learned.evaluation.page, "curves, and the worst mistakes"]] : []),
  ] as const;
  const width = Math.max(...pages.map(([page]) => page!.length));
  const lines = [
    ...(learned ? ["", demoLearnText(learned)] : [""]),
    "Open in a browser:",
    ...pages.map(([page, what]) => `  ${page!.padEnd(width)}  ${what}`),
    "",
    "The same with data of your own (in a clone, write `npm run -s lodestone --` for `lodestone`):",
    "  lodestone search ON1.h5 OFF1.h5 ON2.h5 OFF2.h5 ON3.h5 OFF3.h5 --cadence ABACAD --out report",
    ...(learned
      ? [
          "  lodestone train CADENCES --out run --minutes 10",
          "  lodestone predict run CADENCES --out submission.csv",
          "  lodestone evaluate run CADENCES --out evaluation",
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}
