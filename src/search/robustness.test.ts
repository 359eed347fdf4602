/** Pixels that no telescope should give: nothing is thrown, nothing hangs, and what is found is at least a number in the band. */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { type DriftSearchOptions, searchDrift } from "./drift-search.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { localPool, type SegmentPool } from "./segment-pool.ts";
import { addTestLine, gaussianNoise, random, type Scene, sceneSource } from "./testing/scene.ts";

let pool: SegmentPool;

beforeAll(async () => {
  pool = localPool(await loadSearchKernels());
});

/** Searches and checks every hit; gives their number. */
async function countHits(scene: Scene, options: DriftSearchOptions = {}): Promise<number> {
  const source = sceneSource(scene);
  const { hits } = await searchDrift(source, pool, options);
  const start = options.channelStart ?? 0;
  const stop = options.channelStop ?? scene.channels;
  for (const hit of hits) {
    for (const value of Object.values(hit)) {
      if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
    }
    expect(hit.channel).toBeGreaterThanOrEqual(start);
    expect(hit.channel).toBeLessThan(stop);
    expect(hit.snr).toBeGreaterThanOrEqual(options.snr ?? 10);
    expect(hit.widthHz).toBeGreaterThan(0);
    expect(hit.bandwidthHz).toBeGreaterThan(0);
    expect(hit.driftUncertaintyHzPerS).toBeGreaterThan(0);
  }
  return hits.length;
}

type Fill = (row: number, channel: number, normal: number) => number;

function filled(rows: number, channels: number, fill: Fill): Scene {
  const { normal } = random(rows + channels);
  const data = new Float32Array(rows * channels);
  for (let i = 0; i < data.length; i++) data[i] = fill(Math.floor(i / channels), i % channels, normal());
  return { rows, channels, data };
}

const empty: Record<string, Fill> = {
  zeros: () => 0,
  NaN: () => Number.NaN,
  "one value": () => 7.3,
  "one huge value": () => 1e30,
  "infinities of both signs": (row, c) => ((row + c) % 2 ? 1 : -1) / 0,
  "denormal noise": (_row, _c, normal) => 1e-42 * (10 + normal),
  "huge noise": (_row, _c, normal) => 1e30 * (1 + normal),
  noise: (_row, _c, normal) => normal,
  "a chessboard": (row, c) => (row + c) % 2,
  "rows each of one value": (row) => row * 1000,
};

const shapes: [number, number][] = [
  [16, 3_000],
  [16, 1],
  [16, 7],
  [1, 1],
  [1, 100_000],
  [2, 500],
  [3, 17],
  [40, 2],
  [5_000, 20],
  [279, 64],
];

describe.each(shapes)("%d rows of %d channels", (rows, channels) => {
  it.each(Object.entries(empty))("of %s hold no line", async (_, fill) => {
    expect(await countHits(filled(rows, channels, fill))).toBe(0);
  });

  it("of every odd number there is give hits that are numbers", async () => {
    const odd = (normal: number) => [
      normal,
      Number.NaN,
      1e38,
      -1e38,
      Number.POSITIVE_INFINITY,
      0,
      1e-45,
      1e10 * normal,
    ];
    const least = Math.min(channels, 800);
    await countHits(filled(rows, least, (row, c, normal) => odd(normal)[(row * 7 + c * 3) % 8]!));
  });

  it("of noise stay in the band at limits of 0 and of 1e9 Hz/s", async () => {
    const scene = filled(rows, Math.min(channels, 600), (_row, _c, normal) => normal);
    await countHits(scene, { maxDriftHzPerS: 0 });
    await countHits(scene, { maxDriftHzPerS: 1e9, snr: 12 });
  });
});

describe("very many rows", () => {
  const tall = (rows: number, channels: number) => ({
    ...sceneSource({ rows, channels, data: new Float32Array(0) }, { tsampS: 1e-3, foffMHz: -0.003 }),
    read: () => Promise.reject(new Error("nothing should be read")),
  });

  it("are refused in one sentence, before anything is read, where a thread's memory can't hold the shortest piece", async () => {
    await expect(searchDrift(tall(3_000_000, 4_096), pool)).rejects.toThrow(UsageError);
    await expect(searchDrift(tall(3_000_000, 4_096), pool)).rejects.toThrow(
      /scene: 3000000 rows .* add rows together/,
    );
  });

  it("are searched in shorter pieces where it can", async () => {
    const rows = 12_000;
    const scene = filled(rows, 600, (_row, c, normal) => normal + (c === 300 ? 40 / Math.sqrt(rows) : 0));
    const { hits } = await searchDrift(sceneSource(scene, { tsampS: 1e-3, foffMHz: -0.003 }), pool, {});
    expect(hits.map(({ channel }) => channel)).toEqual([300]);
  });
});

describe("a strong line in damaged pixels", () => {
  const line = { position: 1_500, span: 12, snr: 60 };

  it.each<[string, Fill]>([
    ["NaN here and there", (row, c, x) => ((31 * row + 17 * c) % 20 === 0 ? Number.NaN : x)],
    ["a row of NaN", (row, _c, x) => (row === 3 ? Number.NaN : x)],
    ["a row of zeros", (row, _c, x) => (row === 3 ? 0 : x)],
    ["pixels of 1e38", (row, c, x) => ((31 * row + 17 * c) % 20 === 0 ? 1e38 : x)],
    ["every seventh channel dead", (_row, c, x) => (c % 7 === 4 && Math.abs(c - 1_500) > 30 ? 0 : x)],
    ["one value but for the line's neighbourhood", (_row, c, x) => (Math.abs(c - 1_500) < 700 ? x : 100)],
  ])("is found: %s", async (_, damage) => {
    const scene = gaussianNoise(16, 3_000, 2);
    addTestLine(scene, line);
    const data = scene.data.map((x, i) => damage(Math.floor(i / 3_000), i % 3_000, 100 + x));
    const { hits } = await searchDrift(sceneSource({ ...scene, data }), pool, {});
    const near = hits.filter(({ channel }) => Math.abs(channel - 1_494) < 2);
    expect(near).toHaveLength(1);
    expect(near[0]!.snr).toBeGreaterThan(45);
    expect(hits).toHaveLength(1);
  });
});

it("any small band of any pixels, any range of it", async () => {
  const pixel = fc.oneof(
    fc.float(),
    fc.constantFrom(0, 1, -1, 1e30, Number.NaN),
    fc.double({ min: -10, max: 10, noNaN: true }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 120 }),
      fc.array(pixel, { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0, 0.3, 4, 1000),
      fc.integer({ min: 0, max: 119 }),
      async (rows, channels, pixels, maxDriftHzPerS, first) => {
        const { uniform } = random(rows * channels);
        const scene = filled(rows, channels, () => pixels[Math.floor(uniform() * pixels.length)]!);
        const channelStart = first % channels;
        await countHits(scene, { maxDriftHzPerS, snr: 3, channelStart, channelStop: channels });
      },
    ),
    { seed: 8_419, numRuns: 150 },
  );
});
