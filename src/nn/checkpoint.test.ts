import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpointContent, readCheckpoint } from "./checkpoint.ts";
import type { Engine } from "./engines/engine.ts";
import { createEngine } from "./engines/wasm/engine.node.ts";
import { createModel } from "./models/model.ts";
import { bceWithLogits } from "./ops/bce-with-logits.ts";
import { input } from "./ops/input.ts";
import { adamW, type Optimizer, sgd } from "./optimizers.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.node.ts";
import { cosineSchedule } from "./schedules.ts";
import { goldenBatch } from "./testing/golden-weights.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "./trainer.ts";
import { initWeights } from "./weights.ts";

const shape = [2, 3, 33, 31] as const;
let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
  folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** A small network with dropout and drop path on. */
function newTrainer(optimizer: Optimizer, seed: number, options: Partial<TrainerOptions> = {}): Trainer {
  const model = createModel("efficientnet", { phi: -6, inChannels: 3, numClasses: 1, dropPath: 0.5 });
  const { graph, logits } = model.build({ batch: shape[0], height: shape[2], width: shape[3] });
  const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
  return createTrainer({ graph, logits, loss }, engine, {
    weights: initWeights(graph, seed),
    optimizer,
    schedule: cosineSchedule({ learningRate: 1e-2, totalSteps: 4, warmupSteps: 1 }),
    accumulate: 2,
    emaDecay: 0.8,
    clipNorm: 1,
    seed: 5,
    ...options,
  });
}

/** Of every name and every bit. */
function digest(map: ReadonlyMap<string, Float32Array>): string {
  const hash = createHash("sha256");
  for (const [name, data] of map) hash.update(name).update(data);
  return hash.digest("hex");
}

async function train(trainer: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = from; i < to; i++) {
    const { images, targets } = goldenBatch(i, shape);
    losses.push((await trainer.step({ image: images, targets })).loss);
  }
  return losses;
}

describe.each([
  ["AdamW", adamW()],
  ["SGD with momentum", sgd({ nesterov: true })],
])("a training with %s", (_, optimizer) => {
  // 4 batches: between updates; 5: in the middle of an accumulation.
  test.each([4, 5])(
    "goes on from a checkpoint after %i batches as if it had not been stopped",
    async (stop) => {
      const whole = newTrainer(optimizer, 1);
      const losses = await train(whole, 0, 8);
      const { weights, average, optimizer: moments } = await whole.state();

      const first = newTrainer(optimizer, 1);
      await train(first, 0, stop);
      const path = join(folder, `${optimizer.name}-${stop}.safetensors`);
      const { tensors, metadata } = await checkpointContent(first, { epoch: 3 });
      await writeSafetensors(path, tensors, { metadata });

      const { state, notes } = readCheckpoint(await readSafetensors(path), path);
      expect(notes).toEqual({ epoch: 3 });
      const second = newTrainer(optimizer, 2);
      await second.restore(state);
      expect(second.batches).toBe(stop);
      expect(await train(second, stop, 8)).toEqual(losses.slice(stop));
      const resumed = await second.state();
      expect(digest(resumed.weights)).toBe(digest(weights));
      expect(digest(resumed.average!)).toBe(digest(average!));
      expect(digest(resumed.optimizer)).toBe(digest(moments));
    },
  );
});

/** Runs the program; kills it `afterMs` milliseconds after it has printed `line`. Gives the last line that it printed. */
function runTraining(path: string, killed?: { line: string; afterMs: number }): Promise<string> {
  const script = fileURLToPath(new URL("./testing/killable-training.node.ts", import.meta.url));
  const child = spawn(process.execPath, [script, path, "8"], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (killed && !printed.includes(killed.line) && (printed + text).includes(killed.line)) {
      setTimeout(() => child.kill("SIGKILL"), killed.afterMs);
    }
    printed += text;
  });
  return new Promise((resolve) => child.on("close", () => resolve(printed.trim().split("\n").at(-1)!)));
}

test("a training that is killed again and again ends with the numbers of one that was left alone", async () => {
  const whole = join(folder, "whole.safetensors");
  const weights = await runTraining(whole);
  expect(weights).toMatch(/^weights [0-9a-f]{64}$/);

  const path = join(folder, "killed.safetensors");
  await runTraining(path, { line: "step 1", afterMs: 0 });
  await runTraining(path, { line: "step 2", afterMs: 3 });
  await runTraining(path, { line: "step 4", afterMs: 9 });
  expect(await runTraining(path)).toBe(weights);
  const left = (await readdir(folder)).filter((name) => name.includes("killed"));
  expect(left.filter((name) => !name.endsWith(".tmp"))).toEqual(["killed.safetensors"]);
});

test("a checkpoint of another training is refused, and what differs is named", async () => {
  const trainer = newTrainer(adamW(), 1);
  const state = await trainer.state();
  const other = newTrainer(adamW({ weightDecay: 0.5 }), 1, { seed: 6, clipNorm: 2 });
  await expect(other.restore(state)).rejects.toThrow(
    /optimizer\.weightDecay was 0\.01 and is 0\.5; clipNorm was 1 and is 2; seed was 5 and is 6/,
  );
});

test("a file with weights alone is no checkpoint", () => {
  const read = () => readCheckpoint({ tensors: new Map(), metadata: {} }, "weights.safetensors");
  expect(read).toThrow(/weights\.safetensors: this isn't a checkpoint/);
});
