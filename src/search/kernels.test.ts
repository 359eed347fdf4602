import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadSearchKernels } from "./kernels.node.ts";
import type { SearchKernels } from "./kernels.ts";
import { random } from "./testing/scene.ts";

const EPSILON = 2 ** -24;
const check = { seed: 20_261, numRuns: 150 };

let kernels: SearchKernels;

beforeAll(async () => {
  kernels = await loadSearchKernels();
});

/** Lays arrays out in the kernels' memory, one after another, and gives their addresses in floats. */
function place(...arrays: ArrayLike<number>[]): number[] {
  kernels.clear();
  const at = kernels.reserve(arrays.map((array) => array.length)).map((address) => address / 4);
  for (const [i, array] of arrays.entries()) kernels.floats().set(array, at[i]!);
  return at;
}

function taken(at: number, length: number): Float32Array {
  return kernels.floats().slice(at, at + length);
}

function noise(seed: number, length: number, mean = 0, deviation = 1): Float32Array {
  const { normal } = random(seed);
  return Float32Array.from({ length }, () => mean + deviation * normal());
}

const seeds = fc.integer({ min: 1, max: 1e9 });
const middleOf = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};
const meanOf = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
const varianceOf = (values: number[]) =>
  values.length > 1 ? values.reduce((sum, x) => sum + (x - meanOf(values)) ** 2, 0) / (values.length - 1) : 0;

/** Moments of one part, as the kernel's comment tells them, with plain arrays. */
function momentsOfPieces(part: number[], shortest: number): { mean: number; variance: number } {
  const length = Math.min(shortest, 4 * Math.ceil(shortest / 64));
  const pieces: number[][] = [];
  for (let i = 0; pieces.length < 16 && i + length <= shortest; i += length)
    pieces.push(part.slice(i, i + length));
  const middle = middleOf(pieces.map(meanOf));
  const reach = 6.5 * Math.sqrt(middleOf(pieces.map(varianceOf)));
  const kept = part.filter((x) => Math.abs(x - middle) <= reach);
  return kept.length === 0
    ? { mean: middle, variance: 0 }
    : { mean: meanOf(kept), variance: varianceOf(kept) };
}

function parts(row: ArrayLike<number>, blocks: number): number[][] {
  const n = row.length;
  return Array.from({ length: blocks }, (_, b) =>
    Array.from(row).slice(Math.floor((b * n) / blocks), Math.floor(((b + 1) * n) / blocks)),
  );
}

function rowMoments(row: Float32Array, blocks: number) {
  const [rowAt, meanAt, varianceAt] = place(row, new Float32Array(blocks), new Float32Array(blocks));
  kernels.run.rowMoments(rowAt! * 4, row.length, blocks, meanAt! * 4, varianceAt! * 4);
  return { means: taken(meanAt!, blocks), variances: taken(varianceAt!, blocks) };
}

describe("rowMoments", () => {
  it("gives the clipped moments of each part of a row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 1, 100, -3000),
        fc.constantFrom(1, 0.01, 50),
        seeds,
        (n, wanted, mean, deviation, seed) => {
          const blocks = Math.min(n, wanted);
          const row = noise(seed, n, mean, deviation);
          const { means, variances } = rowMoments(row, blocks);
          const shortest = Math.floor(n / blocks);
          // Pixels are float32, and sums run over differences from a pixel or a middle, of the size of the deviation.
          const rounding = 8 * EPSILON * Math.abs(mean) + 300 * EPSILON * deviation;
          parts(row, blocks).forEach((part, b) => {
            const wantedMoments = momentsOfPieces(part, shortest);
            expect(Math.abs(means[b]! - wantedMoments.mean)).toBeLessThanOrEqual(rounding);
            expect(Math.abs(variances[b]! - wantedMoments.variance)).toBeLessThanOrEqual(
              400 * EPSILON * deviation ** 2 + 8 * rounding * deviation,
            );
          });
        },
      ),
      check,
    );
  });

  it("leaves out pixels far off, however strong they are", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 300 }),
        fc.integer({ min: 0, max: 63 }),
        fc.constantFrom(40, 1e4, 1e12, -1e12, 1e18),
        seeds,
        (n, where, pixel, seed) => {
          const row = noise(seed, n, 5);
          const clean = Array.from(row);
          row[where] = pixel;
          clean.splice(where, 1);
          const { means, variances } = rowMoments(row, 1);
          expect(Math.abs(means[0]! - meanOf(clean))).toBeLessThan(1e-4);
          expect(Math.abs(variances[0]! - varianceOf(clean))).toBeLessThan(1e-3);
        },
      ),
      check,
    );
  });

  it("gives a constant part its value and variance 0", () => {
    for (const value of [0, 7, -1e-3, 3e7]) {
      for (const n of [1, 2, 3, 5, 64, 65, 257]) {
        const { means, variances } = rowMoments(new Float32Array(n).fill(value), Math.min(n, 3));
        for (const mean of means) expect(mean).toBe(Math.fround(value));
        for (const variance of variances) expect(variance).toBe(0);
      }
    }
  });

  it("is the plain mean and variance where nothing is clipped", () => {
    const row = noise(77, 256, 100, 3);
    const { mean, variance } = momentsOfPieces(Array.from(row), 256);
    expect(mean).toBeCloseTo(meanOf(Array.from(row)), 9);
    const got = rowMoments(row, 1);
    expect(got.means[0]!).toBeCloseTo(mean, 4);
    expect(got.variances[0]!).toBeCloseTo(variance, 4);
  });
});

