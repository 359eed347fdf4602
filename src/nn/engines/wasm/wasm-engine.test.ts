import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Plan, Tensor } from "../../plan.ts";
import { testMachines } from "../../testing/test-engines.ts";
import { createWasmEngine } from "./wasm-engine.ts";

const machines = testMachines([{ threads: 3, relaxedSimd: true }]);

test("programs of any length, none too, run one after the other on all threads", async () => {
  const tensor = (id: number): Tensor => ({ id, label: `t${id}`, floats: 40, kept: true });
  const [x, y] = [tensor(0), tensor(1)] as const;
  const step = { kernel: "scaleInto", origin: "", scope: "" };
  const more = { ...step, reads: { x, factor: 1, accumulate: 1, count: 40 }, writes: { y } };
  const plan: Plan = { tensors: [x, y], programs: { none: [], one: [more], two: [more, more] } };
  const session = machines[0]!.engine.prepare(plan);
  session.write(x, new Float32Array(40).fill(1));
  for (let i = 0; i < 400; i++) {
    await session.run("none");
    await session.run(i % 2 ? "one" : "two");
    if (i % 3 === 0) await session.run("none");
    await session.runPart("two", 1, 1);
  }
  expect([...(await session.read(y))]).toEqual(new Array(40).fill(600));
});

/** A thread that woke late from such a program would read the next one's words as its own. */
test("a program without instructions wakes no thread", async () => {
  const module = await WebAssembly.compile(
    await readFile(new URL("../../../../kernels/build/nn-plain.wasm", import.meta.url)),
  );
  const asleep = { busy() {}, failed: new Promise<never>(() => {}), close: async () => {} };
  const engine = await createWasmEngine(module, 2, () => asleep);
  await engine.prepare({ tensors: [], programs: { none: [] } }).run("none");
});
