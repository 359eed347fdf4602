import { describe, expect, it } from "vitest";
import { columnCurves, drawCurve, rowCurves } from "./background-curves.ts";
import { drawPatches } from "./background-patches.ts";
import { type BackgroundRecipe, drawBackground, renderPanel } from "./backgrounds.ts";
import { defaultCadenceRecipe } from "./cadence-recipe.ts";
import { drawNoiseLevel } from "./noise-levels.ts";
import { randomStream, streamKey } from "./random.ts";

const stream = (i: number) => randomStream(streamKey(31, i));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const size = { panels: 3, rows: 120, channels: 96 };
const recipe: BackgroundRecipe = {
  ...defaultCadenceRecipe.background,
  noise: { ...defaultCadenceRecipe.background.noise, correlated: 0 },
  bare: 0,
  weak: 0,
  patches: { ...defaultCadenceRecipe.background.patches, chance: 0 },
};
const none = <Key extends string>(kinds: Readonly<Record<Key, number>>) =>
  Object.fromEntries(Object.keys(kinds).map((key) => [key, 0])) as Record<Key, number>;

function render(
  from: Partial<BackgroundRecipe>,
  seed: number,
  panel = 0,
  signal?: Float32Array,
): Float32Array {
  const background = drawBackground(stream(seed), { ...recipe, ...from }, size);
  const into = signal?.slice() ?? new Float32Array(size.rows * size.channels);
  renderPanel(into, background, panel, streamKey(1, seed, panel));
  return into;
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
function variance(values: ArrayLike<number>): number {
  const middle = mean(values);
  return Array.from(values).reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length;
}

/** Of a panel's variance, that of the means of its columns and of its rows (less what noise gives them). */
function structureShare(panel: Float32Array): number {
  const { rows, channels } = size;
  const columns = range(channels).map((f) => mean(range(rows).map((t) => panel[t * channels + f]!)));
  const lines = range(rows).map((t) => mean(panel.subarray(t * channels, (t + 1) * channels)));
  return (variance(columns) + variance(lines)) / variance(panel);
}

describe.each([
  ["columns", columnCurves],
  ["rows", rowCurves],
] as const)("curves of %s", (_, curves) => {
  it.each(Object.keys(curves))("%s has finite points and isn't always the same", (kind) => {
    const draw = curves[kind as keyof typeof curves] as (typeof columnCurves)["red"];
    const drawn = range(10).map((i) => draw(stream(i), 200));
    for (const curve of drawn) expect(curve.every(Number.isFinite)).toBe(true);
    expect(drawn.filter((curve) => variance(curve) > 0).length).toBeGreaterThan(7);
    expect(
      new Set(drawn.map((curve) => curve[100])).size + new Set(drawn.map((curve) => mean(curve))).size,
    ).toBeGreaterThan(8);
  });
});

describe("a curve of several kinds", () => {
  it("has mean 0 and deviation 1, and is absent where nothing is drawn", () => {
    for (const i of range(20)) {
      const curve = drawCurve(
        stream(i),
        columnCurves,
        { ...none(columnCurves as never), ripple: 1, step: 0.5 } as never,
        128,
      )!;
      expect(mean(curve)).toBeCloseTo(0, 9);
      expect(variance(curve)).toBeCloseTo(1, 9);
    }
    expect(drawCurve(stream(0), rowCurves, none(recipe.rows), 50)).toBeUndefined();
  });
});

describe("backgrounds", () => {
  it("carry the share of the variance that is asked in columns and rows", () => {
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      const shares = range(12).map((seed) =>
        structureShare(
          render({ structure: [share, share], partOfBand: 0, gain: { none: 1, full: 0, part: 0 } }, seed),
        ),
      );
      // Rows differ in strength from panel to panel, so single panels do.
      const middle = shares.sort((a, b) => a - b)[6]!;
      expect(Math.abs(middle - share)).toBeLessThan(0.12);
    }
  });

  it("are noise alone where they are bare: of mean 0 and deviation 1, in every panel another", () => {
    const panel = render({ bare: 1 }, 3);
    expect(mean(panel)).toBeCloseTo(0, 1);
    expect(variance(panel)).toBeCloseTo(1, 1);
    expect(structureShare(panel)).toBeLessThan(0.04);
    expect(render({ bare: 1 }, 3, 1)).not.toEqual(panel);
  });

  it("leave the noise's deviation 1, typically, whether it follows the gain or not", () => {
    for (const gain of ["none", "full"] as const) {
      const weights = { none: 0, full: 0, part: 0, [gain]: 1 };
      const structure = { columns: { ...none(recipe.columns), ripple: 1 }, rows: none(recipe.rows) };
      const panel = render({ ...structure, gain: weights, structure: [0.8, 0.8], panelChange: [0, 0] }, 5);
      const deviations = range(size.channels).map((f) =>
        Math.sqrt(variance(range(size.rows).map((t) => panel[t * size.channels + f]!))),
      );
      expect(Math.sqrt(mean(deviations.map((one) => one * one)))).toBeCloseTo(1, 1);
      const spread = Math.max(...deviations) / Math.min(...deviations);
      if (gain === "none") expect(spread).toBeLessThan(1.7);
      else expect(spread).toBeGreaterThan(1.7);
    }
  });

  it("add signals on the scale of the noise, and noise of their own where that is asked", () => {
    const signal = new Float32Array(size.rows * size.channels);
    for (let t = 0; t < size.rows; t++) signal[t * size.channels + 40] = 50;
    const noise = {
      kind: { "chi-squared": 1, gaussian: 0, measured: 0 },
      dof: [8, 8] as const,
      correlated: 0,
      correlation: [0, 0] as const,
    };
    for (const selfNoise of [0, 1]) {
      const without = render({ bare: 1, noise, selfNoise }, 7);
      const having = render({ bare: 1, noise, selfNoise }, 7, 0, signal);
      const difference = having.map((value, i) => value - without[i]!);
      const column = range(size.rows).map((t) => difference[t * size.channels + 40]!);
      expect(mean(column)).toBeCloseTo(50, -0.9);
      expect(difference.filter((value) => value !== 0).length).toBe(size.rows);
      const total = variance(range(size.rows).map((t) => having[t * size.channels + 40]!));
      // Added to a mean of 2 deviations (8 degrees of freedom), power 50 makes the variance 1 + 2 * 50 / 2.
      if (selfNoise === 0) expect(total).toBeLessThan(2);
      else expect(total / 51).toBeGreaterThan(0.6);
      if (selfNoise === 1) expect(total / 51).toBeLessThan(1.6);
    }
  });

  it("change smoothly alone from panel to panel, and not at all where that is asked", () => {
    const columnMeans = (panel: Float32Array) =>
      range(size.channels).map((f) => mean(range(size.rows).map((t) => panel[t * size.channels + f]!)));
    const only = {
      columns: { ...none(recipe.columns), spikes: 1 },
      rows: none(recipe.rows),
      structure: [0.9, 0.9] as const,
    };
    for (const panelChange of [
      [0, 0],
      [0.7, 0.7],
    ] as const) {
      const [first, second] = [0, 1].map((panel) =>
        columnMeans(render({ ...only, panelChange, gain: { none: 1, full: 0, part: 0 } }, 9, panel)),
      );
      const peak = (means: number[]) => means.indexOf(Math.max(...means));
      expect(peak(first!)).toBe(peak(second!));
    }
  });

  it("give pixels a part of their neighbours' noise where that is asked, and leave its deviation", () => {
    const noise = {
      ...recipe.noise,
      kind: { "chi-squared": 0, gaussian: 1, measured: 0 },
      correlation: [0.5, 0.5] as const,
    };
    const { rows, channels } = size;
    const lagged = (panel: Float32Array, step: number) => {
      const products = range(rows * channels - step).map((i) => panel[i]! * panel[i + step]!);
      return mean(products);
    };
    const found = range(30).map((seed) => {
      const panel = render({ bare: 1, noise: { ...noise, correlated: 1 } }, seed);
      expect(variance(panel)).toBeCloseTo(1, 1);
      return [lagged(panel, 1) > 0.2, lagged(panel, channels) > 0.2].join();
    });
    expect(new Set(found)).toEqual(new Set(["true,false", "false,true", "true,true"]));
    // 0.5 of a neighbour beside 1 of its own: 0.5 / (1 + 0.25).
    const both = render({ bare: 1, noise: { ...noise, correlated: 1 } }, found.indexOf("true,true"));
    expect(lagged(both, 1)).toBeCloseTo(0.4, 1);
    expect(lagged(both, channels)).toBeCloseTo(0.4, 1);
    const plain = render({ bare: 1, noise: { ...noise, correlated: 0 } }, 3);
    expect(lagged(plain, 1)).toBeCloseTo(0, 1);
  });

  it("take all kinds of noise", () => {
    const dofs = new Set(range(60).map((i) => drawBackground(stream(i), recipe, size).noise.dof));
    expect(dofs.has(Infinity)).toBe(true);
    expect(dofs.has(7)).toBe(true);
    expect(dofs.size).toBeGreaterThan(9);
  });
});

