/**
 * ONNX Runtime on Lodestone's export of an EfficientNet with the 6 -> 3 stem, and on another export of the same network in turn, such
 * as PyTorch's (bench/torch_export.py, whose weights are the same ones). Prints milliseconds an image, the ratio pair by pair,
 * and how far the two models' logits lie apart.
 *
 *   node bench/inference.ts [--torch FILE.onnx] [--model efficientnet_b0] [--height 273] [--width 256]
 *                           [--batch 8] [--threads 2] [--runs 20] [--json]
 */

import { parseArgs } from "node:util";
import { createModel } from "../src/nn/models/model.ts";
import { exportOnnx } from "../src/nn/onnx/export.ts";
import { openOnnx } from "../src/nn/onnx/session.node.ts";
import type { OnnxSession } from "../src/nn/onnx/session.ts";
import { goldenWeights } from "../src/nn/testing/golden-graph.ts";
import { goldenBatch } from "../src/nn/testing/golden-weights.ts";

const CHANNELS = 6;

const { values: options } = parseArgs({
  options: {
    torch: { type: "string" },
    model: { type: "string", default: "efficientnet_b0" },
    height: { type: "string", default: "273" },
    width: { type: "string", default: "256" },
    batch: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const [height, width, batch, threads, runs] = (["height", "width", "batch", "threads", "runs"] as const).map(
  (name) => Number(options[name]),
) as [number, number, number, number, number];

const ours = await openOnnx(exportModel(), { threads });
const theirs = options.torch === undefined ? undefined : await openOnnx(options.torch, { threads });
const { images } = goldenBatch(0, [batch, CHANNELS, height, width]);
const result = await measure();
process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe());

function exportModel(): Uint8Array {
  const model = createModel(options.model, { inChannels: CHANNELS, numClasses: 1, stem: "tutorial" });
  const { graph, logits } = model.build({ batch: 1, height, width });
  const metadata = { modelName: options.model, lodestoneVersion: "bench" };
  return exportOnnx({ output: logits, weights: goldenWeights(graph, { statistics: false }), metadata });
}

/** In turn, after two runs each to warm up; each pair in the other order than the one before. */
async function measure() {
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  for (let run = -2; run < runs; run++) {
    const first = run % 2 === 0 ? await time(ours) : 0;
    const other = theirs ? await time(theirs) : Number.NaN;
    const pair = { ours: run % 2 === 0 ? first : await time(ours), theirs: other };
    if (run >= 0) pairs.push(pair);
  }
  const msPerImage = pairs.map((pair) => pair.ours / batch);
  const mine = {
    msPerImage: median(msPerImage),
    bestMsPerImage: Math.min(...msPerImage),
    batch,
    threads,
    runs,
  };
  if (!theirs) return mine;
  const torchMs = pairs.map((pair) => pair.theirs / batch);
  return {
    ...mine,
    torch: {
      msPerImage: median(torchMs),
      bestMsPerImage: Math.min(...torchMs),
      /** Their time over ours: above 1 where ours is faster. */
      ratio: median(pairs.map((pair) => pair.theirs / pair.ours)),
      largestDifference: await largestDifference(theirs),
    },
  };
}

async function time(session: OnnxSession): Promise<number> {
  const start = performance.now();
  await session.score(images);
  return performance.now() - start;
}

/** Of the logits, over the largest logit. */
async function largestDifference(other: OnnxSession): Promise<number> {
  const [a, b] = [await ours.score(images), await other.score(images)];
  const size = Math.max(...b.data.map(Math.abs));
  return Math.max(...a.data.map((logit, i) => Math.abs(logit - b.data[i]!))) / size;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function describe(): string {
  const { msPerImage, bestMsPerImage } = result;
  const shape = `${CHANNELS} x ${height} x ${width}, batch ${batch}, ${threads} threads`;
  const line = (whose: string, middle: number, best: number) =>
    `${whose}: ${middle.toFixed(2)} ms an image (best ${best.toFixed(2)})\n`;
  const mine = `${options.model}, ${shape}, median of ${runs}\n${line("Lodestone's export", msPerImage, bestMsPerImage)}`;
  if (!("torch" in result)) return mine;
  const { torch } = result;
  return `${mine}${line(`${options.torch}`, torch.msPerImage, torch.bestMsPerImage)}ratio ${torch.ratio.toFixed(3)}, logits ${torch.largestDifference.toExponential(1)} apart\n`;
}
