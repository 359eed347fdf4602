/** How the WASM engine's kernels are described: the words each takes, its phases, the memory it works in. */

export type KernelArgs<F extends string = string> = Readonly<Record<F, number>>;

export interface WasmKernel<F extends string = string> {
  /** The words of the kernel's argument struct, in order: addresses in bytes (0: absent) and integers. */
  readonly fields: readonly F[];
  /** Those of the fields that are float32 instead. */
  readonly floats?: readonly F[];
  /** Exported functions, run one after the other by all threads, with a barrier between. */
  readonly phases: readonly string[];
  /** Bytes that each thread needs for itself within a phase. */
  readonly scratch?: (args: KernelArgs<F>) => number;
  /** Bytes shared by the threads from the first phase to the last. */
  readonly shared?: (args: KernelArgs<F>, threads: number) => number;
}

export type Phase = (args: number, thread: number, threads: number, scratch: number, shared: number) => void;

/** Writes a kernel's arguments as it reads them. */
export function encodeArgs(kernel: WasmKernel, args: KernelArgs, memory: ArrayBufferLike, at: number): void {
  const view = new DataView(memory);
  kernel.fields.forEach((field, i) => {
    const value = args[field];
    if (value === undefined) throw new Error(`${kernel.phases[0]} lacks its argument ${field}.`);
    if (kernel.floats?.includes(field)) view.setFloat32(at + 4 * i, value, true);
    else view.setUint32(at + 4 * i, value >>> 0, true);
  });
}

export { padded } from "../../plan.ts";
