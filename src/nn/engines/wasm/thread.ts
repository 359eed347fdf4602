/** One thread of the WASM engine: waits for a program, runs its phases with the others, a barrier after each. */

import { CONTROL_AT, PHASE_WORDS, word } from "./control.ts";
import type { Phase } from "./kernel.ts";
import { phaseNames } from "./kernels/index.ts";

export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly threads: number;
}

/** Looks this often before it goes to sleep: a few tens of microseconds. */
const SPINS = 20_000;

export interface Thread {
  /** Runs the program that the control words name. */
  run(): void;
  /** Runs every program until the engine is closed; never returns. */
  serve(): never;
}

export function startThread({ module, memory, thread, threads }: ThreadStart): Thread {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } });
  const functions = phaseNames.map((name) => exports[name] as unknown as Phase);
  const control = new Int32Array(memory.buffer, CONTROL_AT, 1024);

  const barrier = () => {
    if (threads === 1) return;
    const generation = Atomics.load(control, word.generation);
    if (Atomics.add(control, word.arrived, 1) === threads - 1) {
      Atomics.store(control, word.arrived, 0);
      Atomics.add(control, word.generation, 1);
      Atomics.notify(control, word.generation);
      return;
    }
    for (let i = 0; i < SPINS; i++) if (Atomics.load(control, word.generation) !== generation) return;
    while (Atomics.load(control, word.generation) === generation) {
      Atomics.wait(control, word.generation, generation);
    }
  };

  const run = () => {
    const at = (index: number) => Atomics.load(control, index) >>> 0;
    const phases = at(word.phases);
    const program = new Uint32Array(memory.buffer, at(word.program), phases * PHASE_WORDS);
    const scratch = at(word.scratch) + thread * at(word.scratchBytes);
    const shared = at(word.shared);
    const timesAt = thread === 0 ? at(word.times) : 0;
    const times = timesAt ? new Float64Array(memory.buffer, timesAt, phases) : undefined;
    let before = times ? performance.now() : 0;
    let i = 0;
    try {
      for (; i < phases; i++) {
        functions[program[i * PHASE_WORDS]!]!(
          program[i * PHASE_WORDS + 1]!,
          thread,
          threads,
          scratch,
          shared,
        );
        barrier();
        if (times) {
          const now = performance.now();
          times[i] = now - before;
          before = now;
        }
      }
    } catch (error) {
      Atomics.store(control, word.trapped, i + 1);
      throw error;
    }
  };

  return {
    run,
    serve() {
      let command = 0;
      for (;;) {
        Atomics.wait(control, word.command, command);
        if (Atomics.load(control, word.command) === command) continue;
        command = Atomics.load(control, word.command);
        run();
        if (thread === 0) {
          Atomics.store(control, word.done, command);
          Atomics.notify(control, word.done);
        }
      }
    },
  };
}
