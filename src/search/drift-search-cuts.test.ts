/** Where the band is cut, into tiles for memory and segments for threads, must not be seen in what is found. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hit } from "../signal/hit.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { type DriftSearchOptions, searchDrift } from "./drift-search.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { localPool, type SegmentPool } from "./segment-pool.ts";
import {
  addTestLine,
  CHANNEL_HZ,
  driftOfSpan,
  gaussianNoise,
  random,
  type Scene,
  sceneSource,
} from "./testing/scene.ts";
import { threadPool } from "./thread-pool.node.ts";

let local: SegmentPool;

beforeAll(async () => {
  local = localPool(await loadSearchKernels());
});

const rows = 16;

/** Noise with lines of all kinds strewn over the band. */
function strewn(channels: number, lines: number, seed: number): Scene {
  const scene = gaussianNoise(rows, channels, seed);
  const { uniform } = random(seed + 1);
  for (let i = 0; i < lines; i++) {
    addTestLine(scene, {
      position: ((i + 0.2 + 0.6 * uniform()) * channels) / lines,
      span: (2 * uniform() - 1) * 90,
      snr: 15 * 20 ** uniform(),
      width: i % 3 === 0 ? 0 : 8 ** uniform(),
    });
  }
  return scene;
}

async function search(
  source: SpectrogramSource,
  options: DriftSearchOptions = {},
  pool = local,
): Promise<Hit[]> {
  return (await searchDrift(source, pool, options)).hits;
}

/** Each hit of one list has its like in the other; the noise is measured in blocks that lie elsewhere, hence the tolerance. */
function expectAlike(found: readonly Hit[], wanted: readonly Hit[]): void {
  expect(found.map(({ channel }) => channel).length).toBe(wanted.length);
  found.forEach((hit, i) => {
    const other = wanted[i]!;
    expect(Math.abs(hit.midFrequencyMHz - other.midFrequencyMHz)).toBeLessThan(0.5 * CHANNEL_HZ * 1e-6);
    expect(Math.abs(hit.driftHzPerS - other.driftHzPerS)).toBeLessThan(0.5 * Math.abs(driftOfSpan(1, rows)));
    expect(Math.abs(hit.snr / other.snr - 1)).toBeLessThan(0.03);
  });
}

describe("threads", () => {
  const pools: SegmentPool[] = [];
  afterAll(() => Promise.all(pools.map((pool) => pool.close())));

  it("any number of them gives exactly what one thread gives", async () => {
    const source = sceneSource(strewn(100_000, 40, 3));
    const wanted = await searchDrift(source, local, { memoryBytes: 4 * rows * 40_000 });
    expect(wanted.hits.length).toBeGreaterThanOrEqual(38);
    for (const threads of [1, 2, 5]) {
      const pool = await threadPool(threads);
      pools.push(pool);
      expect(await searchDrift(source, pool, { memoryBytes: 4 * rows * 40_000 })).toEqual(wanted);
    }
  });

  it("a pool serves one search after another, of other shapes, and several at once", async () => {
    const pool = await threadPool(2);
    pools.push(pool);
    const sources = [strewn(70_000, 20, 5), strewn(9_000, 5, 6), strewn(40_000, 12, 7)].map((scene) =>
      sceneSource(scene),
    );
    const wanted = await Promise.all(sources.map((source) => search(source)));
    for (const [i, source] of sources.entries()) expect(await search(source, {}, pool)).toEqual(wanted[i]);
    expect(await Promise.all(sources.map((source) => search(source, {}, pool)))).toEqual(wanted);
  });
});

describe("tiles", () => {
  it.each([20_000, 33_333, 65_536])(
    "of %d channels find what one tile of them all finds",
    async (channels) => {
      const source = sceneSource(strewn(80_000, 40, 11));
      const reads: number[] = [];
      const counted: SpectrogramSource = {
        ...source,
        read: (range, into) => {
          reads.push(range!.channelStop! - range!.channelStart!);
          return source.read(range, into);
        },
      };
      const found = await search(counted, { memoryBytes: 4 * rows * channels });
      expect(reads.length).toBeGreaterThan(1);
      expect(Math.max(...reads)).toBeLessThanOrEqual(channels);
      expect(reads.reduce((sum, width) => sum + width, 0)).toBe(80_000);
      expectAlike(found, await search(source));
    },
  );

  it("are whole blocks of what the source stores together", async () => {
    const source = sceneSource(gaussianNoise(rows, 8 * 8192, 4));
    const reads: number[] = [];
    const counted: SpectrogramSource = {
      ...source,
      blockChannels: 8192,
      read: (range, into) => {
        reads.push(range!.channelStop! - range!.channelStart!);
        return source.read(range, into);
      },
    };
    await search(counted, { memoryBytes: 4 * rows * 20_000 });
    expect(reads).toEqual([16_384, 16_384, 16_384, 16_384]);
    reads.length = 0;
    await search(counted, { memoryBytes: 4 * rows * 5000 });
    expect(reads).toEqual(Array(8).fill(8192));
  });

  it("need memory", async () => {
    const source = sceneSource(gaussianNoise(rows, 100, 4));
    for (const memoryBytes of [0, -1, Number.NaN])
      await expect(search(source, { memoryBytes })).rejects.toThrow(/memory/);
  });
});

