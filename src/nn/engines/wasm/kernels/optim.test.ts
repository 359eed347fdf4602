import { describe, expect, it } from "vitest";
import { expectClose, machines, seeded, values } from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { adam, clipGrad, countNonFinite, ema, gradNorm, sgd } from "./optim.ts";

const word = (w: number) => new Float32Array(Uint32Array.of(w).buffer);

/** Floats 8 to 30 and 48 on decay, each at its own rate; a parameter that ends at 30 is padded to 32. */
const runs = [
  { start: 8, end: 30, decay: 0.1 },
  { start: 48, end: 60, decay: 0.02 },
];
const count = 92;
const decayOf = (i: number) => runs.find((r) => i >= r.start && i < r.end)?.decay ?? 0;

function encodedRuns(): Float32Array {
  const bytes = new DataView(new ArrayBuffer(12 * runs.length));
  runs.forEach(({ start, end, decay }, i) => {
    bytes.setUint32(12 * i, start, true);
    bytes.setUint32(12 * i + 4, end, true);
    bytes.setFloat32(12 * i + 8, decay, true);
  });
  return new Float32Array(bytes.buffer);
}

/** Values whose padding after float 30 is 0, as an arena has it. */
function arena(random: () => number): Float32Array {
  return values(random, count).map((v, i) => (i === 30 || i === 31 ? 0 : v));
}

describe.each(machines)("optimisers, $build, $threads threads", (machine) => {
  it("step as PyTorch's SGD", () => {
    for (const { momentum, dampening, nesterov } of [
      { momentum: 0, dampening: 0, nesterov: 0 },
      { momentum: 0.9, dampening: 0, nesterov: 1 },
      { momentum: 0.8, dampening: 0.3, nesterov: 0 },
    ]) {
      const random = seeded(1);
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const w = Float64Array.from(arena(random));
      const at = bench.put(Float32Array.from(w));
      const buffer = new Float64Array(count);
      const momentumBuffer = momentum ? bench.space(count) : 0;
      for (let step = 1; step <= 4; step++) {
        const g = arena(random);
        const lr = 0.1 / step;
        w.forEach((old, i) => {
          const d = g[i]! + decayOf(i) * old;
          buffer[i] = step === 1 ? d : momentum * buffer[i]! + (1 - dampening) * d;
          const way = nesterov ? d + momentum * buffer[i]! : buffer[i]!;
          w[i] = old - lr * (momentum ? way : d);
        });
        bench.run(sgd, {
          w: at,
          g: bench.put(g),
          momentumBuffer,
          count,
          lrAt: bench.put(Float32Array.of(lr)),
          stepAt: bench.put(word(step)),
          decayRuns: bench.put(encodedRuns()),
          decayCount: runs.length,
          nesterov,
          momentum,
          dampening,
        });
        expectClose(bench.read(at, count), w, 1e-6);
      }
    }
  });

  it("step as PyTorch's Adam and AdamW", () => {
    for (const decoupled of [0, 1]) {
      const random = seeded(2);
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const w = Float64Array.from(arena(random));
      const [m, v] = [new Float64Array(count), new Float64Array(count)];
      const at = bench.put(Float32Array.from(w));
      const state = { m: bench.put(new Float32Array(count)), v: bench.put(new Float32Array(count)) };
      const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];
      for (const step of [1, 2, 3, 4, 1000]) {
        const g = arena(random);
        const lr = 0.01;
        w.forEach((old, i) => {
          const d = g[i]! + (decoupled ? 0 : decayOf(i) * old);
          m[i] = beta1 * m[i]! + (1 - beta1) * d;
          v[i] = beta2 * v[i]! + (1 - beta2) * d * d;
          const mHat = m[i]! / (1 - beta1 ** step);
          const vHat = v[i]! / (1 - beta2 ** step);
          w[i] = old - lr * (decoupled ? decayOf(i) * old : 0) - (lr * mHat) / (Math.sqrt(vHat) + eps);
        });
        bench.run(adam, {
          ...state,
          w: at,
          g: bench.put(g),
          count,
          lrAt: bench.put(Float32Array.of(lr)),
          stepAt: bench.put(word(step)),
          decayRuns: bench.put(encodedRuns()),
          decayCount: runs.length,
          decoupled,
          beta1,
          beta2,
          eps,
        });
        expectClose(bench.read(at, count), w, 1e-6);
        expectClose(bench.read(state.v, count), v, 1e-6);
      }
    }
  });

  it("clip gradients by their norm", () => {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const g = values(seeded(3), count);
    const at = bench.put(g);
    const norm = bench.space(1);
    bench.run(gradNorm, { g: at, count, norm });
    const wanted = Math.hypot(...g);
    expect(Math.abs(bench.read(norm, 1)[0]! / wanted - 1)).toBeLessThan(1e-7);
    bench.run(clipGrad, { g: at, count, norm, maxNorm: wanted * 1.01 });
    expect(bench.read(at, count)).toEqual(g);
    bench.run(clipGrad, { g: at, count, norm, maxNorm: 0.5 });
    expectClose(
      bench.read(at, count),
      g.map((v) => (v * 0.5) / (wanted + 1e-6)),
      1e-6,
    );
  });

  it("average the weights over time, and count what is not finite", () => {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [shadow, w] = [values(seeded(4), count), values(seeded(5), count)];
    const at = bench.put(shadow);
    bench.run(ema, { shadow: at, w: bench.put(w), count, decayAt: bench.put(Float32Array.of(0.9998)) });
    expectClose(
      bench.read(at, count),
      shadow.map((v, i) => 0.9998 * v + 0.0002 * w[i]!),
      1e-7,
    );

    const out = bench.space(1);
    const found = () => new Uint32Array(bench.read(out, 1).buffer)[0];
    const x = Float32Array.from(w.subarray(0, 91), (v, i) => (i === 0 ? 3.4e38 : i === 1 ? 1e-45 : v));
    bench.run(countNonFinite, { x: bench.put(x), count: x.length, out });
    expect(found()).toBe(0);
    for (const i of [2, 33, 34, 60, 90]) x[i] = [Number.NaN, Infinity, -Infinity][i % 3]!;
    bench.run(countNonFinite, { x: bench.put(x), count: x.length, out });
    expect(found()).toBe(5);
  });
});
