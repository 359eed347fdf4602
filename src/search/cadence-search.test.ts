import { beforeAll, describe, expect, it } from "vitest";
import { makeCadence } from "../signal/cadence.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { type CadenceSearchOptions, defaultOffSnr, searchCadence, searchEach } from "./cadence-search.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { localPool, type SegmentPool } from "./segment-pool.ts";
import { addTestLine, noisePanel, normalStream, panelSource, TSAMP_S } from "./testing/spectra.ts";

let pool: SegmentPool;
beforeAll(async () => {
  pool = localPool(await loadSearchKernels());
});

const ROWS = 16;
const CHANNELS = 8192;
const SCAN_S = 300;

/** One line through the scans of a cadence: S/N in each, 0 where it isn't there. Channels a row. */
interface Track {
  readonly start: number;
  readonly slope: number;
  readonly snr: readonly number[];
}

function scansWith(tracks: readonly Track[], scans: number): SpectrogramSource[] {
  return Array.from({ length: scans }, (_, scan) => {
    const panel = noisePanel(ROWS, CHANNELS, normalStream(100 + scan));
    for (const { start, slope, snr } of tracks) {
      if (snr[scan] === 0) continue;
      const middle = start + slope * ((scan * SCAN_S) / TSAMP_S + (ROWS - 1) / 2);
      addTestLine(panel, { middle, slope, rowPower: snr[scan]! / Math.sqrt(ROWS) });
    }
    const source = panelSource(panel);
    return {
      ...source,
      name: `scan-${scan + 1}`,
      time: { ...source.time, tstartMjd: 60_000 + (scan * SCAN_S) / 86_400 },
    };
  });
}

function search(tracks: readonly Track[], options: CadenceSearchOptions = {}, pattern = "ABACAD") {
  return searchCadence(makeCadence(pattern, scansWith(tracks, pattern.length)), pool, options);
}

const needle: Track = { start: 3000, slope: 0.8, snr: [30, 0, 30, 0, 30, 0] };

describe("searchCadence", () => {
  it("finds a needle that crosses a line of the OFF scans, and rejects what is in ON and OFF", async () => {
    const crossing: Track = { start: 3030, slope: 0, snr: [0, 40, 0, 40, 0, 40] };
    const everywhere: Track = { start: 5000, slope: -0.6, snr: [50, 50, 50, 50, 50, 50] };
    const { events, rejected, hits } = await search([needle, crossing, everywhere]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ level: 3 });
    expect(events[0]!.hits.map(({ scan }) => scan)).toEqual([0, 2, 4]);
    expect(rejected.map(({ rule }) => rule)).toEqual(["in-off-scan", "in-off-scan", "in-off-scan"]);
    for (const { reason, offHit } of rejected) {
      expect(reason).toMatch(/\.$/);
      expect([1, 3, 5]).toContain(offHit!.scan);
    }
    expect(hits).toHaveLength(3 + 3 + 6);
  });

  it("looks deeper into the OFF scans about an event's path", async () => {
    const faintOff: Track = { start: 3000, slope: 0.8, snr: [12.5, 8, 12.5, 8, 12.5, 8] };
    const deep = await search([faintOff]);
    expect(deep.events).toHaveLength(0);
    expect(deep.rejected).toHaveLength(3);
    for (const { rule, offHit } of deep.rejected) {
      expect(rule).toBe("in-off-scan");
      expect(offHit!.snr).toBeLessThan(10);
      expect(offHit!.file).toMatch(/^scan-[246]$/);
    }
    const shallow = await search([faintOff], { offSnr: 10 });
    expect(shallow.events).toHaveLength(1);
  });

  it("keeps a needle for which the deeper look finds only noise", async () => {
    const { events } = await search([{ ...needle, snr: [13, 0, 13, 0, 13, 0] }]);
    expect(events).toHaveLength(1);
  });

  it("gives level 2 where a scan of the target lacks the needle", async () => {
    const { events } = await search([{ ...needle, snr: [30, 0, 0, 0, 30, 0] }]);
    expect(events.map(({ level }) => level)).toEqual([2]);
  });

  it("rejects carriers at rest unless they are asked for", async () => {
    const carrier: Track = { start: 2000, slope: 0, snr: [40, 0, 40, 0, 40, 0] };
    const { events, rejected } = await search([carrier]);
    expect(events).toHaveLength(0);
    expect(rejected.map(({ rule }) => rule)).toEqual(["zero-drift", "zero-drift", "zero-drift"]);
    expect((await search([carrier], { keepZeroDrift: true })).events).toHaveLength(1);
  });

  it("refuses scans of different channel widths", async () => {
    const [on, off] = scansWith([], 2) as [SpectrogramSource, SpectrogramSource];
    const other = { ...off, frequency: { ...off.frequency, foffMHz: 2 * off.frequency.foffMHz } };
    await expect(searchCadence(makeCadence("AB", [on, other]), pool)).rejects.toThrow(
      /scan-2: channels are .* Hz wide, but those of scan-1/,
    );
  });

  it("tells how far it is, from 0 to 1", async () => {
    const shares: number[] = [];
    await search([], { onProgress: (share) => shares.push(share) }, "AB");
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});

it("searchEach gives each scan's lines as events of their own", async () => {
  const { events, hits } = await searchEach(scansWith([needle], 3), pool);
  expect(hits.map(({ scan }) => scan)).toEqual([0, 2]);
  expect(events.map(({ level, hits }) => [level, hits.length])).toEqual([
    [1, 1],
    [1, 1],
  ]);
});

it("the deeper look goes to six tenths of the limit, not below 5.5 and not above the limit", () => {
  expect([20, 10, 9, 6, 5].map(defaultOffSnr)).toEqual([12, 6, 5.5, 5.5, 5]);
});
