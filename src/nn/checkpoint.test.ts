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
import { adam, adamW, type Optimizer, sgd } from "./optimizers.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.node.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { constantSchedule, cosineSchedule } from "./schedules.ts";
import { goldenBatch } from "./testing/golden-weights.ts";
import { createTrainer, type Trainer, type TrainerOptions, type TrainerState } from "./trainer.ts";
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

describe("a checkpoint gone on from with other settings, when told to", () => {
  /** Through a file's form and back. */
  async function taken(trainer: Trainer) {
    const { tensors, metadata } = await checkpointContent(trainer);
    return readCheckpoint(decodeSafetensors(encodeSafetensors(tensors, { metadata }))).state;
  }
  const longer = { schedule: constantSchedule(1e-4), clipNorm: 3, seed: 7 };

  test("trains on with the trainer's own, which the next checkpoint then holds", async () => {
    const first = newTrainer(adamW(), 1);
    await train(first, 0, 4);
    const state = await taken(first);
    const second = newTrainer(adamW({ weightDecay: 0.1 }), 2, longer);
    await expect(second.restore(state)).rejects.toThrow("restore(state, { newSettings: true })");
    await second.restore(state, { newSettings: true });
    expect([second.batches, second.updates]).toEqual([4, 2]);
    const { images, targets } = goldenBatch(4, shape);
    expect((await second.step({ image: images, targets })).learningRate).toBe(1e-4);
    const losses = await train(second, 5, 8);
    const next = await taken(second);
    expect(next.settings).toMatchObject({ seed: 7, clipNorm: 3, "schedule.name": "constant" });
    expect(next.seed).toBe(7);
    const third = newTrainer(adamW({ weightDecay: 0.1 }), 3, longer);
    await third.restore(state, { newSettings: true });
    expect((await train(third, 4, 8)).slice(1)).toEqual(losses);
  });

  test("may begin to average, and accumulate otherwise between updates", async () => {
    const first = newTrainer(adamW(), 1);
    await train(first, 0, 5);
    const middle = await taken(first);
    await train(first, 5, 6);
    const between = await taken(first);
    const second = newTrainer(adamW(), 2, { accumulate: 4, emaDecay: undefined });
    await expect(second.restore(middle, { newSettings: true })).rejects.toThrow(
      /taken after 1 of 2 batches of an update: `accumulate` can't change there\. Train on with accumulate: 2/,
    );
    await second.restore(between, { newSettings: true });
    const updated: boolean[] = [];
    for (let i = 6; i < 11; i++) {
      const { images, targets } = goldenBatch(i, shape);
      updated.push((await second.step({ image: images, targets })).updated);
    }
    expect(updated).toEqual([false, false, false, true, false]);
    const stopped = await taken(second);
    expect([stopped.batches, stopped.updates, stopped.accumulated]).toEqual([11, 4, 1]);

    const third = newTrainer(adamW(), 3, { accumulate: 4, emaDecay: 0.5 });
    await third.restore(stopped, { newSettings: true });
    expect(await third.weights()).toEqual(stopped.weights);
    expect(await train(third, 11, 14)).toHaveLength(3);
    expect(third.updates).toBe(5);
  });

  test("needs an optimiser that keeps the same numbers", async () => {
    const state = await taken(newTrainer(adamW(), 1));
    await newTrainer(adam(), 1).restore(state, { newSettings: true });
    await expect(newTrainer(sgd(), 1).restore(state, { newSettings: true })).rejects.toThrow(
      "The checkpoint's optimiser, adamW, keeps m, v; this one, sgd, keeps momentumBuffer. Use the checkpoint's optimiser",
    );
  });

  test("is not needed for settings that JSON has no numbers for", async () => {
    const options = { clipNorm: Number.POSITIVE_INFINITY };
    const state = await taken(newTrainer(adamW(), 1, options));
    expect(state.settings.clipNorm).toBe("Infinity");
    await newTrainer(adamW(), 2, options).restore(state);
  });
});

describe("what is no checkpoint", () => {
  const content = async () => {
    const { tensors, metadata } = await checkpointContent(newTrainer(adamW(), 1));
    return decodeSafetensors(encodeSafetensors(tensors, { metadata }));
  };

  test("a file with weights alone", () => {
    const weights = { tensors: new Map(), metadata: {} };
    expect(() => readCheckpoint(weights, "weights.safetensors")).toThrow(
      /^weights\.safetensors: this isn't a checkpoint/,
    );
    expect(() => readCheckpoint(weights)).toThrow(/^the checkpoint: this isn't a checkpoint/);
  });

  test("one whose counts or settings are damaged, which are named", async () => {
    const { tensors, metadata } = await content();
    const state = JSON.parse(metadata.state!) as Record<string, unknown>;
    const reading = (changed: unknown) => () =>
      readCheckpoint({ tensors, metadata: { ...metadata, state: JSON.stringify(changed) } }, "last");
    expect(reading(state)().state).toMatchObject(state);
    const without = (name: string) => ({ ...state, [name]: undefined });
    expect(reading({})).toThrow(
      "last: batches must be a whole number, 0 or more; it is absent. It was damaged",
    );
    expect(reading({ ...state, updates: -1 })).toThrow(
      "updates must be a whole number, 0 or more; it is -1.",
    );
    expect(reading({ ...state, updates: 3 })).toThrow(
      "3 updates and 0 batches since can't come from 0 batches",
    );
    expect(reading(without("accumulated"))).toThrow("accumulated must be");
    expect(reading({ ...state, seed: 0.5 })).toThrow("seed must be");
    expect(reading(without("settings"))).toThrow("the settings are absent");
    expect(reading({ ...state, settings: { clipNorm: null } })).toThrow(
      "the setting clipNorm must be a number or a string; it is null.",
    );
    expect(reading(3)).toThrow("its metadata can't be read");
    const more = new Map(tensors).set("other/x", [...tensors.values()][0]!);
    expect(() => readCheckpoint({ tensors: more, metadata }, "last")).toThrow(
      "last: a checkpoint has no other/x.",
    );
  });

  test("a state made up, or of another network, changes nothing", async () => {
    const trainer = newTrainer(adamW(), 1);
    const state = await trainer.state();
    await train(trainer, 0, 1);
    const before = await trainer.state();
    const refused = async (wrong: object, message: string) => {
      await expect(trainer.restore({ ...state, ...wrong } as TrainerState)).rejects.toThrow(message);
    };
    const made = "The state to restore is none that a trainer gave: ";
    await refused({ batches: undefined }, `${made}batches must be`);
    await refused({ weights: {} }, `${made}weights must be a Map`);
    await expect(trainer.restore(undefined as unknown as TrainerState)).rejects.toThrow(made);
    const name = "conv_stem.weight";
    const other = new Map(state.weights).set("more", new Float32Array(1)).set(name, new Float32Array(2));
    await refused({ weights: other }, "more is unexpected");
    await refused({ weights: other }, `${name} needs`);
    await refused({ average: undefined }, "The checkpoint lacks the weights' moving average.");
    const nan = new Float32Array(state.optimizer.get(`m/${name}`)!.length).fill(Number.NaN);
    await refused(
      { optimizer: new Map(state.optimizer).set(`m/${name}`, nan) },
      `${name} holds numbers that are NaN`,
    );
    await refused({ optimizer: new Map(state.optimizer).set("q/x", nan) }, "keeps m, v, q");
    expect(await trainer.state()).toEqual(before);
  });
});
