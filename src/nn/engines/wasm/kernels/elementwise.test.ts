import { describe, expect, it } from "vitest";
import { expectClose, machines, pad, seeded, unpad, values } from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import * as kernels from "./elementwise.ts";

const shapes = [
  { n: 1, pixels: 1, c: 1 },
  { n: 3, pixels: 7, c: 5 },
  { n: 2, pixels: 41, c: 8 },
];

describe.each(machines)("elementwise, $build, $threads threads", (machine) => {
  it("multiplies, scales and fills", () => {
    const random = seeded(2);
    for (const { n, pixels, c } of shapes) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const length = n * pixels * c;
      const count = n * pixels * padded(c);
      const [a, b, g] = [length, length, length].map((k) => values(random, k));
      const put = (v: Float32Array) => bench.put(pad(v, c));
      const read = (at: number) => unpad(bench.read(at, count), c);
      const at = { a: put(a!), b: put(b!) };
      const out = put(a!);
      bench.run(kernels.scaleInto, { x: at.b, y: out, accumulate: 1, count, factor: -0.25 });
      expectClose(
        read(out),
        a!.map((v, i) => v - 0.25 * b![i]!),
        1e-6,
      );
      bench.run(kernels.scaleInto, { x: at.b, y: out, accumulate: 0, count, factor: 3 });
      expectClose(
        read(out),
        b!.map((v) => 3 * v),
        1e-6,
      );
      bench.run(kernels.multiply, { ...at, out, count });
      expectClose(
        read(out),
        a!.map((v, i) => v * b![i]!),
        1e-6,
      );

      const da = bench.space(count);
      const db = put(g!);
      bench.run(kernels.multiplyBackward, { ...at, g: put(g!), da, db, accumulateB: 1, count });
      expectClose(
        read(da),
        g!.map((v, i) => v * b![i]!),
        1e-6,
      );
      expectClose(
        read(db),
        g!.map((v, i) => v + v * a![i]!),
        1e-6,
      );
      bench.run(kernels.multiplyBackward, { ...at, g: at.b, da, accumulateA: 1, count });
      expectClose(
        read(da),
        g!.map((v, i) => v * b![i]! + b![i]! ** 2),
        1e-6,
      );

      bench.run(kernels.fillZero, { address: out, bytes: 4 * (count - 1) });
      const cleared = bench.read(out, count);
      expect([...cleared.subarray(0, count - 1)].every((v) => v === 0)).toBe(true);
      expect(bench.read(at.a, count)).toEqual(pad(a!, c));
    }
  });
});
