/** A plain allocator over the memory of a compiled kernel module. */

const PAGE_BYTES = 65_536;
const MAX_BYTES = 4 * 1024 ** 3 - PAGE_BYTES;
/** Areas begin at multiples of this, a line of the cache. */
const ALIGNMENT = 64;

/** What every kernel module exports beside its kernels. */
export interface KernelModule {
  readonly memory: WebAssembly.Memory;
  /** The first byte that the module itself does not use. */
  readonly heapBase: WebAssembly.Global;
}

export interface KernelMemory {
  /** The whole memory. Make it anew after `reserve`, which may move it. */
  floats(): Float32Array;
  ints(): Int32Array;
  /** Adds areas of so many floats each to those there are, and returns their addresses in bytes. */
  reserve(lengths: readonly number[]): number[];
  /** Gives up all areas. */
  clear(): void;
}

/** Throws a RangeError in `reserve` where the areas are more than a WASM memory holds. */
export function kernelMemory({ memory, heapBase }: KernelModule): KernelMemory {
  const start = Math.ceil(heapBase.value / ALIGNMENT) * ALIGNMENT;
  let end = start;
  return {
    floats: () => new Float32Array(memory.buffer),
    ints: () => new Int32Array(memory.buffer),
    reserve(lengths) {
      let next = end;
      const addresses = lengths.map((length) => {
        const at = next;
        next += Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
        return at;
      });
      if (next > MAX_BYTES) {
        throw new RangeError(`The pieces need ${next} bytes; a WASM memory holds ${MAX_BYTES}.`);
      }
      const missing = next - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      end = next;
      return addresses;
    },
    clear() {
      end = start;
    },
  };
}
