/** The WASM kernels that prepare cadences for networks, compiled from kernels/inputs/, and a plain allocator over their memory. */

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: WebAssembly.Global;
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

export interface InputKernels {
  readonly run: KernelExports;
  /** The whole memory. Make it anew after `reserve`, which may move it. */
  floats(): Float32Array;
  ints(): Int32Array;
  /** Adds areas of so many floats each to those there are, and returns their addresses in bytes. */
  reserve(lengths: readonly number[]): number[];
}

const PAGE_BYTES = 65_536;

/** Instantiates the compiled kernels. One instance serves one thread. */
export function instantiateInputKernels(module: WebAssembly.Module): InputKernels {
  const instance = new WebAssembly.Instance(module, { env: { abort: () => {} } });
  const run = instance.exports as unknown as KernelExports;
  let end = Math.ceil(run.heapBase.value / 64) * 64;
  return {
    run,
    floats: () => new Float32Array(run.memory.buffer),
    ints: () => new Int32Array(run.memory.buffer),
    reserve(lengths) {
      const places = lengths.map((length) => {
        const at = end;
        end += Math.ceil(length / 16) * 64;
        return at;
      });
      const missing = end - run.memory.buffer.byteLength;
      if (missing > 0) run.memory.grow(Math.ceil(missing / PAGE_BYTES));
      return places;
    },
  };
}
