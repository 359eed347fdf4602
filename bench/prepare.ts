/**
 * What it costs to make a cadence the image that a network is given, in milliseconds of processor time on one thread, and how many times a
 * plain copy that is. The ways take turns, so that whatever else the machine does falls on all alike.
 *
 *     node bench/prepare.ts [--rounds 60]
 */

import { parseArgs } from "node:util";
import { type InputSpec, inputShape, normalisationNames } from "../src/learn/inputs/input-spec.ts";
import { loadInputKernels } from "../src/learn/inputs/kernels.node.ts";
import { createPreparer } from "../src/learn/inputs/prepare.ts";
import { COMPETITION_SHAPE, type Panels } from "../src/signal/panels.ts";
import { defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { simulateCadence } from "../src/simulate/cadences.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "60" } } });
const rounds = Number(values.rounds);
const { panels, rows, channels } = COMPETITION_SHAPE;
const cadences = Array.from(
  { length: 12 },
  (_, i) => simulateCadence(defaultCadenceRecipe, 5, i, { positive: i % 2 === 0 }).panels,
);
const kernels = loadInputKernels();
const specs: InputSpec[] = [
  ...normalisationNames.map((normalisation): InputSpec => ({ normalisation, layout: "six" })),
  { normalisation: "whiten", layout: "lines" },
];
const into = new Float32Array(panels * rows * channels);

const ways: { name: string; ms: number[]; run: (cadence: Panels) => void }[] = [
  { name: "copy", ms: [], run: ({ data }) => into.set(data) },
  ...specs.map((spec) => {
    const prepare = createPreparer(spec, COMPETITION_SHAPE, kernels);
    const image = inputShape(spec, COMPETITION_SHAPE);
    const own = into.subarray(0, image.channels * image.height * image.width);
    const name = spec.layout === "six" ? spec.normalisation : `${spec.normalisation}, ${spec.layout}`;
    return { name, ms: [], run: (cadence: Panels) => prepare(cadence, own) };
  }),
];
for (let round = 0; round < rounds; round++) {
  for (const { ms, run } of ways) {
    const before = process.cpuUsage();
    run(cadences[round % cadences.length]!);
    const { user, system } = process.cpuUsage(before);
    ms.push((user + system) / 1000);
  }
}

const middles = ways.map(({ ms }) => ms.sort((a, b) => a - b)[rounds >> 1]!);
for (const [i, { name }] of ways.entries()) {
  const middle = middles[i]!;
  console.log(
    `${name.padEnd(18)}${middle.toFixed(2).padStart(6)} ms${(middle / middles[0]!).toFixed(0).padStart(5)} x`,
  );
}
