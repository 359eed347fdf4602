/** exp and sigmoid of kernels/nn/simd.ts against Math.exp. */

import { describe, expect, it } from "vitest";
import { kernelBench } from "../../../testing/run-kernel.ts";

function evaluate(build: string, x: Float32Array): { exp: Float32Array; sigmoid: Float32Array } {
  const bench = kernelBench({ build });
  const [at, expAt, sigmoidAt] = [bench.put(x), bench.space(x.length), bench.space(x.length)];
  bench.exports.probeExp!(at, expAt, sigmoidAt, x.length);
  return { exp: bench.read(expAt, x.length), sigmoid: bench.read(sigmoidAt, x.length) };
}

describe.each(["nn", "nn-plain"])("exp and sigmoid, build %s", (build) => {
  it("stay within a millionth of the value", () => {
    const count = 400_000;
    const x = Float32Array.from({ length: count }, (_, i) => ((i + 0.5) / count - 0.5) * 172);
    const got = evaluate(build, x);
    let worstExp = 0;
    let worstSigmoid = 0;
    x.forEach((value, i) => {
      const e = Math.exp(value);
      const s = 1 / (1 + Math.exp(-value));
      worstExp = Math.max(worstExp, Math.abs(got.exp[i]! - e) / e);
      worstSigmoid = Math.max(worstSigmoid, Math.abs(got.sigmoid[i]! - s) / s);
    });
    expect(worstExp).toBeLessThan(1e-6);
    expect(worstSigmoid).toBeLessThan(1e-6);
  });

  it("are exact at 0, bounded past the ends, and keep NaN", () => {
    const { exp, sigmoid } = evaluate(
      build,
      Float32Array.of(0, -0, Number.NaN, 1000, -1000, Infinity, -Infinity, 1),
    );
    expect([...exp.subarray(0, 2), ...sigmoid.subarray(0, 2)]).toEqual([1, 1, 0.5, 0.5]);
    expect([exp[2], sigmoid[2]]).toEqual([Number.NaN, Number.NaN]);
    expect([sigmoid[3], sigmoid[5]]).toEqual([1, 1]);
    for (const i of [4, 6]) {
      expect(sigmoid[i]).toBeGreaterThanOrEqual(0);
      expect(sigmoid[i]).toBeLessThan(2e-38);
      expect(exp[i]).toBeLessThan(2e-38);
    }
    for (const i of [3, 5]) expect(Number.isFinite(exp[i])).toBe(true);
  });
});
