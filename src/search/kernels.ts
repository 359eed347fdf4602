/** The search's WASM kernels, compiled from kernels/search.ts. */

import { type KernelMemory, type KernelModule, kernelMemory } from "../signal/kernel-memory.ts";

interface KernelExports extends KernelModule {
  rowMoments(rowAt: number, n: number, blocks: number, meanAt: number, varianceAt: number): void;
  normaliseRow(rowAt: number, n: number, blocks: number, baselineAt: number, gainAt: number): void;
  addThree(inAt: number, outAt: number, n: number): void;
  addTwo(inAt: number, outAt: number, n: number): void;
  bestOverTemplates(
    originAt: number,
    offsetsAt: number,
    rows: number,
    templates: number,
    bestAt: number,
    n: number,
  ): void;
  sumOverRows(originAt: number, offsetsAt: number, rows: number, outAt: number, n: number): void;
  bestTemplate(originAt: number, offsetsAt: number, rows: number, templates: number): number;
  pathGrid(
    originAt: number,
    rowBytes: number,
    rows: number,
    width: number,
    position: number,
    positionStep: number,
    positions: number,
    slope: number,
    slopeStep: number,
    slopes: number,
    outAt: number,
  ): void;
}

export interface SearchKernels extends KernelMemory {
  readonly run: KernelExports;
}

/** Instantiates the compiled kernels. One instance serves one thread. */
export async function instantiateSearchKernels(
  wasm: BufferSource | WebAssembly.Module,
): Promise<SearchKernels> {
  const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm);
  const instance = await WebAssembly.instantiate(module, { env: { abort: () => {} } });
  const run = instance.exports as unknown as KernelExports;
  return { run, ...kernelMemory(run) };
}
