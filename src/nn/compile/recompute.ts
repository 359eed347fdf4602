/**
 * Trades time for memory: what a block computed on the way forward is forgotten, and computed again when the way back needs it
 * (Chen 2016). Works on instructions, so that ops need not know of it. Norms' statistics are kept, so that the numbers
 * come out the same to the bit.
 */

import { type Argument, type Instruction, root, type Tensor, tensorsOf } from "../plan.ts";

export interface ForwardBackward {
  readonly instructions: readonly Instruction[];
  /** How many of them are the way forward. */
  readonly forwardLength: number;
}

/** The scopes whose values could be forgotten, those that free most memory first. */
export function recomputableScopes(program: ForwardBackward): string[] {
  const forward = program.instructions.slice(0, program.forwardLength);
  const scopes = [...new Set(forward.map(({ scope }) => scope))].filter((scope) => scope !== "");
  const freed = new Map(
    scopes.map((scope) => {
      const tensors = [...interior(program, scope)];
      return [scope, tensors.reduce((sum, { floats }) => sum + floats, 0)];
    }),
  );
  return scopes.filter((scope) => freed.get(scope)! > 0).sort((a, b) => freed.get(b)! - freed.get(a)!);
}

/** The program in which the scopes' values are computed twice. `create` makes tensors for the second time. */
export function recompute(
  program: ForwardBackward,
  scopes: readonly string[],
  create: (label: string, floats: number) => Tensor,
): Instruction[] {
  let { instructions } = program;
  const { forwardLength } = program;
  for (const scope of scopes) {
    const again = new Map<Tensor, Tensor>();
    for (const tensor of interior({ instructions, forwardLength }, scope)) {
      again.set(tensor, create(`${tensor.label}, again`, tensor.floats));
    }
    const backward = instructions.slice(forwardLength);
    const first = backward.findIndex((instruction) => tensorsOf(instruction).some((t) => again.has(root(t))));
    if (first < 0) continue;
    const forward = instructions.slice(0, forwardLength);
    const clones = secondTime(forward, scope, again, backward);
    instructions = [
      ...forward,
      ...backward.slice(0, first),
      ...clones,
      ...backward.slice(first).map((instruction) => rename(instruction, again)),
    ];
  }
  return [...instructions];
}

/** Unkept tensors that only the scope itself makes and reads on the way forward, and the way back needs. */
function interior({ instructions, forwardLength }: ForwardBackward, scope: string): Set<Tensor> {
  const made = new Set<Tensor>();
  const seenOutside = new Set<Tensor>();
  for (const instruction of instructions.slice(0, forwardLength)) {
    for (const tensor of tensorsOf(instruction).map(root)) {
      if (instruction.scope !== scope) seenOutside.add(tensor);
      else if (!tensor.kept) made.add(tensor);
    }
  }
  const needed = instructions.slice(forwardLength).some((instruction) =>
    tensorsOf(instruction)
      .map(root)
      .some((tensor) => made.has(tensor) && !seenOutside.has(tensor)),
  );
  return needed ? new Set([...made].filter((tensor) => !seenOutside.has(tensor))) : new Set();
}

/** Copies of the scope's forward instructions that lead to what the way back reads. */
function secondTime(
  forward: readonly Instruction[],
  scope: string,
  again: ReadonlyMap<Tensor, Tensor>,
  backward: readonly Instruction[],
): Instruction[] {
  const needed = new Set(
    backward.flatMap((instruction) => tensorsOf(instruction).map(root)).filter((tensor) => again.has(tensor)),
  );
  const clones: Instruction[] = [];
  for (const instruction of forward.toReversed()) {
    if (instruction.scope !== scope) continue;
    const writes = Object.values(instruction.writes).filter((argument) => typeof argument === "object");
    if (!writes.some((tensor) => needed.has(root(tensor)))) continue;
    for (const tensor of tensorsOf(instruction)) if (again.has(root(tensor))) needed.add(root(tensor));
    const kept = Object.entries(instruction.writes).map(([name, argument]): [string, Argument] => {
      return [name, typeof argument === "object" && root(argument).kept ? undefined : argument];
    });
    clones.unshift(rename({ ...instruction, writes: Object.fromEntries(kept) }, again));
  }
  return clones;
}

function rename(instruction: Instruction, names: ReadonlyMap<Tensor, Tensor>): Instruction {
  const swap = (args: Instruction["reads"]) =>
    Object.fromEntries(
      Object.entries(args).map(([name, argument]) => {
        return [name, typeof argument === "object" ? (names.get(argument) ?? argument) : argument];
      }),
    );
  return { ...instruction, reads: swap(instruction.reads), writes: swap(instruction.writes) };
}
