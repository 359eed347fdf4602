/**
 * Runs plans on WASM kernels: persistent threads over one shared memory. All threads run every instruction together, each its
 * share of it; with the same number of threads the numbers are the same to the bit.
 */

import { InputError } from "../../../signal/errors.ts";
import type { Plan, Tensor } from "../../plan.ts";
import type { Engine, Session } from "../engine.ts";
import { CONTROL_AT, word } from "./control.ts";
import { packedBackwardFloats, packedForwardFloats } from "./kernels/conv.ts";
import { layOutPlan } from "./layout.ts";
import type { ThreadStart } from "./thread.ts";

/** Threads that were started, or one that runs where it is called. */
export interface ThreadTeam {
  /** Called before and after a run, so that waiting for it keeps the process alive and nothing else does. */
  busy(busy: boolean): void;
  /** Rejects when a thread dies. */
  readonly failed: Promise<never>;
  /** Runs the program in the caller's own thread; absent where threads serve by themselves. */
  readonly runHere?: () => void;
  close(): Promise<void>;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;

export async function createWasmEngine(
  module: WebAssembly.Module,
  threads: number,
  startTeam: (start: Omit<ThreadStart, "thread">) => ThreadTeam,
): Promise<Engine> {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared: true });
  const control = new Int32Array(memory.buffer, CONTROL_AT, 1024);
  const team = startTeam({ module, memory, threads });
  team.failed.catch(() => {});
  let current: Session | undefined;
  let running = false;

  const runPhases = async (program: number, phases: number, times: number) => {
    if (running) throw new Error("The engine runs one program at a time; wait for the one before.");
    // Without a phase there is no barrier, and a thread that wakes late would read the next program's words as this one's.
    if (phases === 0) return;
    running = true;
    Atomics.store(control, word.program, program);
    Atomics.store(control, word.phases, phases);
    Atomics.store(control, word.times, times);
    try {
      if (team.runHere) team.runHere();
      else await command();
    } finally {
      running = false;
    }
  };
  const command = async () => {
    const done = Atomics.load(control, word.done);
    team.busy(true);
    try {
      Atomics.add(control, word.command, 1);
      Atomics.notify(control, word.command);
      while (Atomics.load(control, word.done) === done) {
        const wait = Atomics.waitAsync(control, word.done, done);
        if (wait.async) await Promise.race([wait.value, team.failed]);
      }
    } finally {
      team.busy(false);
    }
  };

  const prepare = (plan: Plan): Session => {
    const layout = layOutPlan(plan, threads, MAX_PAGES * PAGE_BYTES);
    grow(memory, layout.bytes);
    const { buffer } = memory;
    layout.encode(buffer);
    Atomics.store(control, word.scratch, layout.scratchAt);
    Atomics.store(control, word.scratchBytes, layout.scratchBytes);
    Atomics.store(control, word.shared, layout.sharedAt);
    for (const tensor of plan.tensors) if (tensor.kept && !tensor.parent) view(tensor).fill(0);

    function view(tensor: Tensor): Float32Array {
      return new Float32Array(buffer, layout.addressOf(tensor), tensor.floats);
    }
    const own = () => {
      if (current !== session) throw new Error("The engine has another plan by now.");
    };
    const start = (program: string, from: number, to: number | undefined, times: number) => {
      own();
      const { at, firstPhases } = layout.programs[program]!;
      const first = firstPhases[from]!;
      const last = firstPhases[to ?? firstPhases.length - 1]!;
      return runPhases(at + first * 8, last - first, times);
    };
    const session: Session = {
      plan,
      bytes: layout.bytes,
      write(tensor, data, offset = 0) {
        own();
        if (offset + data.length > tensor.floats) {
          throw new InputError(
            `${tensor.label} holds ${tensor.floats} numbers; ${data.length} were given at ${offset}.`,
          );
        }
        const at = layout.addressOf(tensor) + offset * 4;
        if (data instanceof Uint32Array) new Uint32Array(buffer, at, data.length).set(data);
        else new Float32Array(buffer, at, data.length).set(data);
      },
      async read(tensor) {
        own();
        return new Float32Array(view(tensor));
      },
      run: (program) => start(program, 0, undefined, 0),
      runPart: (program, from, to) => start(program, from, to, 0),
      async profile(program) {
        await start(program, 0, undefined, layout.timesAt);
        const { phases, firstPhases } = layout.programs[program]!;
        const times = new Float64Array(buffer, layout.timesAt, phases);
        return Float64Array.from(firstPhases.slice(1), (end, i) =>
          times.subarray(firstPhases[i]!, end).reduce((sum, ms) => sum + ms, 0),
        );
      },
    };
    current = session;
    return session;
  };

  return {
    name: "wasm",
    threads,
    maxBytes: MAX_PAGES * PAGE_BYTES,
    packedConvFloats: (shape) => ({
      forward: packedForwardFloats(shape),
      backward: packedBackwardFloats(shape),
    }),
    bytesFor: (plan) => layOutPlan(plan, threads, Number.POSITIVE_INFINITY).bytes,
    prepare,
    close: () => team.close(),
  };
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch (cause) {
    const gib = (bytes / 2 ** 30).toFixed(1);
    throw new InputError(
      `The machine did not give the ${gib} GiB that the network needs; use a smaller batch.`,
      {
        cause,
      },
    );
  }
}
