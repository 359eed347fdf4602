import { describe, expect, it } from "vitest";
import { expectClose, machines, pad, seeded, unpad, values } from "../../../testing/rows.ts";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded, type WasmKernel } from "../kernel.ts";
import { addNumber, bceWithLogits, crossEntropy, focal, mse } from "./loss.ts";

/** Central differences of a float64 function. */
function slopes(f: (x: Float64Array) => number, x: Float32Array): Float64Array {
  const h = 1e-5;
  return Float64Array.from(x, (_, i) => {
    const [high, low] = [Float64Array.from(x), Float64Array.from(x)];
    high[i]! += h;
    low[i]! -= h;
    return (f(high) - f(low)) / (2 * h);
  });
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe.each(machines)("losses, $build, $threads threads", (machine) => {
  /** Runs a loss and compares it and its gradient, scaled by a quarter, with the oracle. */
  function check(
    kernel: WasmKernel,
    x: Float32Array,
    f: number,
    args: (put: (v: Float32Array) => number, put32: (v: Float32Array) => number) => Record<string, number>,
    oracle: (x: Float64Array) => number,
  ): void {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const length = (x.length / f) * padded(f);
    const [loss, gradient] = [bench.space(1), bench.space(length)];
    const all = {
      ...args(
        (v) => bench.put(pad(v, f)),
        (v) => bench.put(v),
      ),
      [kernel === mse ? "x" : "logits"]: bench.put(pad(x, f)),
      loss,
      [kernel === mse ? "dx" : "dLogits"]: gradient,
      lossScale: bench.put(Float32Array.of(0.25)),
    };
    bench.run(kernel, all);
    const wanted = oracle(Float64Array.from(x));
    expect(Math.abs(bench.read(loss, 1)[0]! - wanted)).toBeLessThanOrEqual(2e-7 * Math.abs(wanted));
    const four = slopes(oracle, x).map((v) => v / 4);
    const peak = Math.max(...four.map(Math.abs));
    const got = unpad(bench.read(gradient, length), f);
    expectClose(
      got.map((v) => v / peak),
      four.map((v) => v / peak),
      1e-6,
    );
  }

  const shapes = [
    { n: 1, f: 1 },
    { n: 5, f: 3 },
    { n: 4, f: 9 },
  ];

  it("BCE with logits and a weight of each, and 0 where nothing weighs", () => {
    const random = seeded(5);
    for (const { n, f } of shapes) {
      const x = values(random, n * f, -6, 6);
      const t = values(random, n * f, 0, 1);
      const some = values(random, n * f, 0, 2).map((v, i) => (i % 3 === 1 ? 0 : v));
      const args = (weight: Float32Array) => (put: (v: Float32Array) => number) => {
        return { targets: put(t), posWeight: 0, weight: put(weight), n, f };
      };
      check(bceWithLogits, x, f, args(some), (logits) => {
        const sum = some.reduce((a, b) => a + b, 0);
        const terms = logits.map((v, i) => {
          return -(t[i]! * Math.log(sigmoid(v)) + (1 - t[i]!) * Math.log(sigmoid(-v)));
        });
        return terms.reduce((total, term, i) => total + (some[i]! / sum) * term, 0);
      });
      const bench = kernelBench({ ...machine, megabytes: 1 });
      const length = n * padded(f);
      const [loss, dLogits] = [bench.put(Float32Array.of(7)), bench.put(new Float32Array(length).fill(7))];
      const nothing = args(new Float32Array(n * f))((v) => bench.put(pad(v, f)));
      bench.run(bceWithLogits, { ...nothing, logits: bench.put(pad(x, f)), loss, dLogits, lossScale: 0 });
      expect(bench.read(loss, 1)[0]).toBe(0);
      expect(bench.read(dLogits, length).every((v) => v === 0)).toBe(true);
    }
  });

  it("adds a number times a factor", () => {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [x, out] = [bench.put(Float32Array.of(3)), bench.put(Float32Array.of(5, 9))];
    bench.run(addNumber, { x, out, factor: 0.5, accumulate: 1 });
    expect([...bench.read(out, 2)]).toEqual([6.5, 9]);
    bench.run(addNumber, { x, out, factor: -2, accumulate: 0 });
    expect([...bench.read(out, 2)]).toEqual([-6, 9]);
  });

  it("BCE with logits, with and without weights of positives", () => {
    const random = seeded(1);
    for (const { n, f } of shapes) {
      const x = values(random, n * f, -6, 6);
      const t = values(random, n * f, 0, 1).map((v, i) => (i % 2 ? Math.round(v) : v));
      const posWeight = values(random, f, 0.5, 3);
      for (const weighted of [false, true]) {
        check(
          bceWithLogits,
          x,
          f,
          (put, raw) => ({ targets: put(t), posWeight: weighted ? raw(posWeight) : 0, weight: 0, n, f }),
          (logits) =>
            logits.reduce((sum, v, i) => {
              const w = weighted ? posWeight[i % f]! : 1;
              return sum - (w * t[i]! * Math.log(sigmoid(v)) + (1 - t[i]!) * Math.log(sigmoid(-v))) / (n * f);
            }, 0),
        );
      }
    }
  });

  it("BCE stays finite and right far out", () => {
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [loss, dLogits] = [bench.space(1), bench.space(4)];
    const x = Float32Array.of(1000, -1000, -1000, 800);
    const targets = bench.put(Float32Array.of(1, 0, 1, 0));
    bench.run(bceWithLogits, { logits: bench.put(x), targets, loss, dLogits, n: 1, f: 4 });
    expect(bench.read(loss, 1)[0]).toBe(450);
    expect([...bench.read(dLogits, 4)]).toEqual([0, 0, -0.25, 0.25]);
  });

  it("focal", () => {
    const random = seeded(2);
    for (const { n, f } of shapes) {
      const x = values(random, n * f, -4, 4);
      const t = values(random, n * f, 0, 1).map((v, i) => (i % 3 ? Math.round(v) : v));
      for (const [gamma, alpha] of [
        [2, 0.25],
        [0, -1],
        [1.5, -1],
        [0.5, 0.75],
      ] as const) {
        check(
          focal,
          x,
          f,
          (put) => ({ targets: put(t), n, f, gamma, alpha }),
          (logits) =>
            logits.reduce((sum, v, i) => {
              const p = sigmoid(v);
              const entropy = -(t[i]! * Math.log(p) + (1 - t[i]!) * Math.log(1 - p));
              const right = p * t[i]! + (1 - p) * (1 - t[i]!);
              const weight = alpha < 0 ? 1 : alpha * t[i]! + (1 - alpha) * (1 - t[i]!);
              return sum + (weight * entropy * (1 - right) ** gamma) / (n * f);
            }, 0),
        );
      }
    }
  });

  it("cross-entropy, plain and smoothed", () => {
    const random = seeded(3);
    for (const { n, f } of [
      { n: 1, f: 2 },
      { n: 5, f: 3 },
      { n: 4, f: 9 },
    ]) {
      const x = values(random, n * f, -4, 4);
      const t = values(random, n, 0, f).map(Math.floor);
      for (const [smoothing, targetStride] of [
        [0, 0],
        [0.125, 4],
      ] as const) {
        const spaced = new Float32Array(n * (targetStride || 1));
        t.forEach((v, i) => {
          spaced[i * (targetStride || 1)] = v;
        });
        check(
          crossEntropy,
          x,
          f,
          (_, raw) => ({ targets: raw(spaced), n, f, smoothing, targetStride }),
          (logits) => {
            let sum = 0;
            for (let row = 0; row < n; row++) {
              const part = logits.subarray(row * f, (row + 1) * f);
              const all = part.reduce((s, v) => s + Math.exp(v), 0);
              part.forEach((v, i) => {
                const q = (i === t[row] ? 1 - smoothing : 0) + smoothing / f;
                sum -= (q * Math.log(Math.exp(v) / all)) / n;
              });
            }
            return sum;
          },
        );
      }
    }
    const bench = kernelBench({ ...machine, megabytes: 1 });
    const [loss, dLogits] = [bench.space(1), bench.space(4)];
    const logits = bench.put(Float32Array.of(1, 2, 3, 0));
    bench.run(crossEntropy, { logits, targets: bench.put(Float32Array.of(7)), loss, dLogits, n: 1, f: 3 });
    expect(bench.read(loss, 1)[0]).toBeNaN();
  });

  it("mean squared error", () => {
    const random = seeded(4);
    for (const { n, pixels, c } of [
      { n: 1, pixels: 1, c: 1 },
      { n: 2, pixels: 7, c: 5 },
    ]) {
      const [x, t] = [values(random, n * pixels * c), values(random, n * pixels * c)];
      check(
        mse,
        x,
        c,
        (put) => ({ targets: put(t), n, pixels, c }),
        (v) => v.reduce((sum, value, i) => sum + (value - t[i]!) ** 2 / v.length, 0),
      );
    }
  });
});
