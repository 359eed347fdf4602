import { expect, it } from "vitest";
import { makeCadence } from "../signal/cadence.ts";
import { memorySource } from "../signal/memory-source.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { randomStream, streamKey } from "../simulate/random.ts";
import { commonBand } from "./band.ts";
import { cutWindow, readPanels } from "./cadence-panels.ts";

const frequency = (nchans: number) => ({ fch1MHz: 1420, foffMHz: -3e-6, nchans });

function noiseScan(salt: number, nsamples: number, nchans: number): SpectrogramSource {
  const random = randomStream(streamKey(salt));
  return memorySource({
    data: Float32Array.from({ length: nsamples * nchans }, () => 1000 + 20 * random.normal()),
    time: { tstartMjd: 0, tsampS: 18, nsamples },
    frequency: frequency(nchans),
    header: {},
    source: `scan ${salt}`,
  });
}

it("reads scans of more rows than fit in memory piece by piece", async () => {
  const rows = 5003;
  const nchans = 1200;
  let most = 0;
  const source: SpectrogramSource = {
    name: "long",
    time: { tstartMjd: 0, tsampS: 1, nsamples: rows },
    frequency: frequency(nchans),
    header: {},
    nifs: 1,
    async read(range, into) {
      const { rowStart = 0, rowStop = 0, channelStart = 0, channelStop = 0 } = range!;
      const width = channelStop - channelStart;
      most = Math.max(most, into!.length);
      for (let at = 0; at < into!.length; at++) {
        into![at] = rowStart + Math.floor(at / width) + 10 * (channelStart + (at % width));
      }
      expect(into!.length).toBe((rowStop - rowStart) * width);
      return { data: into!, time: this.time, frequency: this.frequency, header: {}, source: "long" };
    },
    async close() {},
  };
  const band = commonBand(makeCadence("A", [source]));
  const { data } = await readPanels(
    band,
    { panels: 1, rows: 7 },
    { channelStart: 0, channelsPerPixel: 1, pixels: nchans },
  );
  expect(most).toBeLessThan(rows * nchans);
  for (let row = 0; row < 7; row++) {
    // The noise is that of differences between rows, which are all 1 here: none.
    const middle = ((row + 0.5) * rows) / 7 - 0.5;
    for (const channel of [0, 600, 1199]) {
      expect(Math.abs(data[row * nchans + channel]! - (middle + 10 * channel))).toBeLessThan(0.5);
    }
  }
});

it("makes rows of white noise as the network knows it, whatever the number of rows", async () => {
  const scans = [0, 1].map((salt) => noiseScan(salt, 16, 4096));
  const band = commonBand(makeCadence("AB", scans));
  const read = (rows: number, channelsPerPixel = 1) =>
    readPanels(
      band,
      { panels: 2, rows },
      { channelStart: 0, channelsPerPixel, pixels: 4096 / channelsPerPixel },
    );
  for (const [rows, channelsPerPixel] of [
    [273, 1],
    [5, 1],
    [40, 4],
  ] as const) {
    const panels = await read(rows, channelsPerPixel);
    const { channels } = panels;
    const expected = (20 / Math.sqrt(channelsPerPixel)) * Math.sqrt(rows / 16);
    for (const panel of [0, 1]) {
      const at = (row: number, c: number) => panels.data[(panel * rows + row) * channels + c]! - 1000;
      let squares = 0;
      let neighbours = 0;
      for (let row = 0; row < rows; row++) {
        for (let c = 0; c < channels; c++) {
          squares += at(row, c) ** 2;
          if (row > 0) neighbours += at(row, c) * at(row - 1, c);
        }
      }
      expect(Math.sqrt(squares / (rows * channels)) / expected).toBeCloseTo(1, 1);
      expect(Math.abs(neighbours / squares)).toBeLessThan(0.04);
    }
  }
});

it("cuts windows at mean 0 and deviation 1 a panel; what isn't finite is 0", () => {
  const random = randomStream(streamKey(4));
  const [panels, rows, channels] = [2, 3, 20];
  const data = Float32Array.from(
    { length: panels * rows * channels },
    (_, i) => (i < rows * channels ? 5e10 : 1) * (3 + random.normal()),
  );
  data[9] = Number.NaN;
  data[channels + 10] = Number.NEGATIVE_INFINITY;
  const into = { panels, rows, channels: 8, data: new Float32Array(panels * rows * 8) };
  cutWindow({ panels, rows, channels, data }, 7, into);
  for (let panel = 0; panel < panels; panel++) {
    const values: { value: number; made: number }[] = [];
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < 8; c++) {
        const value = data[(panel * rows + row) * channels + 7 + c]!;
        const made = into.data[(panel * rows + row) * 8 + c]!;
        if (Number.isFinite(value)) values.push({ value, made });
        else expect(made).toBe(0);
      }
    }
    const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / values.length,
    );
    for (const { value, made } of values) expect(made).toBeCloseTo((value - mean) / deviation, 4);
  }
});

it("leaves a constant panel at 0", () => {
  const into = { panels: 1, rows: 2, channels: 2, data: new Float32Array(4) };
  cutWindow({ panels: 1, rows: 2, channels: 3, data: new Float32Array(6).fill(7) }, 1, into);
  expect([...into.data]).toEqual([0, 0, 0, 0]);
});
