/**
 * What the search promises, shown on noise with known lines in it. Each row of the table of turboSETI's shortcomings that the
 * search was built against has a test of its name.
 */

import { beforeAll, describe, expect, it } from "vitest";
import type { Hit } from "../signal/hit.ts";
import { channelFrequencyMHz } from "../signal/spectrogram.ts";
import { type DriftSearchOptions, searchDrift } from "./drift-search.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { localPool, type SegmentPool } from "./segment-pool.ts";
import {
  addTestLine,
  CHANNEL_PER_ROW_HZ_PER_S,
  chiSquaredStream,
  FOFF_HZ,
  noisePanel,
  normalStream,
  type Panel,
  panelSource,
  type TestLine,
  TSAMP_S,
  throughReceiver,
  uniformStream,
} from "./testing/spectra.ts";

let pool: SegmentPool;
beforeAll(async () => {
  pool = localPool(await loadSearchKernels());
});

async function hitsOf(panel: Panel, options: DriftSearchOptions = {}, rising = false): Promise<Hit[]> {
  const { hits } = await searchDrift(panelSource(panel, rising), pool, options);
  return hits.toSorted((a, b) => b.snr - a.snr);
}

/** Channels a row of a hit, positive towards higher channels. */
function slopeOf(hit: Hit): number {
  return -hit.driftHzPerS / CHANNEL_PER_ROW_HZ_PER_S;
}

function middleOf(hit: Hit): number {
  return ((8400 - hit.midFrequencyMHz) * 1e6) / FOFF_HZ;
}

function isAt(hit: Hit, line: Pick<TestLine, "middle" | "slope">, rows: number, within = 1): boolean {
  return (
    Math.abs(middleOf(hit) - line.middle) <= within &&
    Math.abs(slopeOf(hit) - line.slope) * (rows - 1) <= 2 * within
  );
}

function expectLine(hits: readonly Hit[], line: TestLine, rows: number, snr: number, within = 1): Hit {
  const hit = hits.find((candidate) => isAt(candidate, line, rows, within));
  expect(hit, `a hit at channel ${line.middle}, ${line.slope} channels a row`).toBeDefined();
  expect(hit!.snr).toBeGreaterThan(snr);
  return hit!;
}

