/** Which lines are told apart, what is no line, and what is said of each. */

import { beforeAll, describe, expect, it } from "vitest";
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
  type TestLine,
} from "./testing/scene.ts";

let pool: SegmentPool;

beforeAll(async () => {
  pool = localPool(await loadSearchKernels());
});

const rows = 16;
const channels = 4_000;

interface Found {
  readonly position: number;
  readonly span: number;
  readonly spanUncertainty: number;
  readonly snr: number;
  readonly width: number;
  readonly bandwidth: number;
}

/** The hits in channels, from the lowest. */
async function linesOf(scene: Scene, options: DriftSearchOptions = {}): Promise<Found[]> {
  const source = sceneSource(scene);
  const { hits } = await searchDrift(source, pool, options);
  const { fch1MHz, foffMHz } = source.frequency;
  const perSpan = driftOfSpan(1, scene.rows);
  return hits
    .map((hit) => ({
      position: (hit.midFrequencyMHz - fch1MHz) / foffMHz,
      span: hit.driftHzPerS / perSpan,
      spanUncertainty: hit.driftUncertaintyHzPerS / Math.abs(perSpan),
      snr: hit.snr,
      width: hit.widthHz / CHANNEL_HZ,
      bandwidth: hit.bandwidthHz / CHANNEL_HZ,
    }))
    .sort((a, b) => a.position - b.position);
}

function sceneWith(seed: number, ...lines: TestLine[]): Scene {
  const scene = gaussianNoise(rows, channels, seed);
  for (const line of lines) addTestLine(scene, line);
  return scene;
}

function forEachPixel(scene: Scene, edit: (pixel: number, row: number, channel: number) => number): Scene {
  return {
    ...scene,
    data: scene.data.map((x, i) => edit(x, Math.floor(i / scene.channels), i % scene.channels)),
  };
}

function expectLines(found: readonly Found[], lines: readonly TestLine[], keep = 0.85): void {
  expect(found.map(({ position }) => Math.round(position))).toHaveLength(lines.length);
  lines
    .toSorted((a, b) => a.position - b.position)
    .forEach((line, i) => {
      const within = 1 + (line.width ?? 0) / 8;
      expect(Math.abs(found[i]!.position - line.position)).toBeLessThan(within);
      expect(Math.abs(found[i]!.span - line.span)).toBeLessThan(1.5 * within);
      expect(found[i]!.snr).toBeGreaterThan(keep * line.snr);
      expect(found[i]!.snr).toBeLessThan(1.1 * line.snr + 5);
    });
}

describe("lines that are really two stay two", () => {
  it.each([6, -6, 12, -12, 50])("parallel, %d channels apart, S/N 100 and 30", async (gap) => {
    for (const [i, span] of [0, 20, -55].entries()) {
      const width = Math.abs(span) / (rows - 1);
      for (const smeared of [undefined, Math.max(1, width)]) {
        if (smeared && smeared > 2 && Math.abs(gap) < 12) continue;
        const lines = [
          { position: 2_000.3, span, snr: 100, width: smeared },
          { position: 2_000.3 + gap, span, snr: 30, width: smeared },
        ];
        expectLines(await linesOf(sceneWith(10 * gap + i, ...lines)), lines, smeared ? 0.6 : 0.85);
      }
    }
  });

  it.each([
    [10, -10],
    [0, 30],
    [40, -60],
    [-88, 5],
  ])("crossing, drifts of %d and %d channels", async (one, two) => {
    for (let seed = 1; seed <= 4; seed++) {
      const lines = [
        { position: 2_000, span: one, snr: 100 },
        { position: 2_003, span: two, snr: 60 },
      ];
      expectLines(await linesOf(sceneWith(seed, ...lines)), lines);
    }
  });

  it("wide ones, S/N 100 and 30, five half-widths apart", async () => {
    const lines = [
      { position: 2_000.3, span: 3, snr: 100, width: 8 },
      { position: 1_980.3, span: 3, snr: 30, width: 8 },
    ];
    for (let seed = 1; seed <= 4; seed++) expectLines(await linesOf(sceneWith(seed, ...lines)), lines, 0.8);
  });

  it("a weak one beside what a strong one leaves: S/N 1,000 and 20, 40 channels apart", async () => {
    const lines = [
      { position: 2_000, span: 12, snr: 1_000 },
      { position: 2_040, span: 12, snr: 20 },
    ];
    for (let seed = 1; seed <= 4; seed++) expectLines(await linesOf(sceneWith(seed, ...lines)), lines, 0.8);
  });
});