/** The value at `place`, in blocks, of a Catmull-Rom spline through points at -2, -1, 0, ... by the points' basis functions. */
function catmullRom(points: ArrayLike<number>, place: number): number {
  const basis = (x: number): number => {
    const d = Math.abs(x);
    if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
    if (d < 2) return -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2;
    return 0;
  };
  return Array.from(points).reduce((sum, point, i) => sum + point * basis(place - (i - 2)), 0);
}

function lineBetween(points: ArrayLike<number>, place: number): number {
  return Array.from(points).reduce(
    (sum, point, i) => sum + point * Math.max(0, 1 - Math.abs(place - (i - 2))),
    0,
  );
}

function normaliseRow(
  row: Float32Array,
  blocks: number,
  baseline: Float32Array,
  gain: Float32Array,
): Float32Array {
  const guard = [11, 12, 13, 14, 15, 16, 17, 18];
  const [rowAt, baselineAt, gainAt] = place([...guard, ...row, ...guard], baseline, gain);
  kernels.run.normaliseRow((rowAt! + guard.length) * 4, row.length, blocks, baselineAt! * 4, gainAt! * 4);
  expect([...taken(rowAt!, 8)]).toEqual(guard);
  expect([...taken(rowAt! + 8 + row.length, 8)]).toEqual(guard);
  return taken(rowAt! + 8, row.length);
}

describe("normaliseRow", () => {
  it("takes a cubic baseline off and multiplies by a gain, both through the blocks' middles", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 6 }),
        seeds,
        (n, wanted, seed) => {
          const blocks = Math.min(n, wanted);
          const row = noise(seed, n, 40, 3);
          const baseline = noise(seed + 1, blocks + 4, 40, 5);
          const gain = noise(seed + 2, blocks + 4, 1, 0.1);
          const got = normaliseRow(row, blocks, baseline, gain);
          got.forEach((value, channel) => {
            const at = ((channel + 0.5) * blocks) / n - 0.5;
            const wantedValue = (row[channel]! - catmullRom(baseline, at)) * lineBetween(gain, at);
            // The place within a block is a difference of numbers up to n, so it is off by n roundings of a block's length.
            expect(Math.abs(value - wantedValue)).toBeLessThan(EPSILON * (60 * 40 + 20 * n * 20));
          });
        },
      ),
      check,
    );
  });

  it("follows a straight baseline exactly over many blocks", () => {
    const n = 30_011;
    const blocks = 117;
    const slope = (channel: number) => 100 + 0.01 * channel;
    const row = Float32Array.from({ length: n }, (_, channel) => slope(channel) + (channel % 7));
    const knot = (i: number) => slope(((i - 2 + 0.5) * n) / blocks - 0.5);
    const got = normaliseRow(
      row,
      blocks,
      Float32Array.from({ length: blocks + 4 }, (_, i) => knot(i)),
      new Float32Array(blocks + 4).fill(2),
    );
    got.forEach((value, channel) => {
      expect(Math.abs(value - 2 * (channel % 7))).toBeLessThan(1e-3);
    });
  });

  it("makes 0 of what isn't finite or is past 1e30", () => {
    for (const n of [1, 2, 3, 4, 5, 31, 64]) {
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 5];
      const row = Float32Array.from({ length: n }, (_, i) => odd[i % 6]!);
      const got = normaliseRow(row, 1, new Float32Array(5).fill(1), new Float32Array(5).fill(0.5));
      expect([...got]).toEqual(Array.from(row, (_, i) => (i % 6 === 5 ? 2 : 0)));
    }
  });
});

