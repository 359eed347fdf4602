import { describe, expect, it } from "vitest";
import { randomWords } from "../../../random.ts";
import { machines, pad, seeded, unpad, values } from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import { dropout, dropPathGate } from "./random.ts";

const word = (w: number) => new Float32Array(Uint32Array.of(w).buffer);

describe.each(machines)("dropout, $build, $threads threads", (machine) => {
  it("drops what the stream's words say, and the gradient the same", () => {
    const c = 6;
    const rows = 501;
    for (const p of [0, 0.2, 0.7, 1]) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const x = values(seeded(1), rows * c);
      const count = rows * padded(c);
      const out = bench.space(count);
      const [seed, step, stream] = [0xdeadbeef, 12, 7];
      const args = {
        x: bench.put(pad(x, c)),
        seedAt: bench.put(word(seed)),
        stepAt: bench.put(word(step)),
        stream,
        count,
        p,
      };
      bench.run(dropout, { ...args, out });
      const q = Math.fround(p);
      const words = randomWords({ seed, stream, step }, count);
      const wanted = pad(x, c).map((v, i) => (words[i]! >= q * 2 ** 32 ? v / (1 - q) : 0));
      const got = bench.read(out, count);
      const wrong = got.filter((v, i) => !(Math.abs(v - wanted[i]!) <= 1e-6 * Math.abs(wanted[i]!)));
      expect(wrong).toHaveLength(0);
      const dropped = unpad(got, c).filter((v) => v === 0).length / (rows * c);
      expect(Math.abs(dropped - p)).toBeLessThan(0.04);
      bench.run(dropout, { ...args, out, accumulate: 1 });
      expect(bench.read(out, count)).toEqual(got.map((v) => 2 * v));
    }
  });

  it("drops whole images from a path", () => {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [n, c, p] = [400, 3, 0.3];
    const gate = bench.space(n * padded(c));
    const args = { gate, seedAt: bench.put(word(3)), stepAt: bench.put(word(5)), stream: 9, n, c, p };
    bench.run(dropPathGate, args);
    const got = unpad(bench.read(gate, n * padded(c)), c);
    const words = randomWords({ seed: 3, stream: 9, step: 5 }, 4 * n);
    const kept = Math.fround(1 / Math.fround(1 - Math.fround(p)));
    got.forEach((v, i) => {
      expect(v).toBe(words[4 * Math.floor(i / c)]! >= Math.fround(p) * 2 ** 32 ? kept : 0);
    });
    expect(Math.abs(got.filter((v) => v === 0).length / (n * c) - p)).toBeLessThan(0.07);
  });
});
