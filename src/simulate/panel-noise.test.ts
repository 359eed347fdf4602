import { describe, expect, it } from "vitest";
import { NOISE_DOF, nearestNoiseDof, noiseRow, panelNoise } from "./panel-noise.ts";
import { streamKey } from "./random.ts";
import { normalBelow } from "./special-functions.ts";

function draw(dof: number, rows: number, channels = 256): Float64Array {
  const noise = panelNoise(dof);
  const row = new Float32Array(channels);
  const all = new Float64Array(rows * channels);
  for (let r = 0; r < rows; r++) {
    noiseRow(row, noise, streamKey(5, 1), r);
    all.set(row, r * channels);
  }
  return all;
}

function moment(values: Float64Array, power: number): number {
  return values.reduce((sum, value) => sum + value ** power, 0) / values.length;
}

describe("panel noise", () => {
  it.each([2, 4, 12, 204])(
    "has the moments of a standardised chi-squared with %i degrees of freedom",
    (dof) => {
      const values = draw(dof, 4000);
      expect(moment(values, 1)).toBeCloseTo(0, 2);
      expect(moment(values, 2)).toBeCloseTo(1, 1.7);
      expect(moment(values, 3)).toBeCloseTo(Math.sqrt(8 / dof), 0.9);
      expect(Math.min(...values.subarray(0, 100_000))).toBeGreaterThanOrEqual(-Math.sqrt(dof / 2) - 1e-6);
    },
  );

  it("has the normal distribution's tails, in the table and beyond it", () => {
    const values = draw(Infinity, 16_000);
    for (const limit of [-3.5, -2.9, -2.8, -1, 0.5, 2.8, 3.5, 4]) {
      const expected = normalBelow(limit) * values.length;
      const below = values.reduce((count, value) => count + (value < limit ? 1 : 0), 0);
      expect(Math.abs(below - expected)).toBeLessThan(5 * Math.sqrt(expected * normalBelow(-limit)) + 1);
    }
    expect(Math.max(...values.subarray(0, 100_000))).toBeGreaterThan(3.8);
    // 65,536 values alone would end at 4.3.
    expect(values.reduce((most, value) => Math.max(most, value), 0)).toBeGreaterThan(4.6);
  });

  it("is uncorrelated between neighbours in either direction", () => {
    const values = draw(12, 2000);
    for (const lag of [1, 2, 3, 4, 255, 256, 257, 512]) {
      let sum = 0;
      for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
      expect(Math.abs(sum / values.length)).toBeLessThan(5 / Math.sqrt(values.length));
    }
  });

  it("depends on the key and the row, not on what was made before, for any number of channels", () => {
    const noise = panelNoise(8);
    for (const channels of [1, 3, 5, 6]) {
      const once = new Float32Array(channels);
      const again = new Float32Array(channels);
      noiseRow(once, noise, streamKey(1), 7);
      noiseRow(new Float32Array(999), noise, streamKey(2), 0);
      noiseRow(again, noise, streamKey(1), 7);
      expect(again).toEqual(once);
      noiseRow(again, noise, streamKey(1), 8);
      expect(again).not.toEqual(once);
    }
  });

  it("takes the nearest tabled number of degrees of freedom, which is near", () => {
    for (let i = 1; i < NOISE_DOF.length; i++)
      expect(NOISE_DOF[i]! / NOISE_DOF[i - 1]!).toBeLessThanOrEqual(2.6);
    expect(nearestNoiseDof(203)).toBe(204);
    expect(nearestNoiseDof(1e9)).toBe(1024);
    expect(nearestNoiseDof(Infinity)).toBe(Infinity);
  });
});
