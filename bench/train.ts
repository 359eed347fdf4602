/**
 * Trains an EfficientNet with the 6 -> 3 stem on random 6 x 273 x 256 images and says how fast: milliseconds an image, GFLOP/s, their share of
 * what this machine's cores reach in a matrix product in cache, time by operation, the process's peak memory. Where PyTorch is
 * installed (Debian: python3-torch), the same step is done there in turn.
 *
 *   node bench/train.ts [--batch 16] [--model efficientnet_b0] [--threads 2] [--steps 7] [--no-torch] [--json]
 */

import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createEngine } from "../src/nn/engines/wasm/engine.node.ts";
import { countMultiplyAdds } from "../src/nn/flops.ts";
import { createModel } from "../src/nn/models/model.ts";
import { bceWithLogits } from "../src/nn/ops/bce-with-logits.ts";
import { input } from "../src/nn/ops/input.ts";
import { normalNumbers } from "../src/nn/random.ts";
import { constantSchedule } from "../src/nn/schedules.ts";
import { createTrainer, type Trainer } from "../src/nn/trainer.ts";
import { initWeights } from "../src/nn/weights.ts";
import { measurePeak } from "./matrix-peak.ts";

const { values: options } = parseArgs({
  options: {
    batch: { type: "string", default: "16" },
    model: { type: "string", default: "efficientnet_b0" },
    threads: { type: "string", default: String(availableParallelism()) },
    steps: { type: "string", default: "7" },
    torch: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  },
  allowNegative: true,
});
const batch = Number(options.batch);
const threads = Number(options.threads);
const steps = Number(options.steps);
const size = { height: 273, width: 256 };

const model = createModel(options.model, { inChannels: 6, numClasses: 1, stem: "tutorial" });
const { graph, logits } = model.build({ batch, ...size });
const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
const engine = await createEngine({ threads });
const trainer = createTrainer({ graph, logits, loss }, engine, {
  weights: initWeights(graph, 1),
  schedule: constantSchedule(5e-4),
});

const images = normalNumbers({ seed: 2, stream: 0 }, batch * 6 * size.height * size.width);
const targets = Float32Array.from({ length: batch }, (_, i) => i % 2);

const torch = options.torch && hasTorch() ? await startTorch() : undefined;
for (let i = 0; i < 2; i++) await trainer.step({ image: images, targets });
const own: number[] = [];
const theirs: number[] = [];
const ratios: number[] = [];
for (let i = 0; i < steps; i++) {
  const start = performance.now();
  await trainer.step({ image: images, targets });
  own.push(performance.now() - start);
  if (torch) {
    theirs.push(await torch.step());
    ratios.push(theirs[i]! / own[i]!);
  }
}
const theirPeak = await torch?.end();
const peakBytes = process.resourceUsage().maxRSS * 1024;

const { forward, backward } = countMultiplyAdds(graph);
const ms = median(own);
const gflops = (2 * (forward + backward)) / ms / 1e6;
const peak = measurePeak() * threads;
const result = {
  model: options.model,
  batch,
  threads,
  msPerImage: ms / batch,
  gflops,
  peakShare: gflops / peak,
  peakBytes,
  torch: torch && { msPerImage: median(theirs) / batch, ratio: median(ratios), peakBytes: theirPeak },
};
if (options.json) {
  console.log(JSON.stringify(result));
} else {
  console.log(`${options.model}, batch ${batch}, 6 x ${size.height} x ${size.width}, ${threads} threads`);
  console.log(
    `${result.msPerImage.toFixed(1)} ms an image (median of ${steps} steps; best ${(Math.min(...own) / batch).toFixed(1)})`,
  );
  console.log(
    `${gflops.toFixed(1)} GFLOP/s, ${(100 * result.peakShare).toFixed(0)} % of ${peak.toFixed(0)} measured in a matrix product in cache`,
  );
  console.log(
    `${gib(peakBytes)} at the peak of the process, of which ${gib(trainer.session.bytes)} are the network`,
  );
  if (result.torch) {
    const { msPerImage, ratio, peakBytes } = result.torch;
    const took = `${msPerImage.toFixed(1)} ms an image (best ${(Math.min(...theirs) / batch).toFixed(1)})`;
    console.log(
      `PyTorch in turn: ${took}, ${ratio.toFixed(2)} times as long, ${gib(peakBytes!)} at the peak`,
    );
  }
  await printTimes(trainer);
}
await engine.close();

async function printTimes({ session, plan }: Trainer): Promise<void> {
  await session.profile("gradients");
  const times = await session.profile("gradients");
  const byKernel = new Map<string, number>();
  const byOrigin = new Map<string, number>();
  plan.programs.gradients!.forEach(({ kernel, origin }, i) => {
    byKernel.set(kernel, (byKernel.get(kernel) ?? 0) + times[i]!);
    const line = `${kernel} for ${origin}`;
    byOrigin.set(line, (byOrigin.get(line) ?? 0) + times[i]!);
  });
  const total = times.reduce((sum, time) => sum + time, 0);
  const print = (rows: ReadonlyMap<string, number>, count: number) => {
    for (const [name, time] of [...rows].sort((a, b) => b[1] - a[1]).slice(0, count)) {
      const share = `${((100 * time) / total).toFixed(1)} %`;
      console.log(`  ${(time / batch).toFixed(3).padStart(8)} ms an image  ${share.padStart(6)}  ${name}`);
    }
  };
  console.log(`by kernel, ${(total / batch).toFixed(1)} ms an image in all:`);
  print(byKernel, 30);
  console.log("the longest:");
  print(byOrigin, 25);
}

function hasTorch(): boolean {
  return spawnSync("/usr/bin/python3", ["-c", "import torch"]).status === 0;
}

/** PyTorch's process, which does one step for each line that it reads. */
async function startTorch(): Promise<{ end: () => Promise<number>; step: () => Promise<number> }> {
  const script = fileURLToPath(new URL("./torch_train.py", import.meta.url));
  const args = [script, "--batch", String(batch), "--model", options.model, "--threads", String(threads)];
  const process = spawn("/usr/bin/python3", args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(process.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("PyTorch's process ended.");
    return value as string;
  };
  while ((await next()) !== "ready");
  return {
    async end() {
      process.stdin.end();
      return (JSON.parse(await next()) as { peakBytes: number }).peakBytes;
    },
    async step() {
      process.stdin.write("step\n");
      return (JSON.parse(await next()) as { ms: number }).ms;
    },
  };
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
