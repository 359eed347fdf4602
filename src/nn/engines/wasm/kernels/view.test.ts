import { describe, it } from "vitest";
import {
  actGradient,
  expectClose,
  machines,
  pad,
  seeded,
  unpad,
  type ViewParts,
  values,
  viewValues,
} from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import { addSpread, gateGrad, materialise, materialiseGrad } from "./view.ts";

const shapes = [
  { n: 1, pixels: 1, c: 1 },
  { n: 1, pixels: 211, c: 5 },
  { n: 3, pixels: 35, c: 8 },
  { n: 5, pixels: 1, c: 13 },
];

/** Every part present or absent by the bits of `which`. */
function someView(random: () => number, n: number, c: number, act: number, which: number): ViewParts {
  return {
    scale: which & 1 ? values(random, c) : undefined,
    shift: which & 2 ? values(random, c) : undefined,
    gate: which & 4 ? values(random, n * c) : undefined,
    act,
  };
}

describe.each(machines)("views, $build, $threads threads", (machine) => {
  it("are materialised, alone and as a residual sum", () => {
    const random = seeded(1);
    for (const { n, pixels, c } of shapes) {
      for (let which = 0; which < 32; which++) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, c)) : 0);
        const view = (name: string, base: Float32Array | undefined, v: ViewParts) => ({
          [name]: put(base),
          [`${name}Scale`]: put(v.scale),
          [`${name}Shift`]: put(v.shift),
          [`${name}Gate`]: put(v.gate),
          [`${name}Act`]: v.act,
        });
        const x = values(random, n * pixels * c);
        const r = which % 3 ? values(random, n * pixels * c) : undefined;
        const xView = someView(random, n, c, which % 4, which);
        const rView = which & 8 ? someView(random, n, c, (which >> 2) % 4, which >> 1) : { act: 0 };
        const length = n * pixels * padded(c);
        const out = bench.space(length);
        bench.run(materialise, { ...view("x", x, xView), ...view("r", r, rView), out, n, pixels, c });
        const more = r ? viewValues(r, c, pixels, rView) : undefined;
        const wanted = viewValues(x, c, pixels, xView).map((v, i) => v + (more?.[i] ?? 0));
        expectClose(unpad(bench.read(out, length), c), wanted, 1e-6);
      }
    }
  });

  it("have their gradient materialised, stored or added", () => {
    const random = seeded(2);
    for (const { n, pixels, c } of shapes) {
      for (let which = 0; which < 32; which++) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, c)) : 0);
        const act = which % 4;
        const { scale, shift, gate } = someView(random, n, c, act, which);
        const g = values(random, n * pixels * c);
        const y = act > 0 || which & 8 ? values(random, n * pixels * c) : undefined;
        const spread = which & 16 ? values(random, n * c) : undefined;
        const [A, B, C] = which & 8 ? [0, 1, 2].map(() => values(random, c)) : [];
        const before = which & 2 ? values(random, n * pixels * c) : undefined;
        const length = n * pixels * padded(c);
        const out = before ? put(before) : bench.space(length);
        const tensors = { g: put(g), y: put(y), scale: put(scale), shift: put(shift), gate: put(gate) };
        const rest = { spread: put(spread), coefA: put(A), coefB: put(B), coefC: put(C), out, n, pixels, c };
        bench.run(materialiseGrad, { ...tensors, ...rest, act, accumulate: before ? 1 : 0 });
        const wanted = Float64Array.from(g, (value, i) => {
          const lane = i % c;
          const image = Math.floor(i / (c * pixels)) * c + lane;
          const z = (y?.[i] ?? 0) * (scale?.[lane] ?? 1) + (shift?.[lane] ?? 0);
          const dz = (value * (gate?.[image] ?? 1) + (spread?.[image] ?? 0)) * actGradient(act, z);
          return (
            (before?.[i] ?? 0) + dz * (A?.[lane] ?? 1) + (y?.[i] ?? 0) * (B?.[lane] ?? 0) + (C?.[lane] ?? 0)
          );
        });
        expectClose(unpad(bench.read(out, length), c), wanted, 1e-6);
      }
    }
  });

  it("give their gate's gradient, and spread a gradient over an image", () => {
    const random = seeded(3);
    for (const { n, pixels, c } of shapes) {
      for (let which = 0; which < 16; which++) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, c)) : 0);
        const v = someView(random, n, c, which >> 2, which & 3);
        const x = values(random, n * pixels * c);
        const g = values(random, n * pixels * c);
        const before = which & 1 ? values(random, n * c) : undefined;
        const accumulate = before ? 1 : 0;
        const dGate = before ? put(before) : bench.space(n * padded(c));
        const parts = { x: put(x), xScale: put(v.scale), xShift: put(v.shift), xAct: v.act };
        bench.run(gateGrad, { ...parts, g: put(g), dGate, accumulate, n, pixels, c });
        const wanted = Float64Array.from(before ?? new Float32Array(n * c));
        viewValues(x, c, pixels, v).forEach((value, i) => {
          wanted[Math.floor(i / (c * pixels)) * c + (i % c)]! += value * g[i]!;
        });
        expectClose(unpad(bench.read(dGate, n * padded(c)), c), wanted, 1e-6);

        const length = n * pixels * padded(c);
        const dx = before ? put(x) : bench.space(length);
        const spread = values(random, n * c);
        bench.run(addSpread, { spread: put(spread), dx, accumulate, n, pixels, c });
        const spreadOver = x.map(
          (old, i) => (before ? old : 0) + spread[Math.floor(i / (c * pixels)) * c + (i % c)]!,
        );
        expectClose(unpad(bench.read(dx, length), c), spreadOver, 1e-6);
      }
    }
  });
});
