import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { loadInputKernels } from "./kernels.node.ts";
import { createWhitener, WHITE_STEP } from "./whiten.ts";

const SHAPE = { panels: 6, rows: 91, channels: 128 };

interface Scene {
  readonly line?: (panel: number, row: number) => number;
  readonly height?: number;
  readonly missing?: readonly number[];
}

/** Panels as a receiver makes them: each row's offset and gain times a band, noise that grows with the band, and a line. */
function panelsOf(seed: number, { line, height = 0, missing = [] }: Scene, shape = SHAPE) {
  const { panels, rows, channels } = shape;
  const random = randomStream(streamKey(seed, 1));
  const band = Float64Array.from({ length: channels }, (_, c) => 5 + 2 * Math.sin(c / 7) + random.uniform());
  const data = new Float32Array(panels * rows * channels);
  for (let panel = 0; panel < panels; panel++) {
    const panelGain = 0.7 + 0.6 * random.uniform();
    for (let row = 0; row < rows; row++) {
      const gain = panelGain * (1 + 0.2 * Math.sin(row / 9) + 0.1 * random.normal());
      const offset = random.normal();
      const place = line?.(panel, row);
      for (let c = 0; c < channels; c++) {
        const signal = place !== undefined && Math.round(place) === c ? height : 0;
        const at = (panel * rows + row) * channels + c;
        data[at] = offset + gain * band[c]! + panelGain * 0.05 * band[c]! * (random.normal() + signal);
      }
    }
  }
  for (const at of missing) data[at] = Number.NaN;
  return { ...shape, data };
}

