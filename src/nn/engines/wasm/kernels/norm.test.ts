import { describe, expect, it } from "vitest";
import {
  actGradient,
  act as activation,
  expectClose,
  machines,
  pad,
  seeded,
  unpad,
  values,
  viewValues,
} from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import {
  gateSums,
  moments,
  normBackward,
  normBackwardGated,
  normBackwardReduced,
  normForward,
  normInference,
  runningStats,
} from "./norm.ts";

const shapes = [
  { n: 2, pixels: 3, c: 1 },
  { n: 1, pixels: 217, c: 5 },
  { n: 3, pixels: 35, c: 8 },
  { n: 5, pixels: 1, c: 13 },
  { n: 7, pixels: 101, c: 18 },
];

function momentsOf(v: ArrayLike<number>, c: number) {
  const rows = v.length / c;
  const mean = new Float64Array(c);
  const variance = new Float64Array(c);
  for (let i = 0; i < v.length; i++) mean[i % c]! += v[i]! / rows;
  for (let i = 0; i < v.length; i++) variance[i % c]! += (v[i]! - mean[i % c]!) ** 2 / rows;
  return { mean, variance };
}

describe.each(machines)("batch norm's kernels, $build, $threads threads", (machine) => {
  it("take moments of a view", () => {
    const random = seeded(1);
    for (const { n, pixels, c } of shapes) {
      for (const act of [0, 1, 2, 3]) {
        const bench = kernelBench({ ...machine, megabytes: 2 });
        const cp = padded(c);
        const x = values(random, n * pixels * c);
        const full = act > 0;
        const scale = full ? values(random, c) : undefined;
        const shift = full ? values(random, c) : undefined;
        const gate = act > 1 ? values(random, n * c, 0, 1) : undefined;
        const out = bench.space(2 * cp);
        bench.run(moments, {
          x: bench.put(pad(x, c)),
          xScale: scale ? bench.put(pad(scale, c)) : 0,
          xShift: shift ? bench.put(pad(shift, c)) : 0,
          xGate: gate ? bench.put(pad(gate, c)) : 0,
          xAct: act,
          moments: out,
          n,
          pixels,
          c,
        });
        const wanted = momentsOf(viewValues(x, c, pixels, { scale, shift, gate, act }), c);
        const got = unpad(bench.read(out, 2 * cp), c);
        expectClose(got.subarray(0, c), wanted.mean, 1e-6);
        expectClose(got.subarray(c), wanted.variance, 1e-5);
      }
    }
  });

  it("keep a small variance about a large mean", () => {
    const bench = kernelBench({ ...machine, megabytes: 2 });
    const random = seeded(2);
    const x = Float32Array.from({ length: 4 * 5000 }, () => 1000 + random());
    const out = bench.space(8);
    bench.run(moments, { x: bench.put(x), moments: out, n: 5, pixels: 1000, c: 4 });
    const { variance } = momentsOf(x, 4);
    const got = bench.read(out, 8).subarray(4);
    for (let i = 0; i < 4; i++) expect(Math.abs(got[i]! / variance[i]! - 1)).toBeLessThan(1e-5);
  });

  it("turn moments into scale and shift, and follow the running statistics", () => {
    const random = seeded(3);
    for (const c of [1, 6, 12]) {
      for (const affine of [false, true]) {
        const bench = kernelBench({ ...machine, megabytes: 2 });
        const cp = padded(c);
        const mean = values(random, c);
        const variance = values(random, c, 0.1, 3);
        const gamma = values(random, c);
        const beta = values(random, c);
        const runningMean = values(random, c);
        const runningVar = values(random, c, 0.1, 2);
        const both = new Float32Array(2 * cp);
        both.set(mean);
        both.set(variance, cp);
        const at = bench.put(both);
        const [scale, shift, rstd, scale2, shift2] = Array.from({ length: 5 }, () => bench.space(cp));
        const parameters: Record<string, number> = affine
          ? { gamma: bench.put(gamma), beta: bench.put(beta) }
          : {};
        bench.run(normForward, {
          ...parameters,
          moments: at,
          scale: scale!,
          shift: shift!,
          rstd: rstd!,
          c,
          eps: 1e-3,
        });
        const r = variance.map((v) => 1 / Math.sqrt(v + 1e-3));
        const s = r.map((v, i) => v * (affine ? gamma[i]! : 1));
        expectClose(unpad(bench.read(rstd!, cp), c), r, 1e-6);
        expectClose(unpad(bench.read(scale!, cp), c), s, 1e-6);
        const offset = (m: Float32Array, k: Float32Array) =>
          k.map((v, i) => (affine ? beta[i]! : 0) - m[i]! * v);
        expectClose(unpad(bench.read(shift!, cp), c), offset(mean, s), 1e-6);

        const statistics = { runningMean: bench.put(runningMean), runningVar: bench.put(runningVar) };
        bench.run(runningStats, { ...statistics, moments: at, c, count: 10, momentum: 0.1 });
        const newMean = runningMean.map((v, i) => 0.9 * v + 0.1 * mean[i]!);
        const newVar = runningVar.map((v, i) => 0.9 * v + (0.1 * variance[i]! * 10) / 9);
        expectClose(bench.read(statistics.runningMean, c), newMean, 1e-6);
        expectClose(bench.read(statistics.runningVar, c), newVar, 1e-6);

        bench.run(normInference, {
          ...parameters,
          mean: statistics.runningMean,
          variance: statistics.runningVar,
          scale: scale2!,
          shift: shift2!,
          c,
          eps: 1e-3,
        });
        const k = newVar.map((v, i) => (affine ? gamma[i]! : 1) / Math.sqrt(v + 1e-3));
        expectClose(unpad(bench.read(scale2!, cp), c), k, 1e-6);
        expectClose(unpad(bench.read(shift2!, cp), c), offset(newMean, k), 1e-6);
      }
    }
  });

  it("give the gradient through a batch norm, whole, through squeeze-excite's sums, and from its two sums", () => {
    const random = seeded(4);
    for (const { n, pixels, c } of shapes) {
      for (const act of [0, 1, 2, 3]) {
        for (const gated of [false, true]) {
          const bench = kernelBench({ ...machine, megabytes: 2 });
          const cp = padded(c);
          const rows = n * pixels;
          const y = values(random, rows * c);
          const g = values(random, rows * c);
          const gamma = values(random, c, 0.5, 1.5);
          const beta = values(random, c, -0.5, 0.5);
          const gate = gated ? values(random, n * c, 0, 1) : undefined;
          const spread = gated ? values(random, n * c) : undefined;
          const { mean, variance } = momentsOf(y, c);
          const rstd = Float32Array.from(variance, (v) => 1 / Math.sqrt(v + 1e-3));
          const scale = rstd.map((v, i) => v * gamma[i]!);
          const shift = scale.map((v, i) => beta[i]! - mean[i]! * v);
          const both = new Float32Array(2 * cp);
          both.set(mean);
          both.set(variance, cp);

          const dz = new Float64Array(rows * c);
          const sums = { dz: new Float64Array(c), product: new Float64Array(c) };
          const xhat = (i: number) => (y[i]! - mean[i % c]!) * rstd[i % c]!;
          const images = Array.from({ length: 5 }, () => new Float64Array(n * c));
          for (let i = 0; i < dz.length; i++) {
            const lane = i % c;
            const image = Math.floor(i / c / pixels);
            const z = scale[lane]! * y[i]! + shift[lane]!;
            const slope = actGradient(act, z);
            dz[i] = (g[i]! * (gate?.[image * c + lane] ?? 1) + (spread?.[image * c + lane] ?? 0)) * slope;
            sums.dz[lane]! += dz[i]!;
            sums.product[lane]! += dz[i]! * xhat(i);
            const parts = [
              g[i]! * activation(act, z),
              g[i]! * slope,
              slope,
              g[i]! * slope * xhat(i),
              slope * xhat(i),
            ];
            for (const [k, part] of parts.entries()) images[k]![image * c + lane]! += part;
          }
          const wanted = dz.map(
            (d, i) => scale[i % c]! * (d - sums.dz[i % c]! / rows - (xhat(i) * sums.product[i % c]!) / rows),
          );

          const put = (v: Float32Array | undefined) => (v ? bench.put(pad(v, c)) : 0);
          const common = { moments: bench.put(both), rstd: put(rstd), scale: put(scale), n, pixels, c };
          const outputs = () => ({
            dGamma: bench.put(new Float32Array(c).fill(3)),
            dBeta: bench.put(new Float32Array(c).fill(-2)),
            coefA: bench.space(cp),
            coefB: bench.space(cp),
            coefC: bench.space(cp),
          });
          const check = (out: ReturnType<typeof outputs>) => {
            const [A, B, C] = [out.coefA, out.coefB, out.coefC].map((at) => unpad(bench.read(at, cp), c));
            expectClose(
              dz.map((d, i) => A![i % c]! * d + B![i % c]! * y[i]! + C![i % c]!),
              wanted,
              1e-5,
            );
            expectClose(
              bench.read(out.dGamma, c),
              sums.product.map((v) => v + 3),
              1e-5,
            );
            expectClose(
              bench.read(out.dBeta, c),
              sums.dz.map((v) => v - 2),
              1e-5,
            );
          };

          const whole = outputs();
          const tensors = { g: put(g), shift: put(shift) };
          const yAt = put(y);
          const gates = { gate: put(gate), spread: put(spread) };
          bench.run(normBackward, {
            ...common,
            ...tensors,
            ...gates,
            ...whole,
            y: yAt,
            act,
            gamma: bench.put(gamma),
          });
          check(whole);

          const reduced = outputs();
          const toMean = sums.product.map((v, i) => v / rstd[i]!);
          const two = bench.put(
            Float32Array.from([sums.dz, toMean].flatMap((v) => [...pad(Float32Array.from(v), c)])),
          );
          bench.run(normBackwardReduced, { ...common, ...reduced, sums: two });
          check(reduced);

          const sumsAt = bench.space(5 * n * cp);
          bench.run(gateSums, {
            ...common,
            g: tensors.g,
            x: yAt,
            xScale: common.scale,
            xShift: tensors.shift,
            xAct: act,
            sums: sumsAt,
          });
          for (let k = 0; k < 5; k++)
            expectClose(unpad(bench.read(sumsAt + 4 * k * n * cp, n * cp), c), images[k]!, 1e-5);
          const later = outputs();
          bench.run(normBackwardGated, { ...common, ...gates, ...later, sums: sumsAt });
          check(later);
        }
      }
    }
  });
});
