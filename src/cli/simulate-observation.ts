/** `lodestone simulate observation`: the scans of a cadence as files, with needles and interference of known place. */

import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import { makeFolder } from "../formats/make-folder.node.ts";
import { writeSpectrogram } from "../formats/open.node.ts";
import { encodeObservationTruth } from "../report/truth-table.ts";
import { counted } from "../report/values.ts";
import { cadenceRoles } from "../signal/cadence.ts";
import { checkSpace } from "../signal/disk-space.node.ts";
import { UsageError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { simulateObservation, type Truth } from "../simulate/observation.ts";
import {
  defaultObservationRecipe,
  encodeObservationRecipe,
  type ObservationRecipe,
  observationSpec,
  readObservationRecipe,
} from "../simulate/observation-recipe.ts";
import { checkNewFiles } from "./new-files.ts";
import { parseChoice, parseInteger, parsePattern } from "./options.ts";
import { startProgress } from "./progress.ts";
import { readJson } from "./read-json.ts";
import { signalLines } from "./signal-list.ts";

export interface SimulateObservationOptions {
  readonly out: string;
  readonly seed: number;
  readonly format: "h5" | "fil";
  readonly force?: boolean;
  /** Told how much is written, 0 to 1. */
  readonly onProgress?: (fraction: number, note: string) => void;
}

export interface SimulatedFiles {
  readonly seed: number;
  readonly scans: readonly string[];
  readonly truthTable: string;
  readonly recipe: string;
  readonly truth: readonly Truth[];
}

interface CommandOptions extends Omit<SimulateObservationOptions, "out"> {
  readonly out?: string;
  readonly printRecipe?: boolean;
  readonly recipe?: string;
  readonly cadence?: string;
  readonly rows?: number;
  readonly channels?: number;
  readonly needles?: number;
  readonly interference?: number;
  readonly json?: boolean;
}

const examples = `
The folder gets a file a scan, truth.csv with every signal in them, and recipe.json, the recipe as it was used: change it and pass it
with --recipe. Where there is no recipe: six scans of 16 rows x 65,536 channels, 8 needles and 16 interferers.

Examples:
  $ lodestone simulate observation --out night
  $ lodestone simulate observation --out night --seed 7 --needles 20 --interference 0 --format fil
  $ lodestone simulate observation --out wide --channels 1048576 --recipe recipe.json
`;

export function simulateObservationCommand(): Command {
  return new Command("observation")
    .summary("the scans of a cadence, as files")
    .description("Make the scans of a cadence as files, with needles and interference of known place.")
    .option("--out <folder>", "where the scans go")
    .option("--seed <n>", "draws all that the recipe leaves open", parseInteger({ min: 0 }), 1)
    .option("--recipe <file>", "a JSON file; keys that it leaves out are as usual")
    .option("--print-recipe", "print the recipe, all of it, and make nothing")
    .option("--format <h5|fil>", "of the scans", parseChoice(["h5", "fil"]), "h5")
    .option(
      "--cadence <pattern>",
      "letters, A where the telescope points at the target",
      parsePattern(/^[A-Za-z]+$/, "letters such as ABACAD"),
    )
    .option("--rows <n>", "rows of each scan", parseInteger({ min: 1 }))
    .option("--channels <n>", "channels", parseInteger({ min: 1 }))
    .option("--needles <n>", "how many needles to draw", parseInteger({ min: 0 }))
    .option("--interference <n>", "how many interferers to draw", parseInteger({ min: 0 }))
    .option("--force", "replace files that are there")
    .option("--json", "print the result as one object")
    .addHelpText("after", examples)
    .action(async (options: CommandOptions) => {
      const recipe = await chosenRecipe(options);
      if (options.printRecipe) {
        process.stdout.write(encodeObservationRecipe(recipe));
        return;
      }
      const { out } = options;
      if (out === undefined) throw new UsageError("Say where the scans go: --out FOLDER.");
      const progress = startProgress("Simulating", 1);
      const result = await writeObservation(recipe, {
        ...options,
        out,
        onProgress: (fraction, note) => progress.update(fraction, note),
      }).finally(() => progress.finish());
      process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result, recipe));
    });
}