function whitened(cadence: ReturnType<typeof panelsOf>) {
  const { data, ...shape } = cadence;
  const into = new Float32Array(data.length);
  createWhitener(loadInputKernels(), shape)(cadence, into);
  return into;
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

function along(white: Float32Array, panels: readonly number[], line: (panel: number, row: number) => number) {
  return panels.flatMap((panel) =>
    Array.from({ length: SHAPE.rows }, (_, row) => {
      return white[(panel * SHAPE.rows + row) * SHAPE.channels + Math.round(line(panel, row))]!;
    }),
  );
}

describe("createWhitener", () => {
  it("leaves noise of deviation 1 where rows and bands multiply", () => {
    const white = whitened(panelsOf(1, {}));
    expect(Math.abs(mean([...white]))).toBeLessThan(0.02);
    expect(mean([...white].map((x) => x * x))).toBeCloseTo(1, 1);
    for (let row = 0; row < 6 * SHAPE.rows; row++) {
      const values = white.subarray(row * SHAPE.channels, (row + 1) * SHAPE.channels);
      expect(Math.abs(mean([...values]))).toBeLessThan(0.4);
    }
  });

  it("takes out the receiver exactly where there is no noise of its own in a row", () => {
    const cadence = panelsOf(2, {});
    const doubled = { ...cadence, data: cadence.data.map((x) => 3 * x + 7) };
    const white = whitened(cadence);
    const again = whitened(doubled);
    // What differs by less than a fiftieth of a deviation is rounded to another step one time in ten at most.
    const differences = [...white].map((x, i) => Math.abs(x - again[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(WHITE_STEP);
    expect(mean(differences)).toBeLessThan(0.1 * WHITE_STEP);
  });

  it("keeps a drifting line's height", () => {
    const line = (panel: number, row: number) => 20 + panel * 14 + row * 0.15;
    const white = whitened(panelsOf(3, { line, height: 3 }));
    expect(mean(along(white, [0, 1, 2, 3, 4, 5], line))).toBeGreaterThan(2.5);
    expect(mean(along(white, [0, 1, 2, 3, 4, 5], line))).toBeLessThan(3.3);
  });

  it("brings back a line that stays in its channel through the ON panels alone", () => {
    const still = () => 64;
    const onOnly = (panel: number) => (panel % 2 === 0 ? 64 : -1);
    const white = whitened(panelsOf(4, { line: onOnly, height: 3 }));
    expect(mean(along(white, [0, 2, 4], still))).toBeGreaterThan(1.8);
    expect(Math.abs(mean(along(white, [1, 3, 5], still)))).toBeLessThan(0.3);
  });

  it("gives whole steps that fit a byte, and no negative 0", () => {
    const line = (panel: number, row: number) => 20 + panel * 14 + row * 0.15;
    const white = whitened(panelsOf(3, { line, height: 300 }));
    const steps = [...white].map((x) => x / WHITE_STEP);
    expect(steps.every((step) => Number.isInteger(step) && !Object.is(step, -0))).toBe(true);
    expect(Math.max(...steps)).toBe(127);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(-127);
    expect(Float32Array.from(Int8Array.from(steps), (step) => step * WHITE_STEP)).toEqual(white);
  });

  it("may write over what it reads", () => {
    const cadence = panelsOf(9, {});
    const white = whitened(cadence);
    const { data, ...shape } = cadence;
    createWhitener(loadInputKernels(), shape)(cadence, data);
    expect(data).toEqual(white);
  });

  it("lets a line in all panels, which is the band's own, vanish", () => {
    const still = () => 64;
    const white = whitened(panelsOf(5, { line: still, height: 3 }));
    expect(Math.abs(mean(along(white, [0, 1, 2, 3, 4, 5], still)))).toBeLessThan(0.5);
  });

  it("makes missing values and dead panels 0, and nothing NaN", () => {
    const cadence = panelsOf(6, { missing: [5, 700, 70_000] });
    const size = SHAPE.rows * SHAPE.channels;
    cadence.data.fill(0, 2 * size, 3 * size);
    const white = whitened(cadence);
    expect(white.every(Number.isFinite)).toBe(true);
    expect(white.subarray(2 * size, 3 * size).every((x) => x === 0)).toBe(true);
  });

  it.each([
    { panels: 6, rows: 16, channels: 30 },
    { panels: 3, rows: 33, channels: 65 },
    { panels: 1, rows: 20, channels: 64 },
  ])("takes panels of any shape: %j", (shape) => {
    const white = whitened(panelsOf(7, {}, shape));
    expect(white.every(Number.isFinite)).toBe(true);
    const squares = mean([...white].map((x) => Math.min(x * x, 9)));
    expect(squares).toBeGreaterThan(0.6);
    // Of 16 rows a deviation is known to a fifth, and its inverse squared is too large on average.
    expect(squares).toBeLessThan(1.5);
  });
});

describe("the kernel of medians", () => {
  it("finds each column's median within a 4,096th of two deviations, of values and of magnitudes", () => {
    const kernels = loadInputKernels();
    const [rows, lanes] = [57, 24];
    const [sourceAt, outAt] = kernels.reserve([rows * lanes, lanes]) as [number, number];
    const random = randomStream(streamKey(8, 1));
    const source = Float32Array.from({ length: rows * lanes }, () => random.normal() ** 3 + 2);
    for (const magnitudes of [0, 1] as const) {
      kernels.floats().set(source, sourceAt / 4);
      kernels.run.medians(sourceAt, rows, lanes, magnitudes, outAt);
      const found = kernels.floats().slice(outAt / 4, outAt / 4 + lanes);
      for (let lane = 0; lane < lanes; lane++) {
        const column = Array.from({ length: rows }, (_, row) => source[row * lanes + lane]!);
        const values = magnitudes ? column.map(Math.abs) : column;
        const centre = mean(values);
        const deviation = Math.sqrt(mean(values.map((x) => (x - centre) ** 2)));
        const exact = values.sort((a, b) => a - b)[(rows - 1) / 2]!;
        const width = magnitudes ? 2 * centre : 2 * deviation;
        expect(Math.abs(found[lane]! - exact)).toBeLessThan((1.01 * width) / 4096);
      }
    }
  });
});