describe("boxes", () => {
  const lengths = fc.integer({ min: 1, max: 70 });

  it("of three add a pixel and the two after it", () => {
    fc.assert(
      fc.property(lengths, seeds, (n, seed) => {
        const row = noise(seed, n + 2, 1, 4);
        const [inAt, outAt] = place(row, new Float32Array(n + 4).fill(-99));
        kernels.run.addThree(inAt! * 4, outAt! * 4, n);
        for (let i = 0; i < n; i++) {
          const sum = row.subarray(i, i + 3).reduce((total, x) => total + x, 0);
          expect(Math.abs(kernels.floats()[outAt! + i]! - sum)).toBeLessThan(100 * EPSILON);
        }
        expect([...taken(outAt! + n, 4)]).toEqual([-99, -99, -99, -99]);
      }),
      check,
    );
  });

  it("of two boxes add those that touch, at every other place", () => {
    fc.assert(
      fc.property(lengths, seeds, (n, seed) => {
        const row = noise(seed, 2 * n + 3, 1, 4);
        const [inAt, outAt] = place(row, new Float32Array(n + 4).fill(-99));
        kernels.run.addTwo(inAt! * 4, outAt! * 4, n);
        const wanted = Array.from({ length: n }, (_, i) => Math.fround(row[2 * i]! + row[2 * i + 3]!));
        expect([...taken(outAt!, n)]).toEqual(wanted);
        expect([...taken(outAt! + n, 4)]).toEqual([-99, -99, -99, -99]);
      }),
      check,
    );
  });

  it("made twice over are sums of six and of twelve pixels", () => {
    const row = noise(5, 200);
    const [inAt, three, six, twelve] = place(
      row,
      new Float32Array(200),
      new Float32Array(100),
      new Float32Array(50),
    );
    kernels.run.addThree(inAt! * 4, three! * 4, 190);
    kernels.run.addTwo(three! * 4, six! * 4, 90);
    kernels.run.addTwo(six! * 4, twelve! * 4, 40);
    for (let i = 0; i < 40; i++) {
      const sum = row.subarray(4 * i, 4 * i + 12).reduce((total, x) => total + x, 0);
      expect(kernels.floats()[twelve! + i]!).toBeCloseTo(sum, 4);
    }
  });
});

interface TemplateCase {
  readonly rows: number;
  readonly stride: number;
  readonly pad: number;
  readonly data: Float32Array;
  /** Channel offsets, templates x rows. */
  readonly offsets: number[][];
}

const templateCases = fc
  .record({
    rows: fc.integer({ min: 1, max: 40 }),
    templates: fc.integer({ min: 1, max: 7 }),
    reach: fc.integer({ min: 0, max: 20 }),
    channels: fc.integer({ min: 1, max: 70 }),
    seed: seeds,
  })
  .map(({ rows, templates, reach, channels, seed }): TemplateCase & { channels: number } => {
    const { uniform } = random(seed);
    const pad = reach + 64;
    const stride = channels + 2 * pad + 3;
    const offsets = Array.from({ length: templates }, () =>
      Array.from({ length: rows }, () => Math.round((2 * uniform() - 1) * reach)),
    );
    return { rows, stride, pad, channels, offsets, data: noise(seed + 1, rows * stride, 0.5, 2) };
  });

function placeTemplates({ rows, stride, data, offsets }: TemplateCase, results: number) {
  const [dataAt, offsetsAt, outAt] = place(
    data,
    new Float32Array(rows * offsets.length),
    new Float32Array(results),
  );
  const bytes = offsets.flatMap((template) => template.map((offset, row) => (row * stride + offset) * 4));
  kernels.ints().set(bytes, offsetsAt!);
  return { dataAt: dataAt!, offsetsAt: offsetsAt!, outAt: outAt! };
}

function sumAlong({ stride, pad, data }: TemplateCase, template: number[], channel: number): number {
  return template.reduce((sum, offset, row) => sum + data[row * stride + pad + channel + offset]!, 0);
}

/** What a sum of so many float32 pixels of this size may be off by. */
const sumRounding = (rows: number) => rows * EPSILON * rows * 12;

describe("bestOverTemplates", () => {
  it("gives the largest sum at every position", () => {
    fc.assert(
      fc.property(templateCases, (one) => {
        const { rows, pad, channels, offsets } = one;
        const { dataAt, offsetsAt, outAt } = placeTemplates(one, channels + 32);
        kernels.run.bestOverTemplates(
          (dataAt + pad) * 4,
          offsetsAt * 4,
          rows,
          offsets.length,
          outAt * 4,
          channels,
        );
        const best = taken(outAt, channels);
        best.forEach((value, channel) => {
          const wanted = Math.max(...offsets.map((template) => sumAlong(one, template, channel)));
          expect(Math.abs(value - wanted)).toBeLessThanOrEqual(sumRounding(rows));
        });
      }),
      check,
    );
  });

  it("writes nothing past the multiple of 32 that holds the last position", () => {
    for (const n of [1, 31, 32, 33, 64]) {
      const [dataAt, offsetsAt, outAt] = place(
        new Float32Array(200).fill(3),
        [0],
        new Float32Array(160).fill(-99),
      );
      kernels.ints()[offsetsAt!] = 0;
      kernels.run.bestOverTemplates((dataAt! + 8) * 4, offsetsAt! * 4, 1, 1, outAt! * 4, n);
      const end = 32 * Math.ceil(n / 32);
      expect([...taken(outAt!, 160)]).toEqual([...new Array(end).fill(3), ...new Array(160 - end).fill(-99)]);
    }
  });
});

