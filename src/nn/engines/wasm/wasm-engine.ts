/**
 * Runs plans on WASM kernels: persistent threads over one shared memory. All threads run every instruction together, each its
 * share of it; with the same number of threads the numbers are the same to the bit.
 */

import { InputError, UsageError } from "../../../signal/errors.ts";
import type { Instruction, Plan, Tensor } from "../../plan.ts";
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

/** What a closed engine lets go of. */
interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  readonly team: ThreadTeam;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;
export const MAX_THREADS = 256;

export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new UsageError(`The engine needs 1 to ${MAX_THREADS} threads; ${threads} were asked for.`);
  }
}

export async function createWasmEngine(
  module: WebAssembly.Module,
  threads: number,
  startTeam: (start: Omit<ThreadStart, "thread">) => ThreadTeam,
): Promise<Engine> {
  let machine: Machine | undefined = startMachine(module, threads, startTeam);
  let current: Session | undefined;
  let running: { readonly instructionOf: (phase: number) => Instruction } | undefined;
  let ended: Error | undefined;
  /** Ends the wait of a run. */
  let interrupt = () => {};
  const stop = (reason: Error) => {
    ended ??= reason;
    interrupt();
  };
  machine.team.failed.catch((cause: unknown) => {
    if (machine) stop(failure(cause, Atomics.load(machine.control, word.trapped), running?.instructionOf));
  });

  const alive = (): Machine => {
    if (!machine || ended) throw again(ended!);
    if (running) throw new InputError("The engine is in the middle of a run; wait for it to end.");
    return machine;
  };

  const runPhases = async (
    { program, phases, times }: { program: number; phases: number; times: number },
    instructionOf: (phase: number) => Instruction,
  ) => {
    const { control, team } = alive();
    // Without a phase there is no barrier, and a thread that wakes late would read the next program's words as this one's.
    if (phases === 0) return;
    running = { instructionOf };
    Atomics.store(control, word.program, program);
    Atomics.store(control, word.phases, phases);
    Atomics.store(control, word.times, times);
    try {
      if (team.runHere) runHere(team.runHere, control, instructionOf);
      else await command(control, team);
    } finally {
      running = undefined;
    }
  };
  const runHere = (run: () => void, control: Int32Array, instructionOf: (phase: number) => Instruction) => {
    try {
      run();
    } catch (cause) {
      stop(failure(cause, Atomics.load(control, word.trapped), instructionOf));
      throw ended;
    }
  };
  const command = async (control: Int32Array, team: ThreadTeam) => {
    const done = Atomics.load(control, word.done);
    team.busy(true);
    try {
      Atomics.add(control, word.command, 1);
      Atomics.notify(control, word.command);
      while (Atomics.load(control, word.done) === done) {
        const wait = Atomics.waitAsync(control, word.done, done);
        if (wait.async) {
          await new Promise<void>((resolve) => {
            interrupt = resolve;
            void wait.value.then(() => resolve());
          });
        }
        if (ended) throw ended;
      }
    } finally {
      team.busy(false);
    }
  };

  const prepare = (plan: Plan): Session => {
    const { memory, control } = alive();
    const layout = layOutPlan(plan, threads, MAX_PAGES * PAGE_BYTES);
    grow(memory, layout.bytes);
    layout.encode(memory.buffer);
    Atomics.store(control, word.scratch, layout.scratchAt);
    Atomics.store(control, word.scratchBytes, layout.scratchBytes);
    Atomics.store(control, word.shared, layout.sharedAt);
    const view = ({ buffer }: WebAssembly.Memory, tensor: Tensor) =>
      new Float32Array(buffer, layout.addressOf(tensor), tensor.floats);
    for (const tensor of plan.tensors) if (tensor.kept && !tensor.parent) view(memory, tensor).fill(0);

    const own = (): WebAssembly.Memory => {
      const { memory } = alive();
      if (current !== session) {
        throw new InputError(
          "The engine has taken on another network, and this one's numbers are gone. An engine serves one trainer at a time: " +
            "make an engine for each.",
        );
      }
      return memory;
    };
    const start = (name: string, from: number, to: number | undefined, times: number) => {
      own();
      const { at, firstPhases } = layout.programs[name]!;
      const first = firstPhases[from]!;
      const last = firstPhases[to ?? firstPhases.length - 1]!;
      const instructionOf = (phase: number) => {
        const next = firstPhases.findIndex((start) => start > first + phase);
        return plan.programs[name]![next - 1]!;
      };
      return runPhases({ program: at + first * 8, phases: last - first, times }, instructionOf);
    };
    const session: Session = {
      plan,
      bytes: layout.bytes,
      write(tensor, data, offset = 0) {
        const { buffer } = own();
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
        return new Float32Array(view(own(), tensor));
      },
      run: async (program) => start(program, 0, undefined, 0),
      runPart: async (program, from, to) => start(program, from, to, 0),
      async profile(program) {
        await start(program, 0, undefined, layout.timesAt);
        const { phases, firstPhases } = layout.programs[program]!;
        const times = new Float64Array(own().buffer, layout.timesAt, phases);
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
    async close() {
      stop(new InputError("The engine was closed; make another with createEngine."));
      const closing = machine;
      machine = undefined;
      current = undefined;
      if (!closing) return;
      // A run that waits holds on to the memory.
      Atomics.notify(closing.control, word.done);
      await closing.team.close();
    },
  };
}

function startMachine(
  module: WebAssembly.Module,
  threads: number,
  startTeam: (start: Omit<ThreadStart, "thread">) => ThreadTeam,
): Machine {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared: true });
  const control = new Int32Array(memory.buffer, CONTROL_AT, 1024);
  return { memory, control, team: startTeam({ module, memory, threads }) };
}

/** What ended the engine: a kernel that trapped, where it says which, or a thread that could not go on. */
function failure(
  cause: unknown,
  trapped: number,
  instructionOf: ((phase: number) => Instruction) | undefined,
): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = "The engine can't be used any more: close it and make another.";
  if (trapped > 0 && instructionOf) {
    const { kernel, origin } = instructionOf(trapped - 1);
    return new Error(`${origin}: its kernel ${kernel} failed (${reason}). ${remedy}`, { cause });
  }
  if (cause instanceof InputError) return new InputError(`${reason} ${remedy}`, { cause });
  return new Error(`A thread of the engine failed: ${reason}. ${remedy}`, { cause });
}

/** The reason why an engine ended, for a call that comes afterwards: an error with that call's own stack. */
function again(reason: Error): Error {
  const kind = reason instanceof InputError ? InputError : Error;
  return new kind(reason.message, { cause: reason });
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
