/** The WASM kernels that prepare cadences for networks, compiled from kernels/inputs/. */

import { type KernelMemory, type KernelModule, kernelMemory } from "../../signal/kernel-memory.ts";

interface KernelExports extends KernelModule {
  medians(sourceAt: number, rows: number, lanes: number, magnitudes: 0 | 1, outAt: number): void;
  removeProfile(
    sourceAt: number,
    rows: number,
    lanes: number,
    profileAt: number,
    clip: number,
    ridge: number,
    rounds: number,
    outAt: number,
  ): void;
  scaleColumns(at: number, rows: number, lanes: number, centreAt: number, gainAt: number): void;
  transpose(sourceAt: number, rows: number, lanes: number, across: number, outAt: number): void;
  blockSums(
    pixelsAt: number,
    panels: number,
    rows: number,
    channels: number,
    blockRows: number,
    perPanel: number,
    drifts: number,
    offsetsAt: number,
    margin: number,
    near: number,
    low: number,
    high: number,
    gain: number,
    least: number,
    paddedAt: number,
    sumsAt: number,
    flanksAt: number,
    volumeAt: number,
  ): void;
  follow(
    volumeAt: number,
    outAt: number,
    direction: -1 | 1,
    perPanel: number,
    blocks: number,
    channels: number,
    drifts: number,
    margin: number,
    shiftsAt: number,
    keep: number,
    changeCost: number,
    stepCost: number,
    steppedAt: number,
  ): void;
  largestNearby(sourceAt: number, channels: number, reach: number, outAt: number): void;
  joinPaths(
    ownAt: number,
    beforeAt: number,
    afterAt: number,
    gain: number,
    channels: number,
    outAt: number,
  ): void;
  larger(aAt: number, bAt: number, channels: number, outAt: number): void;
  compress(aAt: number, bAt: number, lesser: boolean, offset: number, channels: number, outAt: number): void;
}

export interface InputKernels extends KernelMemory {
  readonly run: KernelExports;
}

/** Instantiates the compiled kernels. One instance serves one thread. */
export function instantiateInputKernels(module: WebAssembly.Module): InputKernels {
  const instance = new WebAssembly.Instance(module, { env: { abort: () => {} } });
  const run = instance.exports as unknown as KernelExports;
  return { run, ...kernelMemory(run) };
}