describe("where turboSETI falls short", () => {
  const rows = 16;
  const noise = (channels: number, seed: number) => noisePanel(rows, channels, normalStream(seed));
  const narrow = (middle: number, driftHzPerS: number, snr: number): TestLine => ({
    middle,
    slope: -driftHzPerS / CHANNEL_PER_ROW_HZ_PER_S,
    rowPower: snr / Math.sqrt(rows),
  });

  it.each([
    [3.9, 4],
    [-3.9, 4],
    [3.995, 4],
    [-3.995, 4],
    [9.95, 10],
    [-9.95, 10],
  ])(
    "the asked range's end: a line at %d Hz/s under a limit of %d keeps its S/N and its drift",
    async (drift, limit) => {
      const panel = noise(8192, 1);
      const line = narrow(4096.3, drift, 400);
      addTestLine(panel, line);
      const hits = await hitsOf(panel, { maxDriftHzPerS: limit });
      expect(hits).toHaveLength(1);
      expect(hits[0]!.driftHzPerS).toBeCloseTo(drift, 2);
      expectLine(hits, line, rows, 0.97 * 400);
    },
  );

  it("zero drift: a tone at rest of S/N 100 is found at 0 Hz/s with S/N 100", async () => {
    const panel = noise(8192, 2);
    addTestLine(panel, narrow(4096, 0, 100));
    const hits = await hitsOf(panel);
    expect(hits).toHaveLength(1);
    expect(Math.abs(hits[0]!.driftHzPerS)).toBeLessThan(0.003);
    expect(hits[0]!.snr).toBeGreaterThan(97);
    expect(hits[0]!.channel).toBe(4096);
  });

  it("neighbours: a line of S/N 60 stays beside one of S/N 400, 400 channels away, at any limit", async () => {
    for (const maxDriftHzPerS of [1, 4, 10]) {
      const panel = noise(8192, 3);
      const strong = narrow(4096, 0.3, 400);
      const weak = narrow(4496, 0.3, 60);
      addTestLine(panel, strong);
      addTestLine(panel, weak);
      const hits = await hitsOf(panel, { maxDriftHzPerS });
      expect(hits).toHaveLength(2);
      expectLine(hits, strong, rows, 388);
      expectLine(hits, weak, rows, 57);
    }
  });

  it.each([
    ["parallel to a fast one, 60 channels away", { slope: 22, snr: 750 }, { slope: 22, snr: 40 }, 60],
    ["nearly parallel to it, 100 channels away", { slope: 22, snr: 750 }, { slope: 21, snr: 40 }, 100],
    ["through one at a small angle", { slope: 18, snr: 130 }, { slope: 13, snr: 40 }, 0],
    [
      "through one that is less than twice as strong",
      { slope: -19.3, snr: 582 },
      { slope: -23.8, snr: 324 },
      0,
    ],
  ])("neighbours: a line stays that runs %s", async (_, strong, weak, apart) => {
    const panel = noise(8192, 13);
    const lines = [strong, weak].map(({ slope, snr }, i) => ({
      middle: 4096 + i * apart,
      slope,
      rowPower: (snr * Math.sqrt(Math.abs(slope))) / Math.sqrt(rows),
      smeared: true,
    }));
    for (const line of lines) addTestLine(panel, line);
    const hits = await hitsOf(panel);
    expect(hits).toHaveLength(2);
    expectLine(hits, lines[0]!, rows, 0.9 * strong.snr, 4);
    expectLine(hits, lines[1]!, rows, 0.4 * weak.snr, apart === 0 ? 14 : 4);
  });

  it("wrapping round: a line that leaves the band makes no hit with another drift", async () => {
    for (const [middle, drift] of [
      [8191, -1],
      [0, 1],
      [8185, -2],
      [6, 2],
      [8189.5, -4],
    ] as const) {
      const panel = noise(8192, 4);
      addTestLine(panel, narrow(middle, drift, 400));
      for (const hit of await hitsOf(panel)) {
        expect(hit.driftHzPerS).toBeCloseTo(drift, 1);
        expect(hit.channel).toBeGreaterThanOrEqual(0);
        expect(hit.channel).toBeLessThan(8192);
      }
    }
  });

  it.each([2, 3, 15, 17, 60, 279])("any number of rows: %d, none of them padded", async (count) => {
    const panel = noisePanel(count, 4096, normalStream(count));
    const line: TestLine = { middle: 2000.4, slope: 0.4, rowPower: 30 / Math.sqrt(count) };
    addTestLine(panel, line);
    const hits = await hitsOf(panel, { maxDriftHzPerS: 0.2 });
    expect(hits).toHaveLength(1);
    expectLine(hits, line, count, 27);
  });

  it("smearing: a smeared line keeps 0.9 of what a sum over its pixels gives, up to 10 Hz/s", async () => {
    const uniform = uniformStream(5);
    const ratios: number[] = [];
    for (let i = 0; i < 40; i++) {
      const panel = noise(4096, 100 + i);
      const slope = (uniform() < 0.5 ? -1 : 1) * (1 + uniform() * 64.3);
      const line: TestLine = { middle: 2048 + uniform(), slope, rowPower: 100, smeared: true };
      const pixels = addTestLine(panel, line);
      const ideal = (line.rowPower * rows) / Math.sqrt(pixels);
      const hit = expectLine(await hitsOf(panel, { maxDriftHzPerS: 10 }), line, rows, 0, 4);
      ratios.push(hit.snr / ideal);
    }
    expect(mean(ratios)).toBeGreaterThan(0.9);
    expect(Math.min(...ratios)).toBeGreaterThan(0.8);
  });

  it("the DC channel: is left out before the noise is measured, and not reported", async () => {
    const panel = noise(8192, 6);
    for (let row = 0; row < rows; row++) for (const dc of [2048, 6144]) panel.data[row * 8192 + dc] = 1e6;
    const line = narrow(2048, 0.5, 100);
    addTestLine(panel, line);
    const hits = await hitsOf(panel, { channelsPerCoarse: 4096 });
    expect(hits).toHaveLength(1);
    expectLine(hits, line, rows, 85);
    expect(await hitsOf(panel)).not.toHaveLength(1);
  });

  it("the S/N's scale: is that of the noise, on level and sloped bandpasses alike", async () => {
    const line = narrow(4096, 0.8, 30);
    const flat = noise(8192, 7);
    addTestLine(flat, line);
    const sloped = throughReceiver(
      flat,
      (c) => 1000 * bandpass(c),
      (c) => 50 * bandpass(c),
    );
    const [onFlat] = await hitsOf(flat);
    const [onSloped] = await hitsOf(sloped);
    expect(onFlat!.snr).toBeGreaterThan(27);
    expect(onFlat!.snr).toBeLessThan(34);
    expect(Math.abs(onSloped!.snr / onFlat!.snr - 1)).toBeLessThan(0.03);
  });
});

