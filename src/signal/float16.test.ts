import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFloat16, encodeFloat16s, float16Table } from "./float16.ts";

describe("half precision, against the engine's own", () => {
  const { Float16Array } = globalThis as unknown as {
    Float16Array: new (from: Iterable<number> | ArrayBuffer) => ArrayLike<number> & { buffer: ArrayBuffer };
  };

  test("all 65,536 patterns", () => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const theirs = new Float16Array(patterns.buffer);
    const ours = float16Table();
    for (let i = 0; i < 65536; i++) if (!Object.is(ours[i], theirs[i])) expect(ours[i]).toBe(theirs[i]);
    expect(ours).toHaveLength(65536);
  });

  test("any number, and the ties between halves", () => {
    const theirs = (value: number) => new Uint16Array(new Float16Array([value]).buffer)[0]!;
    const same = (value: number): void => {
      expect(encodeFloat16(value), String(value)).toBe(theirs(value));
    };
    fc.assert(fc.property(fc.double({ noNaN: true }), same), { seed: 4, numRuns: 2000 });
    fc.assert(fc.property(fc.double({ min: -70000, max: 70000, noNaN: true }), same), {
      seed: 5,
      numRuns: 2000,
    });
    for (let bits = 0; bits < 0x7c00; bits++) {
      const tie = (float16Table()[bits]! + (bits === 0x7bff ? 65536 : float16Table()[bits + 1]!)) / 2;
      for (const value of [tie, -tie, tie * (1 + 2 ** -50), tie * (1 - 2 ** -50)]) {
        if (encodeFloat16(value) !== theirs(value)) same(value);
      }
    }
    expect(Number.isNaN(float16Table()[encodeFloat16(Number.NaN)])).toBe(true);
  });

  test("many at once are the same as one by one: every pattern, the ties, and their neighbours", () => {
    const table = float16Table();
    const values: number[] = [0, -0, 65504, 65519.996, 65520, 65535, 65536, 1e38, 2 ** -25, 2 ** -26];
    for (let bits = 0; bits < 0x7c00; bits++) {
      const tie = (table[bits]! + (bits === 0x7bff ? 65536 : table[bits + 1]!)) / 2;
      values.push(table[bits]!, tie, tie * (1 + 2 ** -23), tie * (1 - 2 ** -23));
    }
    const singles = Float32Array.from([...values, ...values.map((v) => -v), Infinity, -Infinity, Number.NaN]);
    const halves = new Uint16Array(singles.length);
    encodeFloat16s(singles, halves);
    const wrong = [...singles].filter((value, i) => halves[i] !== encodeFloat16(value));
    expect(wrong).toEqual([]);
  });
});
