/** A plan in the WASM engine's memory: its programs as words, their arguments, work space, tensors. */

import { InputError } from "../../../signal/errors.ts";
import { planMemory } from "../../compile/memory.ts";
import { type Instruction, offsetInRoot, type Plan, root, type Tensor } from "../../plan.ts";
import { PHASE_WORDS, PLAN_AT } from "./control.ts";
import { encodeArgs, type KernelArgs, type WasmKernel } from "./kernel.ts";
import { kernels, phaseNames } from "./kernels/index.ts";

export interface PlacedProgram {
  readonly at: number;
  readonly phases: number;
  /** The first phase of each instruction, and the number of phases at the end. */
  readonly firstPhases: readonly number[];
}

export interface PlanLayout {
  readonly bytes: number;
  readonly programs: Readonly<Record<string, PlacedProgram>>;
  readonly scratchAt: number;
  readonly scratchBytes: number;
  readonly sharedAt: number;
  readonly timesAt: number;
  addressOf(tensor: Tensor): number;
  /** Writes programs and arguments into a memory that is large enough. */
  encode(memory: ArrayBufferLike): void;
}

export function layOutPlan(plan: Plan, threads: number, maxBytes: number): PlanLayout {
  const tensors = planMemory(plan);
  let end = PLAN_AT;
  const reserve = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const encoders: ((memory: ArrayBufferLike) => void)[] = [];
  const programs: Record<string, PlacedProgram> = {};
  const uses: { readonly kernel: WasmKernel; readonly instruction: Instruction; readonly at: number }[] = [];
  let longest = 0;
  for (const [name, program] of Object.entries(plan.programs)) {
    const words: number[] = [];
    const firstPhases: number[] = [];
    for (const instruction of program) {
      const kernel = kernelOf(instruction);
      const at = reserve(kernel.fields.length * 4);
      firstPhases.push(words.length / PHASE_WORDS);
      for (const phase of kernel.phases) words.push(phaseNames.indexOf(phase), at);
      uses.push({ kernel, instruction, at });
    }
    const phases = words.length / PHASE_WORDS;
    firstPhases.push(phases);
    longest = Math.max(longest, phases);
    const at = reserve(words.length * 4);
    encoders.push((memory) => new Uint32Array(memory, at, words.length).set(words));
    programs[name] = { at, phases, firstPhases };
  }
  const timesAt = reserve(longest * 8);
  const tensorsAt = () => sharedAt + sharedBytes;
  const addressOf = (tensor: Tensor) => {
    const address = tensors.addresses.get(root(tensor));
    if (address === undefined) throw new Error(`${tensor.label} has no place in the plan.`);
    return tensorsAt() + address + offsetInRoot(tensor) * 4;
  };

  let scratchBytes = 0;
  let sharedBytes = 0;
  const resolve = ({ kernel, instruction }: (typeof uses)[number], address: (tensor: Tensor) => number) => {
    const all = { ...instruction.reads, ...instruction.writes };
    for (const [name, argument] of Object.entries(all)) {
      if (argument !== undefined && !kernel.fields.includes(name))
        throw new Error(`${instruction.kernel} takes no argument ${name}.`);
    }
    const args: Record<string, number> = {};
    for (const field of kernel.fields) {
      const argument = all[field];
      args[field] = typeof argument === "object" ? address(argument) : (argument ?? 0);
    }
    return args as KernelArgs;
  };
  for (const use of uses) {
    const args = resolve(use, () => 64);
    scratchBytes = Math.max(scratchBytes, Math.ceil((use.kernel.scratch?.(args) ?? 0) / 64) * 64);
    sharedBytes = Math.max(sharedBytes, Math.ceil((use.kernel.shared?.(args, threads) ?? 0) / 64) * 64);
  }
  const scratchAt = reserve(scratchBytes * threads);
  const sharedAt = reserve(sharedBytes);
  const bytes = end + tensors.bytes;
  if (bytes > maxBytes) {
    throw new InputError(
      `The network needs ${gib(bytes)} GiB at this batch size; the engine's memory holds ${gib(maxBytes)}. ` +
        "Use a smaller batch (with accumulation over several, the result is nearly the same), or recomputation.",
    );
  }
  for (const use of uses) {
    encoders.push((memory) => encodeArgs(use.kernel, resolve(use, addressOf), memory, use.at));
  }
  return {
    bytes,
    programs,
    scratchAt,
    scratchBytes,
    sharedAt,
    timesAt,
    addressOf,
    encode(memory) {
      for (const encoder of encoders) encoder(memory);
    },
  };
}

function kernelOf({ kernel }: Instruction): WasmKernel {
  const found = kernels[kernel];
  if (!found) throw new Error(`The WASM engine has no kernel ${kernel}.`);
  return found;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
