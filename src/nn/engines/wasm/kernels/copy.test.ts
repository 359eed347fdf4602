import { describe, expect, it } from "vitest";
import { machines, pad, seeded, unpad, values } from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import { concatPart, nchwToNhwc, nhwcToNchw, reshape } from "./copy.ts";

/** [n][c][pixels] to rows of c values. */
function rowsOf(nchw: Float32Array, c: number, pixels: number): Float32Array {
  const out = new Float32Array(nchw.length);
  nchw.forEach((v, i) => {
    const [image, lane, pixel] = [Math.floor(i / (c * pixels)), Math.floor(i / pixels) % c, i % pixels];
    out[(image * pixels + pixel) * c + lane] = v;
  });
  return out;
}

describe.each(machines)("copies, $build, $threads threads", (machine) => {
  it("concatenate channels from any offset and take the gradient back", () => {
    const random = seeded(1);
    for (const parts of [
      [1, 2],
      [5, 8, 3],
      [4, 4],
      [7, 1, 1, 6],
    ]) {
      const [n, pixels] = [2, 9];
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const total = parts.reduce((a, b) => a + b);
      const dst = bench.space(n * pixels * padded(total));
      const tensors = parts.map((c) => values(random, n * pixels * c));
      const wanted = new Float32Array(n * pixels * total);
      let first = 0;
      parts.forEach((c, k) => {
        const src = bench.put(pad(tensors[k]!, c));
        bench.run(concatPart, { src, dst, srcC: c, dstC: total, dstAt: first, channels: c, n, pixels });
        tensors[k]!.forEach((v, i) => {
          wanted[Math.floor(i / c) * total + first + (i % c)] = v;
        });
        first += c;
      });
      expect(unpad(bench.read(dst, n * pixels * padded(total)), total)).toEqual(wanted);
      first = 0;
      parts.forEach((c, k) => {
        const length = n * pixels * padded(c);
        const back = bench.space(length);
        const args = { src: dst, dst: back, srcC: total, dstC: c, srcAt: first, channels: c, n, pixels };
        bench.run(concatPart, args);
        expect(unpad(bench.read(back, length), c)).toEqual(tensors[k]);
        bench.run(concatPart, { ...args, accumulate: 1 });
        expect(unpad(bench.read(back, length), c)).toEqual(tensors[k]!.map((v) => 2 * v));
        first += c;
      });
    }
  });

  it("reshape as PyTorch does, through its logical order", () => {
    const random = seeded(2);
    const cases = [
      { from: [2, 3, 10], to: [2, 30, 1] },
      { from: [2, 30, 1], to: [2, 3, 10] },
      { from: [1, 5, 12], to: [3, 4, 5] },
      { from: [4, 7, 3], to: [7, 1, 12] },
    ];
    for (const { from, to } of cases) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const [n, c, pixels] = from as [number, number, number];
      const [dstN, dstC, dstPixels] = to as [number, number, number];
      const x = values(random, n * c * pixels);
      const length = dstN * dstPixels * padded(dstC);
      const args = {
        src: bench.put(pad(rowsOf(x, c, pixels), c)),
        dst: bench.space(length),
        srcC: c,
        srcPixels: pixels,
        dstN,
        dstC,
        dstPixels,
      };
      bench.run(reshape, args);
      expect(unpad(bench.read(args.dst, length), dstC)).toEqual(rowsOf(x, dstC, dstPixels));
      bench.run(reshape, { ...args, accumulate: 1 });
      expect(unpad(bench.read(args.dst, length), dstC)).toEqual(rowsOf(x, dstC, dstPixels).map((v) => 2 * v));
    }
  });

  it("take the host's layout in and give it back", () => {
    const random = seeded(3);
    for (const [n, c, pixels] of [
      [1, 1, 1],
      [3, 6, 35],
      [2, 8, 4],
    ] as const) {
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const x = values(random, n * c * pixels);
      const length = n * pixels * padded(c);
      const [dst, back] = [bench.space(length), bench.space(x.length)];
      bench.run(nchwToNhwc, { src: bench.put(x), dst, n, c, pixels });
      expect(unpad(bench.read(dst, length), c)).toEqual(rowsOf(x, c, pixels));
      bench.run(nhwcToNchw, { src: dst, dst: back, n, c, pixels });
      expect(bench.read(back, x.length)).toEqual(x);
    }
  });
});
