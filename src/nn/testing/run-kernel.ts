/** Runs one kernel on plain arrays, its threads one after the other: the kernels' tests stand on this. */

import { readFileSync } from "node:fs";
import { encodeArgs, type Phase, type WasmKernel } from "../engines/wasm/kernel.ts";

const PAGE_BYTES = 65_536;
const modules = new Map<string, WebAssembly.Module>();

function compile(build: string): WebAssembly.Module {
  let module = modules.get(build);
  if (!module) {
    module = new WebAssembly.Module(
      readFileSync(new URL(`../../../kernels/build/${build}.wasm`, import.meta.url)),
    );
    modules.set(build, module);
  }
  return module;
}

export interface KernelBench {
  /** Copies an array into the memory and gives its address; fresh memory around it holds NaN. */
  put(data: Float32Array): number;
  /** An area of n floats filled with NaN, so that what a kernel fails to write is seen. */
  space(floats: number): number;
  read(address: number, floats: number): Float32Array;
  run(kernel: WasmKernel, args: Readonly<Record<string, number>>): void;
  /** What `run` would do, to be done again and again. */
  prepare(kernel: WasmKernel, args: Readonly<Record<string, number>>): () => void;
  readonly exports: Readonly<Record<string, (...args: number[]) => void>>;
}

/** A fresh memory with the kernels over it. `threads` are emulated: each phase is called once for every thread. */
export function kernelBench({ threads = 1, build = "nn", megabytes = 64 } = {}): KernelBench {
  const pages = megabytes * 16;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });
  const { exports } = new WebAssembly.Instance(compile(build), { env: { memory, abort: () => {} } });
  const functions = exports as unknown as Record<string, Phase & ((...args: number[]) => void)>;
  const floats = new Float32Array(memory.buffer);
  let end = 4096;
  const space = (count: number) => {
    const at = end;
    end += Math.ceil((count * 4) / 64) * 64 + 64;
    if (end > pages * PAGE_BYTES) throw new Error(`The kernel bench needs more than ${megabytes} megabytes.`);
    floats.fill(Number.NaN, at / 4, end / 4);
    return at;
  };
  const prepare: KernelBench["prepare"] = (kernel, args) => {
    const all: Record<string, number> = {};
    for (const field of kernel.fields) all[field] = args[field] ?? 0;
    const struct = space(kernel.fields.length);
    encodeArgs(kernel, all, memory.buffer, struct);
    const scratchBytes = kernel.scratch?.(all) ?? 0;
    const scratch = Array.from({ length: threads }, () => space(scratchBytes / 4));
    const shared = space((kernel.shared?.(all, threads) ?? 0) / 4);
    const calls = kernel.phases.map((phase) => {
      const call = functions[phase];
      if (!call) throw new Error(`The kernels have no ${phase}.`);
      return call;
    });
    return () => {
      for (const call of calls) {
        for (let thread = 0; thread < threads; thread++)
          call(struct, thread, threads, scratch[thread]!, shared);
      }
    };
  };
  return {
    exports: functions,
    space,
    put(data) {
      const at = space(data.length);
      floats.set(data, at / 4);
      return at;
    },
    read: (address, count) => floats.slice(address / 4, address / 4 + count),
    run: (kernel, args) => prepare(kernel, args)(),
    prepare,
  };
}
