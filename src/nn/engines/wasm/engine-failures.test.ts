/** What becomes of an engine's calls when it is closed, a thread goes, a kernel traps, or another plan comes. */

import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { InputError } from "../../../signal/errors.ts";
import type { Instruction, Plan, Tensor } from "../../plan.ts";
import { goldenWeights } from "../../testing/golden-graph.ts";
import { endIn, imageOf, mixed } from "../../testing/small-networks.ts";
import { createTrainer, type Trainer } from "../../trainer.ts";
import type { Engine } from "../engine.ts";
import { createEngine } from "./engine.node.ts";
import { startThread } from "./thread.ts";
import { createWasmEngine } from "./wasm-engine.ts";

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

async function newEngine(threads = 2): Promise<Engine> {
  const engine = await createEngine({ threads });
  engines.push(engine);
  return engine;
}

/** Large enough that a step takes some milliseconds. */
function newTrainer(engine: Engine): { trainer: Trainer; batch: Record<string, Float32Array> } {
  const parts = endIn(mixed(imageOf([8, 64, 64, 64])));
  const trainer = createTrainer(parts, engine, { weights: goldenWeights(parts.graph) });
  const data = new Float32Array(8 * 64 * 64 * 64).fill(0.5);
  return { trainer, batch: { image: data, targets: data } };
}

const closed = "The engine was closed; make another with createEngine.";

describe("a closed engine", () => {
  test("ends the step that it was in, and refuses all that comes later", async () => {
    const engine = await newEngine();
    const { trainer, batch } = newTrainer(engine);
    await trainer.step(batch);
    const step = trainer.step(batch);
    const refused = expect(step).rejects.toThrow(closed);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await engine.close();
    await refused;
    for (const call of [
      () => trainer.step(batch),
      () => trainer.evaluate(batch),
      () => trainer.weights(),
      () => trainer.state(),
    ]) {
      await expect(call()).rejects.toThrow(InputError);
      await expect(call()).rejects.toThrow(closed);
    }
    expect(() => newTrainer(engine)).toThrow(closed);
    await engine.close();
  });

  test("gives its memory back while a trainer of it is held", async () => {
    const bytes = await readFile(new URL("../../../../kernels/build/nn-plain.wasm", import.meta.url));
    const module = await WebAssembly.compile(bytes);
    const made: WeakRef<WebAssembly.Memory>[] = [];
    const engine = await createWasmEngine(module, 1, (start) => {
      made.push(new WeakRef(start.memory));
      const thread = startThread({ ...start, thread: 0 });
      const failed = new Promise<never>(() => {});
      return { failed, busy() {}, runHere: () => thread.run(), close: async () => {} };
    });
    const { trainer, batch } = newTrainer(engine);
    await trainer.step(batch);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const given = async () => {
      await new Promise((resolve) => setTimeout(resolve));
      collect();
      return made[0]!.deref() === undefined;
    };
    expect(await given()).toBe(false);
    await engine.close();
    await expect.poll(given).toBe(true);
    await expect(trainer.weights()).rejects.toThrow(closed);
  });
});

test("a thread that ends takes no step with it into silence", async () => {
  const threads: Worker[] = [];
  const keep = (worker: Worker) => threads.push(worker);
  process.on("worker", keep);
  const engine = await newEngine();
  const { trainer, batch } = newTrainer(engine);
  await trainer.step(batch);
  process.off("worker", keep);
  const step = trainer.step(batch);
  const message = /^A thread of the engine ended \(exit code 1\)\. .* close it and make another\.$/;
  const refused = expect(step).rejects.toThrow(message);
  await threads[0]!.terminate();
  await refused;
  await expect(trainer.step(batch)).rejects.toThrow(message);
});

/** A plan of fills, the last of which is past the end of the memory. */
function trappingPlan(): Plan {
  const x: Tensor = { id: 0, label: "x", floats: 16, kept: true };
  const fill = (origin: string, bytes: number): Instruction => {
    return { kernel: "fillZero", reads: { bytes }, writes: { address: x }, origin, scope: "" };
  };
  const good = fill("good", 64);
  return {
    tensors: [x],
    programs: { trap: [good, good, fill("conv2d of bad.weight", 2 ** 31)], good: [good] },
  };
}

test.each([1, 2])("a kernel that traps is named with its operation, on %d threads", async (threads) => {
  const engine = await newEngine(threads);
  const session = engine.prepare(trappingPlan());
  await session.run("good");
  const message =
    /^conv2d of bad\.weight: its kernel fillZero failed \(.+\)\. .* close it and make another\.$/;
  await expect(session.runPart("trap", 1, 3)).rejects.toThrow(message);
  await expect(session.run("good")).rejects.toThrow(message);
  expect(() => engine.prepare(trappingPlan())).toThrow(message);
});

describe("a second network on an engine", () => {
  test("ends the calls of the first, which say what to do", async () => {
    const engine = await newEngine();
    const first = newTrainer(engine);
    const second = newTrainer(engine);
    for (const call of [() => first.trainer.step(first.batch), () => first.trainer.weights()]) {
      await expect(call()).rejects.toThrow(InputError);
      await expect(call()).rejects.toThrow(
        "An engine serves one trainer at a time: make an engine for each.",
      );
    }
    expect((await second.trainer.step(second.batch)).updated).toBe(true);
  });

  test("is refused while the first one runs", async () => {
    const engine = await newEngine();
    const { trainer, batch } = newTrainer(engine);
    const running = trainer.session.run("gradients");
    const busy = "The engine is in the middle of a run; wait for it to end.";
    expect(() => newTrainer(engine)).toThrow(busy);
    await expect(trainer.session.run("norm")).rejects.toThrow(busy);
    await expect(trainer.session.read(trainer.plan.weights)).rejects.toThrow(busy);
    await running;
    expect((await trainer.step(batch)).updated).toBe(true);
  });
});
