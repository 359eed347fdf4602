/**
 * What an engine runs: lists of instructions over tensors. Engines agree on the names of kernels, their arguments and the
 * layout of tensors (`docs/engine.md`): float32, channels last, channels padded with zeros to a multiple of four.
 */

/** A piece of memory, in floats. Part of another one where `parent` is given. */
export interface Tensor {
  readonly id: number;
  readonly label: string;
  readonly floats: number;
  readonly parent?: Tensor;
  /** In floats from the parent's start. */
  readonly offset?: number;
  /** Kept from one run to the next; what isn't shares memory with whatever isn't needed at the same time. */
  readonly kept: boolean;
}

export type Argument = Tensor | number | undefined;

export interface Instruction {
  readonly kernel: string;
  /** What the kernel reads, and numbers; tensors that are absent are undefined. */
  readonly reads: Readonly<Record<string, Argument>>;
  /** What it writes or adds to. */
  readonly writes: Readonly<Record<string, Argument>>;
  /** The operation it was made for, as errors and profiles call it. */
  readonly origin: string;
  /** The block of the network that it belongs to. */
  readonly scope: string;
}

export type Program = readonly Instruction[];

export interface Plan {
  readonly tensors: readonly Tensor[];
  readonly programs: Readonly<Record<string, Program>>;
}

/** The tensor whose memory a tensor lies in. */
export function root(tensor: Tensor): Tensor {
  return tensor.parent ? root(tensor.parent) : tensor;
}

/** A tensor's place from its root's start, in floats. */
export function offsetInRoot(tensor: Tensor): number {
  return tensor.parent ? offsetInRoot(tensor.parent) + tensor.offset! : 0;
}

/** The tensors that an instruction names. */
export function tensorsOf(instruction: Instruction): Tensor[] {
  const all = [...Object.values(instruction.reads), ...Object.values(instruction.writes)];
  return all.filter((argument): argument is Tensor => typeof argument === "object");
}

/** Physical channels: the next multiple of four. */
export function padded(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}
