/**
 * How fast cadences are simulated: whole sets, written to files, and the parts of one thread's work, beside the aim of 150 a second on two
 * cores and beside copying the same pixels in memory.
 *
 *   node bench/simulate.ts [--cadences 600] [--threads 2] [--runs 3] [--out FOLDER] [--json]
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeCadence } from "../src/formats/cadence-npy.ts";
import { writeSimulatedSet } from "../src/learn/simulated-set.node.ts";
import { defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { cadenceTruth, planCadence, renderCadence } from "../src/simulate/cadences.ts";

const AIM_PER_S = 150;

const { values: options } = parseArgs({
  options: {
    cadences: { type: "string", default: "600" },
    threads: { type: "string", default: String(availableParallelism()) },
    runs: { type: "string", default: "3" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const cadences = Number(options.cadences);
const threads = Number(options.threads);
const recipe = defaultCadenceRecipe;
const pixels = recipe.cadence.pattern.length * recipe.cadence.rows * recipe.cadence.channels;

const perS = [];
for (let run = 0; run < Number(options.runs); run++) perS.push(await measureSet(run));
perS.sort((a, b) => a - b);
const result = {
  cadences,
  threads,
  cadencesPerS: perS[perS.length >> 1]!,
  slowest: perS[0]!,
  fastest: perS.at(-1)!,
  aimPerS: AIM_PER_S,
  msPerCadenceOneThread: measureParts(200),
  copyMs: measureCopy(),
};
process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe());

async function measureSet(seed: number): Promise<number> {
  const folder = await mkdtemp(join(options.out ?? tmpdir(), "lodestone-bench-"));
  try {
    const set = await writeSimulatedSet(
      join(folder, "set"),
      { recipe, seed, train: cadences, test: 0 },
      { threads },
    );
    return cadences / set.seconds;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Processor time of the parts, after a quarter more to warm up. */
function measureParts(count: number): Record<"draw" | "render" | "encode", number> {
  const spent = { draw: 0, render: 0, encode: 0 };
  const data = new Float32Array(pixels);
  let bytes: Uint8Array | undefined;
  for (let i = -count / 4; i < count; i++) {
    const index = i + count;
    const start = processorMs();
    const plan = planCadence(recipe, 1, index, { positive: index % 10 === 0 });
    cadenceTruth(plan);
    const drawn = processorMs();
    const panels = renderCadence(plan, data);
    const rendered = processorMs();
    bytes = encodeCadence(panels, bytes);
    if (i < 0) continue;
    spent.draw += (drawn - start) / count;
    spent.render += (rendered - drawn) / count;
    spent.encode += (processorMs() - rendered) / count;
  }
  return spent;
}

function measureCopy(): number {
  const from = new Float32Array(pixels).fill(1);
  const to = new Float32Array(pixels);
  const start = processorMs();
  for (let i = 0; i < 500; i++) to.set(from);
  return (processorMs() - start) / 500;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function describe(): string {
  const { cadencesPerS, slowest, fastest, msPerCadenceOneThread: parts, copyMs } = result;
  const total = parts.draw + parts.render + parts.encode;
  const of = (text: number) => `${text.toFixed(2)} ms`;
  return `${[
    `${cadences} cadences on ${threads} threads, with their files: ${cadencesPerS.toFixed(0)} a second (${slowest.toFixed(0)} to ${fastest.toFixed(0)}); the aim is ${AIM_PER_S} on two cores`,
    `one thread, a cadence: ${of(total)} (drawing ${of(parts.draw)}, pixels ${of(parts.render)}, half precision ${of(parts.encode)})`,
    `copying its ${pixels.toLocaleString("en")} pixels in memory: ${of(copyMs)}, so ${(total / copyMs).toFixed(0)} times as long`,
  ].join("\n")}\n`;
}
