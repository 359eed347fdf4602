/**
 * Where each tensor of a plan lies. Kept tensors get memory of their own. The others of a program share one region: two of
 * them may overlap if no instruction lies between the first and the last use of both. Largest first, each at the lowest
 * place that is free for as long as it lives (Pisarchyk and Lee 2020, "greedy by size").
 */

import { type Plan, type Program, root, type Tensor, tensorsOf } from "../plan.ts";

export interface MemoryPlan {
  /** In bytes from the region's start, for the roots of all tensors. */
  readonly addresses: ReadonlyMap<Tensor, number>;
  readonly keptBytes: number;
  /** What the programs' own tensors need, all programs over each other. */
  readonly sharedBytes: number;
  readonly bytes: number;
}

const ALIGNMENT_BYTES = 64;

export function planMemory(plan: Plan, { separate = false } = {}): MemoryPlan {
  const addresses = new Map<Tensor, number>();
  let keptBytes = 0;
  for (const tensor of plan.tensors) {
    if (!tensor.kept || tensor.parent) continue;
    addresses.set(tensor, keptBytes);
    keptBytes += aligned(tensor.floats * 4);
  }
  let sharedBytes = 0;
  for (const program of Object.values(plan.programs)) {
    sharedBytes = Math.max(sharedBytes, placeProgram(program, keptBytes, addresses, separate));
  }
  return { addresses, keptBytes, sharedBytes, bytes: keptBytes + sharedBytes };
}

interface Life {
  readonly tensor: Tensor;
  readonly bytes: number;
  readonly first: number;
  last: number;
}

/** Each unkept tensor's first and last instruction. */
export function lifetimes(program: Program): Life[] {
  const lives = new Map<Tensor, Life>();
  program.forEach((instruction, i) => {
    for (const named of tensorsOf(instruction)) {
      const tensor = root(named);
      if (tensor.kept) continue;
      const life = lives.get(tensor);
      if (life) life.last = i;
      else lives.set(tensor, { tensor, bytes: aligned(tensor.floats * 4), first: i, last: i });
    }
  });
  return [...lives.values()];
}

function placeProgram(
  program: Program,
  start: number,
  addresses: Map<Tensor, number>,
  separate: boolean,
): number {
  const lives = lifetimes(program).sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const placed: { readonly life: Life; readonly at: number }[] = [];
  let end = 0;
  for (const life of lives) {
    const at = separate ? end : lowestFree(life, placed);
    if (addresses.has(life.tensor))
      throw new Error(`${life.tensor.label} is used by two programs but not kept.`);
    placed.push({ life, at });
    addresses.set(life.tensor, start + at);
    end = Math.max(end, at + life.bytes);
  }
  return end;
}

function lowestFree(life: Life, placed: readonly { readonly life: Life; readonly at: number }[]): number {
  const around = placed
    .filter(({ life: other }) => other.first <= life.last && life.first <= other.last)
    .sort((a, b) => a.at - b.at);
  let at = 0;
  for (const other of around) {
    if (other.at - at >= life.bytes) break;
    at = Math.max(at, other.at + other.life.bytes);
  }
  return at;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