describe("patches", () => {
  it.each(["blob", "block", "wave"] as const)(
    "%s: as high as the recipe says, within the cadence",
    (kind) => {
      const weights = { blob: 0, block: 0, wave: 0, [kind]: 1 };
      for (const i of range(10)) {
        const patches = drawPatches(
          stream(i),
          {
            ...recipe.patches,
            chance: 1,
            count: [1, 1],
            height: [3, 3],
            rows: [40, 40],
            channels: [30, 30],
            kind: weights,
          },
          size,
        );
        expect(patches).toHaveLength(kind === "wave" ? 2 : 1);
        let highest = 0;
        for (let t = 0; t < 360; t++) {
          for (let f = 0; f < 96; f++) {
            const height = patches.reduce(
              (sum, { rowStart, rows, columns }) => sum + (rows[t - rowStart] ?? 0) * columns[f]!,
              0,
            );
            highest = Math.max(highest, Math.abs(height));
          }
        }
        expect(highest).toBeLessThanOrEqual(3 + 1e-9);
        expect(highest).toBeGreaterThan(kind === "wave" ? 1.4 : 2.6);
      }
    },
  );

  it("are absent where chance has none", () => {
    expect(drawPatches(stream(1), { ...recipe.patches, chance: 0 }, size)).toEqual([]);
  });
});

it("draws levels as Green Bank recorded them", () => {
  const levels = range(300).map((i) => drawNoiseLevel(stream(i)));
  for (const { mean: level, sigma, dof } of levels) {
    expect(level).toBeGreaterThanOrEqual(206_947);
    expect(level).toBeLessThanOrEqual(1_078_288);
    expect(dof).toBeCloseTo(2 * (level / sigma) ** 2, 6);
    expect(dof).toBeGreaterThan(6.2);
    expect(dof).toBeLessThan(7.9);
  }
  const sorted = levels.map(({ mean: level }) => level).sort((a, b) => a - b);
  expect(sorted[150]! / 447_773).toBeCloseTo(1, 1);
});