async function chosenRecipe(options: CommandOptions): Promise<ObservationRecipe> {
  const { cadence, rows, channels, needles, interference } = options;
  const given = options.recipe === undefined ? {} : await readJson(options.recipe);
  const source = options.recipe ?? "the recipe";
  // Read once as it is, so that errors speak of the file, and once with the options in it, so that they are checked together.
  const read = readObservationRecipe(given, source);
  if (cadence !== undefined) cadenceRoles(cadence);
  const bandpass =
    channels !== undefined && (given as { bandpass?: unknown }).bandpass === undefined
      ? { ...defaultObservationRecipe.bandpass, channelsPerCoarse: channels }
      : read.bandpass;
  return {
    ...read,
    bandpass,
    pattern: (cadence ?? read.pattern).toUpperCase(),
    rowsPerScan: rows ?? read.rowsPerScan,
    nchans: channels ?? read.nchans,
    needles: { ...read.needles, count: needles ?? read.needles.count },
    interference: { ...read.interference, count: interference ?? read.interference.count },
  };
}

/**
 * Writes the scans that a recipe and a seed stand for, in bounded memory, with truth.csv and recipe.json beside them. Same recipe and seed,
 * same bytes. Throws a FileError where files can't be written or are there already.
 */
export async function writeObservation(
  recipe: ObservationRecipe,
  { out, seed, format, force = false, onProgress }: SimulateObservationOptions,
): Promise<SimulatedFiles> {
  await makeFolder(out);
  await checkSpace(
    out,
    recipe.pattern.length * recipe.rowsPerScan * recipe.nchans * Float32Array.BYTES_PER_ELEMENT,
  );
  const { cadence, truth } = simulateObservation(observationSpec(recipe, seed), seed);
  const scans = cadence.scans.map(({ pointing, role }, i) =>
    join(out, `scan-${i + 1}-${pointing}-${role.toLowerCase()}.${format}`),
  );
  const truthTable = join(out, "truth.csv");
  const recipeFile = join(out, "recipe.json");
  await checkNewFiles([...scans, truthTable, recipeFile], { force });
  for (const [i, { source }] of cadence.scans.entries()) {
    await writeSpectrogram(scans[i]!, source, {
      onProgress: (fraction) =>
        onProgress?.((i + fraction) / scans.length, `scan ${i + 1} of ${scans.length}`),
    });
  }
  const table = encodeObservationTruth(basename(resolve(out)), truth);
  await writeFileAtomically(truthTable, (write) => write(table));
  await writeFileAtomically(recipeFile, (write) => write(encodeObservationRecipe(recipe)));
  return { seed, scans, truthTable, recipe: recipeFile, truth };
}

function textOf(
  { scans, truth, truthTable }: SimulatedFiles,
  { rowsPerScan, nchans }: ObservationRecipe,
): string {
  const needles = truth.filter(({ kind }) => kind === "needle");
  const lines = [
    `${counted(scans.length, "scan")} of ${counted(rowsPerScan, "row")} x ${counted(nchans, "channel")}: ${scans[0]}${scans.length > 1 ? " and on" : ""}.`,
    `${counted(needles.length, "needle")} and ${counted(truth.length - needles.length, "interferer")}, listed in ${truthTable}.`,
    ...needlesText(needles),
  ];
  return `${lines.join("\n")}\n`;
}

const MOST_LISTED = 12;

function needlesText(needles: readonly Truth[]): string[] {
  if (needles.length === 0) return [];
  return [
    "",
    ...signalLines(needles, MOST_LISTED, "what", ({ signal }) =>
      [signal.path.shape, signal.profile.shape, signal.timeProfile.shape].join(", "),
    ),
  ];
}
