import { describe, expect, it } from "vitest";
import {
  act,
  actGradient,
  expectClose,
  machines,
  pad,
  seeded,
  unpad,
  values,
} from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import * as kernels from "./elementwise.ts";

const shapes = [
  { n: 1, pixels: 1, c: 1 },
  { n: 3, pixels: 7, c: 5 },
  { n: 2, pixels: 41, c: 8 },
];

describe.each(machines)("elementwise, $build, $threads threads", (machine) => {
  it("applies activations and their gradients, right at 0, far out and for NaN", () => {
    const random = seeded(1);
    const special = [0, -0, 1e-20, 20, -20, 90, -90, 3e5, -3e5];
    for (const { n, pixels, c } of shapes) {
      for (const kind of [1, 2, 3]) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const count = n * pixels * padded(c);
        const x = values(random, n * pixels * c, -9, 9).map((v, i) => special[i] ?? v);
        const g = values(random, n * pixels * c);
        const [xAt, gAt] = [bench.put(pad(x, c)), bench.put(pad(g, c))];
        const y = bench.space(count);
        const dx = bench.space(count);
        bench.run(kernels.unary, { x: xAt, y, act: kind, n, pixels, c });
        const got = unpad(bench.read(y, count), c);
        x.forEach((v, i) => {
          expect(Math.abs(got[i]! - act(kind, v))).toBeLessThanOrEqual(1e-6 * Math.abs(act(kind, v)) + 1e-12);
        });
        bench.run(kernels.unaryBackward, { g: gAt, x: xAt, dx, act: kind, accumulate: 0, count });
        bench.run(kernels.unaryBackward, { g: gAt, x: xAt, dx, act: kind, accumulate: 1, count });
        const slopes = g.map((v, i) => 2 * v * actGradient(kind, x[i]!));
        expectClose(unpad(bench.read(dx, count), c), slopes, 1e-6);
        const bad = bench.put(new Float32Array(count).fill(Number.NaN));
        bench.run(kernels.unary, { x: bad, y, act: kind, n, pixels, c });
        for (const v of bench.read(y, c)) expect(v).toBeNaN();
      }
    }
  });

  it("adds, multiplies, scales and fills", () => {
    const random = seeded(2);
    for (const { n, pixels, c } of shapes) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const length = n * pixels * c;
      const count = n * pixels * padded(c);
      const [a, b, g, gate] = [length, length, length, n * c].map((k) => values(random, k));
      const put = (v: Float32Array) => bench.put(pad(v, c));
      const read = (at: number) => unpad(bench.read(at, count), c);
      const at = { a: put(a!), b: put(b!) };
      const out = bench.space(count);
      bench.run(kernels.add, { ...at, out, count });
      expectClose(
        read(out),
        a!.map((v, i) => v + b![i]!),
        1e-6,
      );
      bench.run(kernels.addInto, { src: at.a, dst: out, count });
      expectClose(
        read(out),
        a!.map((v, i) => 2 * v + b![i]!),
        1e-6,
      );
      bench.run(kernels.scaleInto, { x: at.b, y: out, accumulate: 1, count, factor: -0.25 });
      expectClose(
        read(out),
        a!.map((v, i) => 2 * v + 0.75 * b![i]!),
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

      const gateAt = put(gate!);
      const gated = a!.map((v, i) => v * gate![Math.floor(i / (c * pixels)) * c + (i % c)]!);
      bench.run(kernels.gateMultiply, { x: at.a, gate: gateAt, out, accumulate: 0, n, pixels, c });
      expectClose(read(out), gated, 1e-6);
      bench.run(kernels.gateMultiply, { x: at.a, gate: gateAt, out, accumulate: 1, n, pixels, c });
      expectClose(
        read(out),
        gated.map((v) => 2 * v),
        1e-6,
      );

      bench.run(kernels.fillZero, { address: out, bytes: 4 * (count - 1) });
      const cleared = bench.read(out, count);
      expect([...cleared.subarray(0, count - 1)].every((v) => v === 0)).toBe(true);
      expect(bench.read(at.a, count)).toEqual(pad(a!, c));
    }
  });
});
