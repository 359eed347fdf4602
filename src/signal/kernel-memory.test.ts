import { describe, expect, it } from "vitest";
import { kernelMemory } from "./kernel-memory.ts";

const empty = () =>
  kernelMemory({
    memory: new WebAssembly.Memory({ initial: 1 }),
    heapBase: new WebAssembly.Global({ value: "i32" }, 1000),
  });

describe("the memory of kernels", () => {
  it("has areas that don't overlap, each at a multiple of 64 bytes, and grows for them", () => {
    const memory = empty();
    const lengths = [3, 17, 0, 300_000, 1];
    const at = [...memory.reserve(lengths.slice(0, 2)), ...memory.reserve(lengths.slice(2))];
    expect(at[0]).toBe(1024);
    at.forEach((address, i) => {
      expect(address % 64).toBe(0);
      if (i > 0) expect(address).toBeGreaterThanOrEqual(at[i - 1]! + 4 * lengths[i - 1]!);
    });
    expect(memory.floats().length * 4).toBeGreaterThanOrEqual(at.at(-1)! + 4);
    expect(memory.ints().length).toBe(memory.floats().length);
  });

  it("is given anew where it was cleared", () => {
    const memory = empty();
    const first = memory.reserve([5]);
    memory.clear();
    expect(memory.reserve([7])).toEqual(first);
  });

  it("refuses what no WASM memory holds, and goes on with what it has", () => {
    const memory = empty();
    expect(() => memory.reserve([2 ** 29, 2 ** 29])).toThrow(RangeError);
    expect(memory.reserve([1])).toEqual([1024]);
  });
});
