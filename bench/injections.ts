/**
 * Makes scans with lines of known place, and compares the hits that a program found in them with what was injected:
 *
 *   node bench/injections.ts make FOLDER [--scene apart|crowded|noise] [--band flat|edges|rippled] [--seed N]
 *   node bench/injections.ts score TRUTH TABLE [--snr N] [--list] [--json]
 *
 * `make` writes FOLDER/SCENE-BAND.h5, .fil and .json. TRUTH is that .json, what was injected; TABLE is a `.dat` as turboSETI writes it, or what
 * `lodestone search --json` prints. `--snr` leaves out weaker hits, `--list` adds what was missed and what fits no line.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeHdf5 } from "../src/formats/hdf5.node.ts";
import { writeSigproc } from "../src/formats/sigproc-write.node.ts";
import { bands, scenes, type Truth } from "./injected-scenes.ts";
import { parseHits, type Score, type Spread, scoreHits } from "./score-hits.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scene: { type: "string", default: "apart" },
    band: { type: "string", default: "edges" },
    seed: { type: "string", default: "1" },
    snr: { type: "string", default: "0" },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [verb, ...paths] = positionals;
if (verb === "make" && paths.length === 1) await make(paths[0]!);
else if (verb === "score" && paths.length === 2) await score(paths[0]!, paths[1]!);
else {
  process.stderr.write(
    "Give `make FOLDER` or `score TRUTH TABLE`; the head of bench/injections.ts tells the rest.\n",
  );
  process.exitCode = 2;
}

async function make(folder: string): Promise<void> {
  const scene = scenes[values.scene];
  const band = bands[values.band];
  if (!scene || !band) {
    const known = `${Object.keys(scenes).join(", ")}; ${Object.keys(bands).join(", ")}`;
    throw new Error(`No scene ${values.scene} with band ${values.band}; there are ${known}.`);
  }
  const { truth, source } = await scene(Number(values.seed), band);
  await mkdir(folder, { recursive: true });
  const to = join(folder, `${values.scene}-${values.band}`);
  await writeHdf5(`${to}.h5`, source);
  await writeSigproc(`${to}.fil`, source);
  await writeFile(`${to}.json`, `${JSON.stringify(truth, undefined, 1)}\n`);
}

async function score(truthPath: string, tablePath: string): Promise<void> {
  const truth = JSON.parse(await readFile(truthPath, "utf8")) as Truth;
  const hits = parseHits(await readFile(tablePath, "utf8"), tablePath);
  const result = scoreHits(
    truth,
    hits.filter(({ snr }) => snr >= Number(values.snr)),
  );
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : describe(result));
}

function describe(result: Score): string {
  const lines = [
    `${result.hits} hits: ${result.duplicates} duplicates, ${result.unmatched} on no line, ${result.wrongDrift} with a wrong drift`,
    ...result.recall.map(({ group, injected, found }) => `${found}/${injected}  ${group}`),
    `first row, Hz off: ${describeSpread(result.frequencyHz)}`,
    `drift, Hz/s off: ${describeSpread(result.driftHzPerS)}`,
    ...Object.entries(result.snrRatio).map(([kind, ratio]) => `S/N ratio, ${kind}: ${describeSpread(ratio)}`),
  ];
  if (values.list) {
    const list = (title: string, items: readonly object[]) =>
      items.map((item) => `${title} ${JSON.stringify(item)}`);
    lines.push(...list("missed", result.missed), ...list("on no line", result.unmatchedHits));
    lines.push(...list("duplicate", result.duplicateHits));
  }
  return `${lines.join("\n")}\n`;
}

function describeSpread({ count, median, scatter, largest }: Spread): string {
  const text = (value: number) => value.toPrecision(3);
  return `median ${text(median)}, scatter ${text(scatter)}, largest ${text(largest)} (${count})`;
}
