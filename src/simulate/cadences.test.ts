import { describe, expect, it } from "vitest";
import { type CadenceRecipe, defaultCadenceRecipe, readCadenceRecipe } from "./cadence-recipe.ts";
import { cadenceTruth, planCadence, renderCadence, simulateCadence } from "./cadences.ts";

const small: CadenceRecipe = {
  ...defaultCadenceRecipe,
  cadence: { ...defaultCadenceRecipe.cadence, rows: 40, channels: 48 },
};
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("simulated cadences", () => {
  it("have the competition's shape, each panel at mean 0 and deviation 1", () => {
    const { panels } = simulateCadence(defaultCadenceRecipe, 1, 0, { positive: true });
    expect([panels.panels, panels.rows, panels.channels]).toEqual([6, 273, 256]);
    const size = 273 * 256;
    for (const panel of range(6)) {
      const pixels = panels.data.subarray(panel * size, (panel + 1) * size);
      const mean = pixels.reduce((sum, value) => sum + value, 0) / size;
      const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
      expect(mean).toBeCloseTo(0, 5);
      expect(variance).toBeCloseTo(1, 5);
    }
  });

  it("are finite whatever is drawn", () => {
    for (const index of range(120)) {
      const { panels } = simulateCadence(small, 2, index, { positive: index % 2 === 0 });
      expect(panels.data.every(Number.isFinite)).toBe(true);
    }
  });

  it("are the same for the same seed and index, whatever was made before", () => {
    const once = simulateCadence(small, 3, 7, { positive: true });
    simulateCadence(small, 3, 8, { positive: true });
    const into = new Float32Array(once.panels.data.length).fill(5);
    const again = renderCadence(planCadence(small, 3, 7, { positive: true }), into);
    expect(again.data).toBe(into);
    expect(again.data).toEqual(once.panels.data);
    expect(simulateCadence(small, 3, 8, { positive: true }).panels.data).not.toEqual(once.panels.data);
    expect(simulateCadence(small, 4, 7, { positive: true }).panels.data).not.toEqual(once.panels.data);
  });

  it("are positive by a needle alone: the OFF panels are those of the negative one", () => {
    for (const index of range(10)) {
      const [yes, no] = [true, false].map((positive) => simulateCadence(small, 5, index, { positive }));
      expect(yes!.truth.filter(({ kind }) => kind === "needle")).toHaveLength(1);
      expect(no!.truth.filter(({ kind }) => kind === "needle")).toHaveLength(0);
      expect(yes!.truth.slice(0, -1)).toEqual(no!.truth);
      const size = 40 * 48;
      for (const panel of range(6)) {
        const [a, b] = [yes!, no!].map(({ panels }) =>
          panels.data.subarray(panel * size, (panel + 1) * size),
        );
        if (panel % 2 === 1 || yes!.truth.at(-1)!.scanGains[panel] === 0) expect(a).toEqual(b);
        else expect(a).not.toEqual(b);
      }
    }
  });

  it("hold a needle of the S/N that the truth states, as a matched filter sees it", () => {
    const recipe = readCadenceRecipe(
      {
        cadence: { rows: 64, channels: 64 },
        background: { bare: 1, noise: { kind: { gaussian: 1 } } },
        interference: { none: 1 },
        needles: { snrDb: [34, 34] },
      },
      "test",
    );
    const measured = range(30).map((index) => {
      const plan = planCadence(recipe, 6, index, { positive: true });
      const { data } = renderCadence(plan);
      const size = 64 * 64;
      // Panels were divided by their deviation, which bright needles raise: the quiet panels' pixels give the noise.
      const needle = cadenceTruth(plan)[0]!;
      expect(needle.snr).toBeCloseTo(10 ** 1.7, 6);
      const template = renderCadence({ ...plan, emitters: [{ ...needle, snrDb: 300 }] }).data;
      let [sum, norm] = [0, 0];
      for (const panel of [0, 2, 4]) {
        const pixels = data.subarray(panel * size, (panel + 1) * size);
        const shape = template.subarray(panel * size, (panel + 1) * size);
        if (needle.scanGains[panel] === 0) continue;
        const low = Math.min(...shape);
        // Against the noise of this panel: its median deviation, as the needle fills few pixels.
        const sorted = Float64Array.from(pixels, Math.abs).sort();
        const sigma = 1.4826 * sorted[size / 2]!;
        const gain = needle.scanGains[panel]!;
        const peak = Math.max(...shape) - low;
        for (let i = 0; i < size; i++) {
          const weight = (gain * (shape[i]! - low)) / peak;
          sum += (weight * pixels[i]!) / sigma;
          norm += weight * weight;
        }
      }
      return sum / Math.sqrt(norm);
    });
    const middle = measured.sort((a, b) => a - b)[15]!;
    // The mean that was taken off each panel, and templates that are scaled by their peaks, cost some.
    expect(middle).toBeGreaterThan(0.8 * 10 ** 1.7);
    expect(middle).toBeLessThan(1.15 * 10 ** 1.7);
  });

  it("state the drift of straight paths, and the path as plain JSON", () => {
    for (const index of range(40)) {
      for (const { signal, driftHzPerS } of cadenceTruth(planCadence(small, 8, index, { positive: true }))) {
        if (signal.path.shape === "linear") expect(driftHzPerS).toBeCloseTo(signal.path.driftHzPerS, 9);
        expect(JSON.parse(JSON.stringify(signal))).toEqual(signal);
      }
    }
  });
});