describe("one line is one hit", () => {
  it.each([100, 1_000, 10_000, 100_000])(
    "a carrier of S/N %d with the skirts of a Fourier transform",
    async (snr) => {
      for (const fraction of [0, 0.3, 0.5]) {
        for (const span of [0, 13.4]) {
          const scene = forEachPixel(gaussianNoise(rows, channels, 3), (x, row, channel) => {
            const u = Math.PI * (channel - (2_000 + fraction + span * (row / (rows - 1) - 0.5)));
            return x + (snr / Math.sqrt(rows)) * (u === 0 ? 1 : (Math.sin(u) / u) ** 2);
          });
          const found = await linesOf(scene);
          expect(found).toHaveLength(1);
          expect(Math.abs(found[0]!.position - 2_000 - fraction)).toBeLessThan(0.6);
          expect(Math.abs(found[0]!.span - span)).toBeLessThan(0.6);
          // Half-way between two channels each gets 0.41 of the power, and a box of two has the noise of both.
          expect(found[0]!.snr).toBeGreaterThan(0.55 * snr);
          expect(found[0]!.snr).toBeLessThan(1.05 * snr + 3);
        }
      }
    },
  );

  it.each([1, 3, 8, 20])("a box %d channels wide at any drift", async (width) => {
    for (const [i, span] of [0, 7.7, -40, 89].entries()) {
      const line = { position: 2_000.4, span, snr: 200, width };
      const found = await linesOf(sceneWith(i + 1, line));
      expect(found).toHaveLength(1);
      // A box of one channel half-way between two keeps 0.71.
      expect(found[0]!.snr).toBeGreaterThan(0.65 * line.snr);
      expect(Math.abs(found[0]!.width - width)).toBeLessThanOrEqual(Math.max(1, 0.2 * width));
    }
  });
});

describe("what is no line", () => {
  const flat = (seed: number) => gaussianNoise(rows, channels, seed);
  const structures: Record<string, (x: number, row: number, channel: number) => number> = {
    "a strong pixel": (x, row, c) => (row === 7 && c === 2_000 ? x + 400 : x),
    "a blip of some pixels in one row": (x, row, c) => (row === 7 && c >= 2_000 && c < 2_005 ? x + 100 : x),
    "a burst over 300 channels in one row": (x, row, c) =>
      row === 7 && c >= 1_500 && c < 1_800 ? x + 60 : x,
    "a burst over half the band in one row": (x, row, c) => (row === 7 && c >= 500 && c < 2_500 ? x + 60 : x),
    "two pixels in one channel": (x, row, c) => ((row === 7 || row === 10) && c === 2_000 ? x + 100 : x),
    "a plateau of 100 channels": (x, _row, c) => (c >= 1_500 && c < 1_600 ? x + 5 : x),
    "a plateau of 1,000 channels": (x, _row, c) => (c >= 1_500 && c < 2_500 ? x + 5 : x),
    "a step up": (x, _row, c) => (c >= 2_022 ? x + 5 : x),
    "a step down": (x, _row, c) => (c >= 2_022 ? x : x + 5),
    "a big step": (x, _row, c) => (c >= 2_022 ? x + 50 : x),
    "a ripple of 300 channels": (x, _row, c) => x + Math.sin((2 * Math.PI * c) / 300),
    "a stretch without power": (x, _row, c) => (c >= 1_500 && c < 1_800 ? 0 : x + 20),
  };

  it.each(Object.entries(structures))("%s", async (_, edit) => {
    for (let seed = 1; seed <= 4; seed++)
      expect(await linesOf(forEachPixel(flat(7 * seed), edit))).toEqual([]);
  });

  it("takes no line along that stands beside it", async () => {
    const line = { position: 1_800, span: 9, snr: 40 };
    for (const name of ["a plateau of 1,000 channels", "a step up", "a ripple of 300 channels"]) {
      expectLines(await linesOf(forEachPixel(sceneWith(5, line), structures[name]!)), [line], 0.7);
    }
  });
});

describe("a drift's uncertainty", () => {
  const kinds = [
    { name: "lines in one channel", width: undefined, snr: 30, most: 20 },
    { name: "lines as wide as a channel", width: 1, snr: 40, most: 15 },
    { name: "lines three channels wide", width: 3, snr: 30, most: 40 },
    { name: "lines eight channels wide", width: 8, snr: 60, most: 80 },
  ];

  // Measured over 240 lines of each kind: 0.61 to 0.75 within one deviation, 0.97 to 1.00 within three.
  it.each(kinds)("of $name covers the truth", async ({ width, snr, most }) => {
    const { uniform } = random(77);
    const pulls: number[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const lines = Array.from({ length: 20 }, (_, i) => ({
        position: 300 + 500 * i + uniform(),
        span: (2 * uniform() - 1) * most,
        snr,
        width,
      }));
      const scene = gaussianNoise(rows, 10_400, 3 * seed);
      for (const line of lines) addTestLine(scene, line);
      const found = await linesOf(scene);
      expect(found).toHaveLength(lines.length);
      lines.forEach((line, i) => {
        expect(Math.abs(found[i]!.position - line.position)).toBeLessThan(1);
        pulls.push((found[i]!.span - line.span) / found[i]!.spanUncertainty);
      });
    }
    const within = (limit: number) => pulls.filter((pull) => Math.abs(pull) < limit).length / pulls.length;
    expect(within(1)).toBeGreaterThan(0.5);
    expect(within(1)).toBeLessThan(0.9);
    expect(within(3)).toBeGreaterThanOrEqual(0.95);
  });

  it("has a truth without bias: lines at rest have drift 0 on average", async () => {
    const scene = gaussianNoise(rows, 10_400, 8);
    for (let i = 0; i < 20; i++) addTestLine(scene, { position: 300 + 500 * i, span: 0, snr: 30 });
    const found = await linesOf(scene);
    expect(found).toHaveLength(20);
    found.forEach(({ position, span }, i) => {
      expect(Math.abs(position - 300 - 500 * i)).toBeLessThan(0.08);
      expect(Math.abs(span)).toBeLessThan(0.08);
    });
  });
});
