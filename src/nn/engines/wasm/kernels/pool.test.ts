import { describe, expect, it } from "vitest";
import {
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
import * as kernels from "./pool.ts";

const images = [
  { n: 1, pixels: 1, c: 1 },
  { n: 1, pixels: 211, c: 5 },
  { n: 5, pixels: 23, c: 10 },
];

const windows = [
  { n: 1, h: 7, w: 9, c: 3, kh: 3, kw: 3, sh: 2, sw: 2, ph: 1, pw: 1 },
  { n: 2, h: 5, w: 6, c: 8, kh: 2, kw: 4, sh: 2, sw: 1, ph: 1, pw: 2 },
  { n: 3, h: 8, w: 5, c: 5, kh: 2, kw: 2, sh: 3, sw: 3, ph: 0, pw: 0 },
  { n: 1, h: 1, w: 2, c: 1, kh: 5, kw: 3, sh: 1, sw: 1, ph: 2, pw: 1 },
].map((s) => ({
  ...s,
  oh: Math.floor((s.h + 2 * s.ph - s.kh) / s.sh) + 1,
  ow: Math.floor((s.w + 2 * s.pw - s.kw) / s.sw) + 1,
}));

/** The pixels of each window: those within the image, and how many stand in the padded image. */
function* windowsOf(s: (typeof windows)[number]) {
  for (let image = 0; image < s.n; image++) {
    for (let oy = 0; oy < s.oh; oy++) {
      for (let ox = 0; ox < s.ow; ox++) {
        const inside: number[] = [];
        let padding = 0;
        for (let ky = 0; ky < s.kh; ky++) {
          for (let kx = 0; kx < s.kw; kx++) {
            const [y, x] = [oy * s.sh - s.ph + ky, ox * s.sw - s.pw + kx];
            if (y >= 0 && y < s.h && x >= 0 && x < s.w) inside.push((image * s.h + y) * s.w + x);
            else if (y < s.h + s.ph && x < s.w + s.pw) padding++;
          }
        }
        yield { inside, padding };
      }
    }
  }
}

function viewArgs(put: (v: Float32Array | undefined) => number, x: Float32Array, v: ViewParts) {
  return { x: put(x), xScale: put(v.scale), xShift: put(v.shift), xGate: put(v.gate), xAct: v.act };
}

describe.each(machines)("pooling, $build, $threads threads", (machine) => {
  it("averages images, plainly and as a generalised mean with its gradients", () => {
    const random = seeded(1);
    for (const { n, pixels, c } of images) {
      for (const act of [0, 1, 2, 3]) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, c)) : 0);
        const v = act
          ? { act, scale: values(random, c), shift: values(random, c), gate: values(random, n * c, 0.2, 1) }
          : { act };
        const x = values(random, n * pixels * c);
        const view = viewArgs(put, x, v);
        const seen = viewValues(x, c, pixels, v);
        const perImage = (f: (value: number, image: number) => number) => {
          const out = new Float64Array(n * c);
          seen.forEach((value, i) => {
            const at = Math.floor(i / (c * pixels)) * c + (i % c);
            out[at]! += f(value, at) / pixels;
          });
          return out;
        };
        const y = bench.space(n * padded(c));
        bench.run(kernels.globalAvgPool, { ...view, y, n, pixels, c });
        expectClose(
          unpad(bench.read(y, n * padded(c)), c),
          perImage((s) => s),
          1e-6,
        );

        for (const p of [1, 3, 4.7]) {
          const pAt = bench.put(Float32Array.of(p));
          bench.run(kernels.gemPool, { ...view, y, n, pixels, c, p: pAt });
          const up = (s: number) => Math.max(s, 1e-6);
          const power = Math.fround(p);
          const gem = (q: number) => perImage((s) => up(s) ** q).map((m) => m ** (1 / q));
          const wanted = gem(power);
          expectClose(unpad(bench.read(y, n * padded(c)), c), wanted, 2e-6);

          const g = values(random, n * c);
          const length = n * pixels * padded(c);
          const before = p === 3 ? values(random, n * pixels * c) : undefined;
          const dx = before ? put(before) : bench.space(length);
          const dP = bench.put(Float32Array.of(0.5));
          const args = { ...view, g: put(g), y, p: pAt, dx, dP, accumulate: before ? 1 : 0, n, pixels, c };
          bench.run(kernels.gemPoolBackward, args);
          const slopes = seen.map((s, i) => {
            const at = Math.floor(i / (c * pixels)) * c + (i % c);
            const slope = s < 1e-6 ? 0 : (s / wanted[at]!) ** (power - 1) / pixels;
            return (before?.[i] ?? 0) + g[at]! * slope;
          });
          expectClose(unpad(bench.read(dx, length), c), slopes, 1e-5);
          const h = 1e-5;
          const [high, low] = [gem(power + h), gem(power - h)];
          const slope = g.reduce((sum, v, i) => sum + (v * (high[i]! - low[i]!)) / (2 * h), 0);
          expectClose(bench.read(dP, 1), [0.5 + slope], 2e-5);
        }
      }
    }
  });

  it("averages windows, and takes the gradient back", () => {
    const random = seeded(2);
    for (const s of windows) {
      for (const countIncludePad of [0, 1]) {
        const bench = kernelBench({ ...machine, megabytes: 1 });
        const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, s.c)) : 0);
        const x = values(random, s.n * s.h * s.w * s.c);
        const v = { act: 3, scale: values(random, s.c), gate: values(random, s.n * s.c) };
        const seen = viewValues(x, s.c, s.h * s.w, v);
        const g = values(random, s.n * s.oh * s.ow * s.c);
        const wanted = new Float64Array(g.length);
        const before = values(random, x.length);
        const back = Float64Array.from(before);
        let o = 0;
        for (const { inside, padding } of windowsOf(s)) {
          const count = inside.length + (countIncludePad ? padding : 0);
          for (let c = 0; c < s.c; c++, o++) {
            for (const pixel of inside) {
              wanted[o]! += seen[pixel * s.c + c]! / count;
              back[pixel * s.c + c]! += g[o]! / count;
            }
          }
        }
        const length = s.n * s.oh * s.ow * padded(s.c);
        const y = bench.space(length);
        bench.run(kernels.avgPool, { ...viewArgs(put, x, v), ...s, y, countIncludePad });
        expectClose(unpad(bench.read(y, length), s.c), wanted, 1e-6);
        const dx = put(before);
        bench.run(kernels.avgPoolBackward, { ...s, g: put(g), dx, accumulate: 1, countIncludePad });
        expectClose(unpad(bench.read(dx, s.n * s.h * s.w * padded(s.c)), s.c), back, 1e-6);
      }
    }
  });

  it("takes maxima of windows, the first of equals, and takes the gradient back", () => {
    const random = seeded(3);
    for (const s of windows) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, s.c)) : 0);
      const x = values(random, s.n * s.h * s.w * s.c).map((v) => Math.round(v));
      const v = { act: 1, shift: new Float32Array(s.c).fill(-1) };
      const seen = viewValues(x, s.c, s.h * s.w, v);
      const g = values(random, s.n * s.oh * s.ow * s.c);
      const wanted = new Float64Array(g.length);
      const back = new Float64Array(x.length);
      let o = 0;
      for (const { inside } of windowsOf(s)) {
        for (let c = 0; c < s.c; c++, o++) {
          wanted[o] = Math.max(...inside.map((pixel) => seen[pixel * s.c + c]!));
          const first = inside.find((pixel) => seen[pixel * s.c + c] === wanted[o])!;
          back[first * s.c + c]! += g[o]!;
        }
      }
      const length = s.n * s.oh * s.ow * padded(s.c);
      const [y, indices] = [bench.space(length), bench.space(length)];
      bench.run(kernels.maxPool, { ...viewArgs(put, x, v), ...s, y, indices });
      expectClose(unpad(bench.read(y, length), s.c), wanted, 0);
      const inner = s.n * s.h * s.w * padded(s.c);
      const dx = bench.space(inner);
      bench.run(kernels.maxPoolBackward, { ...s, g: put(g), indices, dx, accumulate: 0 });
      expectClose(unpad(bench.read(dx, inner), s.c), back, 1e-6);
      bench.run(kernels.maxPoolBackward, { ...s, g: put(g), indices, dx, accumulate: 1 });
      expectClose(
        unpad(bench.read(dx, inner), s.c),
        back.map((d) => 2 * d),
        1e-6,
      );
    }
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [y, indices] = [bench.space(4), bench.space(4)];
    const one = { n: 1, h: 2, w: 2, c: 1, oh: 1, ow: 1, kh: 2, kw: 2, sh: 2, sw: 2, ph: 0, pw: 0 };
    bench.run(kernels.maxPool, { x: bench.put(pad([1, Number.NaN, 5, 2], 1)), y, indices, ...one });
    expect(bench.read(y, 1)[0]).toBeNaN();
  });
});
