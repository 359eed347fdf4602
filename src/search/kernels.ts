/** The search's WASM kernels, compiled from kernels/search.ts, and a plain allocator over their memory. */

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: WebAssembly.Global;
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

const PAGE_BYTES = 65_536;
const MAX_BYTES = 4 * 1024 ** 3 - PAGE_BYTES;

export interface SearchKernels {
  readonly run: KernelExports;
  /** The whole memory. Make it anew after `reserve`, which may move it. */
  floats(): Float32Array;
  ints(): Int32Array;
  /** Lays out areas of so many floats each from the start of the heap, and returns their addresses in bytes. */
  reserve(lengths: readonly number[]): number[];
}

/** Instantiates the compiled kernels. One instance serves one thread. */
export async function instantiateSearchKernels(
  wasm: BufferSource | WebAssembly.Module,
): Promise<SearchKernels> {
  const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm);
  const instance = await WebAssembly.instantiate(module, { env: { abort: () => {} } });
  const run = instance.exports as unknown as KernelExports;
  const heapBase = Math.ceil(run.heapBase.value / 64) * 64;
  return {
    run,
    floats: () => new Float32Array(run.memory.buffer),
    ints: () => new Int32Array(run.memory.buffer),
    reserve(lengths) {
      let end = heapBase;
      const addresses = lengths.map((length) => {
        const at = end;
        end += Math.ceil((length * 4) / 64) * 64;
        return at;
      });
      if (end > MAX_BYTES) {
        throw new RangeError(
          `The drift search's pieces need ${end} bytes; a WASM memory holds ${MAX_BYTES}.`,
        );
      }
      const missing = end - run.memory.buffer.byteLength;
      if (missing > 0) run.memory.grow(Math.ceil(missing / PAGE_BYTES));
      return addresses;
    },
  };
}