describe("bestTemplate", () => {
  it("gives a template whose sum is the largest", () => {
    fc.assert(
      fc.property(templateCases, fc.nat(69), (one, place) => {
        const { rows, pad, channels, offsets } = one;
        const channel = place % channels;
        const { dataAt, offsetsAt } = placeTemplates(one, 1);
        const index = kernels.run.bestTemplate(
          (dataAt + pad + channel) * 4,
          offsetsAt * 4,
          rows,
          offsets.length,
        );
        const sums = offsets.map((template) => sumAlong(one, template, channel));
        expect(sums[index]!).toBeGreaterThanOrEqual(Math.max(...sums) - 2 * sumRounding(rows));
      }),
      check,
    );
  });

  it("gives the first of equals", () => {
    const [dataAt, offsetsAt] = place([1, 5, 5, 2], [0, 0, 0, 0]);
    kernels.ints().set([0, 4, 8, 12], offsetsAt!);
    expect(kernels.run.bestTemplate(dataAt! * 4, offsetsAt! * 4, 1, 4)).toBe(1);
  });
});

describe("pathGrid", () => {
  it("gives the S/N of boxes along straight paths, of the pixels that are there", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: -1.5, max: 1.5, noNaN: true }),
        fc.double({ min: 20.01, max: 30, noNaN: true }),
        fc.constantFrom(0, 0.2, 0.45, 0.8),
        seeds,
        (rows, width, slope, position, missing, seed) => {
          const pad = 80;
          const stride = 50 + 2 * pad;
          const data = noise(seed, rows * stride, 1, 2);
          const { uniform } = random(seed + 1);
          for (let i = 0; i < data.length; i++) if (uniform() < missing) data[i] = 0;
          const [dataAt, outAt] = place(data, new Float32Array(15));
          const positionStep = 0.37;
          const slopeStep = 0.11;
          kernels.run.pathGrid(
            (dataAt! + pad) * 4,
            stride * 4,
            rows,
            width,
            position,
            positionStep,
            5,
            slope,
            slopeStep,
            3,
            outAt! * 4,
          );
          taken(outAt!, 15).forEach((value, i) => {
            const middle = position + (i % 5) * positionStep;
            const perRow = slope + Math.floor(i / 5) * slopeStep;
            const pixels: number[] = [];
            let tied = false;
            for (let row = 0; row < rows; row++) {
              const path = middle + perRow * (row - (rows - 1) / 2);
              // The box whose middle is nearest: its first channel is the one nearest to path - (width - 1) / 2.
              const exact = path - (width - 1) / 2;
              const first = Math.round(exact);
              tied ||= Math.abs(Math.abs(exact - first) - 0.5) < 1e-9;
              for (let c = first; c < first + width; c++) pixels.push(data[row * stride + pad + c]!);
            }
            if (tied) return;
            const there = pixels.filter((x) => x !== 0);
            const wanted =
              2 * there.length >= pixels.length
                ? there.reduce((sum, x) => sum + x, 0) / Math.sqrt(there.length)
                : Number.NaN;
            expect(Number.isNaN(value)).toBe(Number.isNaN(wanted));
            if (!Number.isNaN(wanted)) {
              expect(Math.abs(value - wanted)).toBeLessThanOrEqual(sumRounding(rows * width) + EPSILON * 100);
            }
          });
        },
      ),
      check,
    );
  });

  it("reads rows that lie past the segment's ends as missing", () => {
    const rows = 4;
    const pad = 40;
    const stride = 20 + 2 * pad;
    const data = new Float32Array(rows * stride);
    for (let row = 0; row < rows; row++) data.fill(1, row * stride + pad, row * stride + pad + 20);
    const at = (position: number, slope: number) => {
      const [dataAt, outAt] = place(data, [0]);
      kernels.run.pathGrid((dataAt! + pad) * 4, stride * 4, rows, 1, position, 0, 1, slope, 0, 1, outAt! * 4);
      return taken(outAt!, 1)[0]!;
    };
    expect(at(10, 0)).toBe(2);
    expect(at(-0.4, 1)).toBeCloseTo(2 / Math.sqrt(2), 6);
    expect(at(19.2, 3)).toBeCloseTo(2 / Math.sqrt(2), 6);
    expect(at(-2, 1)).toBeNaN();
  });
});