describe("a line at a boundary", () => {
  const channels = 40_000;
  const middle = channels / 2;
  const noise = gaussianNoise(rows, channels, 17);
  const withLine = (position: number, span: number, width?: number) => {
    const scene = { ...noise, data: noise.data.slice() };
    addTestLine(scene, { position, span, snr: 40, width });
    return sceneSource(scene);
  };
  // The whole band makes two segments; in tiles of half of it, the second begins before the middle by what the limit on drift needs.
  const halo = 676;
  const cuts = [
    { cut: "segments", options: {}, places: [0] },
    {
      cut: "tiles",
      options: { memoryBytes: (4 * rows * channels) / 2 },
      places: [-2 * halo, -halo, 0, halo],
    },
  ];
  const within = { channelStart: middle - 8_000, channelStop: middle + 8_000 };

  describe.each(cuts)("between $cut", ({ options, places }) => {
    it.each([0, 7, -43.3, 88, -88])("is found once, as it is, with a drift of %d channels", async (span) => {
      for (const place of places) {
        for (const offset of place === 0 ? [-2.6, -0.5, 0, 0.5, 2] : [-0.5, 0.2]) {
          const source = withLine(middle + place + offset, span, Math.max(1, Math.abs(span) / rows));
          const found = await search(source, options);
          expect(found).toHaveLength(1);
          expectAlike(found, await search(source, within));
        }
      }
    });
  });
});

describe("the range of channels that is searched", () => {
  const scene = gaussianNoise(rows, 12_000, 23);
  const spans = [0, 5.2, -61, 30.7, -12];
  const lines = spans.map((span, i) => ({ position: 1_000.3 + 2_500 * i, span, snr: 50 }));
  for (const line of lines) addTestLine(scene, line);
  const source = sceneSource(scene);

  it.each([
    [0, 12_000],
    [1, 11_999],
    [777, 8_001],
    [3_000, 4_001],
    [995, 1_006],
    [8_450, 8_550],
  ])(
    "%d to %d: gives the lines in it and counts channels from the file's first",
    async (channelStart, channelStop) => {
      const inside = lines.filter(({ position }) => position > channelStart && position < channelStop);
      const hits = await search(source, { channelStart, channelStop });
      // A band of eleven channels isn't enough to measure a line's own noise in; nothing is asked of it but that it stays inside.
      if (channelStop - channelStart > 50) expect(hits).toHaveLength(inside.length);
      hits.forEach((hit) => {
        const line = inside.find(({ position, span }) => Math.abs(position - span / 2 - hit.channel) < 2.5);
        expect(line).toBeDefined();
        expect(hit.channel).toBeGreaterThanOrEqual(channelStart);
        expect(hit.channel).toBeLessThan(channelStop);
      });
      expect(hits.map(({ channel }) => channel)).toEqual(
        hits.map(({ frequencyMHz }) =>
          Math.round((frequencyMHz - source.frequency.fch1MHz) / source.frequency.foffMHz),
        ),
      );
    },
  );
});

describe("polarisations", () => {
  it("each is searched by itself", async () => {
    const scenes = [400, 800, 1200].map((position, i) => {
      const scene = gaussianNoise(rows, 2_000, 40 + i);
      addTestLine(scene, { position, span: 4, snr: 60 });
      return scene;
    });
    const sources = scenes.map((scene) => sceneSource(scene));
    const source: SpectrogramSource = {
      ...sources[0]!,
      nifs: 3,
      read: (range, into) => sources[range?.ifIndex ?? 0]!.read({ ...range, ifIndex: 0 }, into),
    };
    for (const [ifIndex, position] of [400, 800, 1200].entries()) {
      const hits = await search(source, { ifIndex });
      expect(hits.map(({ channel }) => channel)).toEqual([position - 2]);
    }
  });
});

describe("the order of frequencies", () => {
  it("makes no difference but for the channels' numbers: a band and its mirror image have the same lines", async () => {
    const channels = 9_001;
    const scene = strewn(channels, 9, 51);
    const mirrored = new Float32Array(scene.data.length);
    for (let row = 0; row < rows; row++) {
      mirrored.set(scene.data.subarray(row * channels, (row + 1) * channels).toReversed(), row * channels);
    }
    const foffMHz = -CHANNEL_HZ * 1e-6;
    const falling = sceneSource(scene, { foffMHz, fch1MHz: 8419.5 });
    const rising = sceneSource(
      { ...scene, data: mirrored },
      { foffMHz: -foffMHz, fch1MHz: 8419.5 + (channels - 1) * foffMHz },
    );
    const found = await search(falling);
    const other = await search(rising);
    expect(found.length).toBeGreaterThanOrEqual(8);
    expectAlike(other.toReversed(), found);
    other.toReversed().forEach((hit, i) => {
      expect(Math.abs(hit.channel - (channels - 1 - found[i]!.channel))).toBeLessThanOrEqual(1);
    });
  });

  it("signs the drift: towards higher channels is towards lower frequencies where foff is negative", async () => {
    const scene = gaussianNoise(rows, 3_000, 9);
    addTestLine(scene, { position: 1_500, span: 30, snr: 80 });
    for (const foffMHz of [-CHANNEL_HZ * 1e-6, CHANNEL_HZ * 1e-6]) {
      const [hit, ...others] = await search(sceneSource(scene, { foffMHz, fch1MHz: 1420 }));
      expect(others).toEqual([]);
      expect(hit!.driftHzPerS / driftOfSpan(30, rows, foffMHz)).toBeCloseTo(1, 2);
      expect(hit!.channel).toBe(1_485);
      expect(Math.abs(hit!.frequencyMHz - (1420 + 1_485 * foffMHz))).toBeLessThan(0.6 * CHANNEL_HZ * 1e-6);
      expect(Math.abs(hit!.midFrequencyMHz - (1420 + 1_500 * foffMHz))).toBeLessThan(0.4 * CHANNEL_HZ * 1e-6);
    }
  });
});