function bandpass(channel: number): number {
  return 1 + 0.4 * Math.sin(channel / 900) + channel / 10_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("sensitivity", () => {
  it.each([16, 64, 256])(
    "at %d rows a narrow line keeps 0.97 of its nearest-bin S/N on average, at any drift and start",
    async (rows) => {
      const uniform = uniformStream(rows);
      const ratios: number[] = [];
      const snr = 200;
      for (let i = 0; i < (rows === 256 ? 12 : 30); i++) {
        const panel = noisePanel(rows, 2048, normalStream(1000 + i));
        const reach = 400 / (rows - 1);
        const line = {
          middle: 1024 + 64 * uniform(),
          slope: (2 * uniform() - 1) * reach,
          rowPower: snr / Math.sqrt(rows),
        };
        addTestLine(panel, line);
        const hits = await hitsOf(panel, { maxDriftHzPerS: reach * CHANNEL_PER_ROW_HZ_PER_S });
        ratios.push(expectLine(hits, line, rows, 0).snr / snr);
      }
      expect(mean(ratios)).toBeGreaterThan(0.97);
      expect(Math.min(...ratios)).toBeGreaterThan(0.9);
    },
  );

  it("finds nearly all lines just above the limit", async () => {
    const rows = 16;
    const channels = 200_000;
    const panel = noisePanel(rows, channels, normalStream(8));
    const uniform = uniformStream(9);
    const lines = Array.from({ length: 150 }, (_, i) => ({
      middle: 700 + 1300 * i + uniform(),
      slope: (2 * uniform() - 1) * 26,
      rowPower: 13 / Math.sqrt(rows),
    }));
    for (const line of lines) addTestLine(panel, line);
    const hits = await hitsOf(panel);
    const found = lines.filter((line) => hits.some((hit) => isAt(hit, line, rows, 2)));
    expect(found.length).toBeGreaterThan(142);
    expect(hits.length).toBe(found.length);
  });
});

describe("calibration", () => {
  it("hits tell frequency at the first row and at mid-scan, drift and its error, on either sign of foff", async () => {
    const rows = 16;
    for (const rising of [false, true]) {
      const panel = noisePanel(rows, 8192, normalStream(10));
      const line: TestLine = { middle: 5000, slope: 1.25, rowPower: 25 };
      addTestLine(panel, line);
      const [hit] = await hitsOf(panel, {}, rising);
      const { frequency } = panelSource(panel, rising);
      const sign = rising ? 1 : -1;
      const first = 5000 - 1.25 * 7.5;
      expect(Math.abs(hit!.midFrequencyMHz - channelFrequencyMHz(frequency, 5000)) * 1e6).toBeLessThan(
        FOFF_HZ,
      );
      expect(Math.abs(hit!.frequencyMHz - channelFrequencyMHz(frequency, first)) * 1e6).toBeLessThan(FOFF_HZ);
      expect(hit!.driftHzPerS * sign).toBeCloseTo(1.25 * CHANNEL_PER_ROW_HZ_PER_S, 2);
      expect(hit!.driftUncertaintyHzPerS).toBeGreaterThan(0);
      expect(hit!.driftUncertaintyHzPerS).toBeLessThan(FOFF_HZ / (15 * TSAMP_S));
      expect(hit!.channel).toBe(Math.round(first));
      expect(hit!.widthHz).toBeCloseTo(FOFF_HZ, 6);
    }
  });

  it.each([
    ["Gaussian noise", (seed: number) => normalStream(seed)],
    ["chi-squared noise of 8 degrees of freedom", (seed: number) => chiSquaredStream(seed, 8)],
  ])("%s makes no hit at S/N 10", async (_, stream) => {
    const panel = throughReceiver(
      noisePanel(16, 65_536, stream(11)),
      (c) => 10 * bandpass(c / 8),
      (c) => 5 * bandpass(c / 8),
    );
    expect(await hitsOf(panel)).toHaveLength(0);
  });
});

describe("limits that make no sense are told", () => {
  const panel = noisePanel(4, 64, normalStream(12));
  it.each([
    [{ maxDriftHzPerS: -1 }, /drift limit is -1/],
    [{ maxDriftHzPerS: Number.NaN }, /drift limit is NaN/],
    [{ snr: 1 }, /least S\/N is 1/],
    [{ channelStart: 10, channelStop: 5 }, /channels 10 to 5/],
    [{ ifIndex: 3 }, /IF 3 was asked for/],
    [{ channelsPerCoarse: 7 }, /7 fine channels a coarse channel/],
  ] as const)("%o", async (options, message) => {
    await expect(hitsOf(panel, options)).rejects.toThrow(message);
  });
});
