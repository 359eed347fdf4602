/** The machines that tests of whole graphs run on: 1 and 2 threads, with and without relaxed SIMD. */

import { afterAll, beforeAll } from "vitest";
import type { Engine } from "../engines/engine.ts";
import { createEngine } from "../engines/wasm/engine.node.ts";

export interface TestMachine {
  readonly name: string;
  readonly engine: Engine;
}

const kinds = [1, 2].flatMap((threads) => [true, false].map((relaxedSimd) => ({ threads, relaxedSimd })));

/** Started before a file's first test and closed after its last. The list is filled by then. */
export function testMachines(wanted = kinds): readonly TestMachine[] {
  const machines: TestMachine[] = [];
  beforeAll(async () => {
    for (const kind of wanted) {
      const name = `${kind.threads} threads, ${kind.relaxedSimd ? "relaxed" : "plain"} SIMD`;
      machines.push({ name, engine: await createEngine(kind) });
    }
  });
  afterAll(async () => {
    await Promise.all(machines.map(({ engine }) => engine.close()));
  });
  return machines;
}
