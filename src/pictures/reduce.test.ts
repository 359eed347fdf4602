import fc from "fast-check";
import { expect, test } from "vitest";
import { memorySource } from "../signal/memory-source.ts";
import {
  bandEdgesMHz,
  channelFrequencyMHz,
  type Spectrogram,
  type SpectrogramSource,
} from "../signal/spectrogram.ts";
import { reduceSource, reduceSpectrogram } from "./reduce.ts";

function spectrogram(
  rows: number,
  channels: number,
  value: (row: number, channel: number) => number,
): Spectrogram {
  return {
    data: Float32Array.from({ length: rows * channels }, (_, i) =>
      value(Math.floor(i / channels), i % channels),
    ),
    time: { tstartMjd: 57_650, tsampS: 2, nsamples: rows },
    frequency: { fch1MHz: 8421, foffMHz: -0.001, nchans: channels },
    header: {},
    source: "made",
  };
}

/** Walks the cells and picks what belongs in each, where the module walks the values. */
function naive(whole: Spectrogram, rows: number, columns: number, mean: boolean): number[] {
  const { nsamples } = whole.time;
  const { nchans } = whole.frequency;
  const cells: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const inside: number[] = [];
      for (let t = Math.floor((r * nsamples) / rows); t < Math.floor(((r + 1) * nsamples) / rows); t++) {
        for (let f = Math.floor((c * nchans) / columns); f < Math.floor(((c + 1) * nchans) / columns); f++) {
          const value = whole.data[t * nchans + f]!;
          if (!Number.isNaN(value)) inside.push(value);
        }
      }
      if (inside.length === 0) cells.push(Number.NaN);
      else cells.push(mean ? inside.reduce((a, b) => a + b) / inside.length : Math.max(...inside));
    }
  }
  return cells;
}

const anyCase = fc.record({
  rows: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 1, max: 40 }),
  picture: fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 50 })),
  mean: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

test("each cell is the maximum or the mean of what it covers", () => {
  fc.assert(
    fc.property(anyCase, ({ rows, channels, picture, mean, seed }) => {
      const whole = spectrogram(rows, channels, (t, f) => {
        const value = ((t * 131 + f * 37 + seed) % 97) - 40;
        return value % 11 === 0 ? Number.NaN : value;
      });
      const small = reduceSpectrogram(whole, {
        rows: picture[0],
        columns: picture[1],
        reduction: mean ? "mean" : "max",
      });
      const wanted = naive(whole, Math.min(rows, picture[0]), Math.min(channels, picture[1]), mean);
      expect([...small.data]).toEqual(wanted.map((v) => (Number.isNaN(v) ? v : expect.closeTo(v, 4))));
    }),
    { seed: 6, numRuns: 200 },
  );
});

test("axes keep the band and the time that they covered", () => {
  const whole = spectrogram(10, 1000, () => 1);
  const small = reduceSpectrogram(whole, { rows: 3, columns: 70 });
  const [before, after] = [bandEdgesMHz(whole.frequency), bandEdgesMHz(small.frequency)];
  expect(after.low).toBeCloseTo(before.low, 9);
  expect(after.high).toBeCloseTo(before.high, 9);
  expect(small.time.tsampS * small.time.nsamples).toBeCloseTo(20, 9);
  expect(small.time.tstartMjd).toBe(57_650);
});

test("a source is read in pieces of bounded size, and gives what the whole in memory gives", async () => {
  const channels = 2 ** 20 + 12_345;
  const line = 2 ** 20 + 77;
  const whole = spectrogram(18, channels, (t, f) => (f === line ? 1e6 + t : ((t * 7 + f * 13) % 101) - 50));
  const reads: number[] = [];
  const inner = memorySource(whole);
  const source: SpectrogramSource = {
    ...inner,
    read(range, into) {
      reads.push(into!.length);
      return inner.read(range, into);
    },
  };
  const range = { rowStart: 1, rowStop: 18, channelStart: 1000, channelStop: channels - 3 };
  const options = { rows: 9, columns: 640 };
  const progress: number[] = [];
  const small = await reduceSource(source, range, {
    ...options,
    onProgress: (done, total) => progress.push(done / total),
  });
  const wanted = reduceSpectrogram(await inner.read(range), options);
  expect(Buffer.compare(Buffer.from(small.data.buffer), Buffer.from(wanted.data.buffer))).toBe(0);
  expect(small.frequency).toEqual(wanted.frequency);
  expect(small.time).toEqual(wanted.time);
  expect(Math.max(...reads)).toBeLessThanOrEqual(2 ** 24);
  expect(reads.length).toBeGreaterThan(2);
  expect(progress.at(-1)).toBe(1);

  const bright = small.data.indexOf(1e6 + 3);
  expect(bright).toBeGreaterThanOrEqual(0);
  const frequencyMHz = channelFrequencyMHz(small.frequency, bright % 640);
  const channelsEach = small.frequency.foffMHz / whole.frequency.foffMHz;
  expect(Math.abs(frequencyMHz - channelFrequencyMHz(whole.frequency, line))).toBeLessThan(
    0.001 * (channelsEach / 2 + 1),
  );
});
