import { describe, expect, it } from "vitest";
import { makeCadence } from "../signal/cadence.ts";
import { memorySource } from "../signal/memory-source.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { randomStream, streamKey } from "../simulate/random.ts";
import { detect, windowStarts } from "./detect.ts";
import { fakeDetector } from "./testing/fake-detector.ts";

const FCH1_MHZ = 1420;
const FOFF_MHZ = -3e-6;
const shape = { panels: 6, rows: 4, channels: 6 };

function scanOf(salt: number, rows: number, nchans: number): SpectrogramSource {
  const random = randomStream(streamKey(salt, rows));
  return memorySource({
    data: Float32Array.from({ length: rows * nchans }, () => 100 + 5 * random.normal()),
    time: { tstartMjd: 60_000 + 0.01 * salt, tsampS: 10, nsamples: rows },
    frequency: { fch1MHz: FCH1_MHZ, foffMHz: FOFF_MHZ, nchans },
    header: {},
    source: `scan ${salt}`,
  });
}

const ROWS_IN = 8;
const NCHANS = 247;
const scans = Array.from({ length: 6 }, (_, salt) => scanOf(salt, ROWS_IN, NCHANS));
const cadence = makeCadence("ABACAD", scans);
const weights = Array.from({ length: 6 * 4 * 6 }, (_, i) => Math.sin(1 + 1.7 * i));
const linear = (image: Float32Array) =>
  1 / (1 + Math.exp(-image.reduce((sum, value, i) => sum + weights[i]! * value, 0) / 8));

/** What `linear` gives for a window, from the pixels of the scans, in float64. `turned`: channels the other way round. */
async function oracle(firstChannel: number, scale: number, turned = false): Promise<number> {
  const image: number[] = [];
  for (const scan of scans) {
    const { data } = await scan.read();
    const panel: number[] = [];
    for (let row = 0; row < shape.rows; row++) {
      for (let pixel = 0; pixel < shape.channels; pixel++) {
        const place = turned ? shape.channels - 1 - pixel : pixel;
        let sum = 0;
        for (const fine of [2 * row, 2 * row + 1]) {
          for (let c = 0; c < scale; c++) sum += data[fine * NCHANS + firstChannel + place * scale + c]!;
        }
        panel.push(sum);
      }
    }
    const mean = panel.reduce((a, b) => a + b) / panel.length;
    const deviation = Math.sqrt(panel.reduce((a, b) => a + (b - mean) ** 2, 0) / panel.length);
    image.push(...panel.map((value) => (value - mean) / deviation));
  }
  return 1 / (1 + Math.exp(-image.reduce((sum, value, i) => sum + weights[i]! * value, 0) / 8));
}

describe("windows", () => {
  it("are scored as they would be alone, wherever tiles are cut, at every scale", async () => {
    const shares: number[] = [];
    const { windows, scored } = await detect(cadence, fakeDetector(shape, linear), {
      scales: [1, 2],
      threshold: 0,
      onProgress: (share) => shares.push(share),
    });
    const starts = [windowStarts(NCHANS, 6), windowStarts(123, 6).map((start) => 2 * start)];
    expect(scored).toBe(starts.flat().length);
    expect(windows).toHaveLength(scored);
    expect(shares.length).toBeGreaterThan(3);
    expect(shares.at(-1)).toBe(1);
    const expected = await Promise.all(
      starts.flatMap((list, s) => list.map((start) => oracle(start, s + 1))),
    );
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.5);
    for (const [i, { lowMHz, highMHz, score, channelsPerPixel }] of windows.entries()) {
      const [scale, start] =
        i < starts[0]!.length ? [1, starts[0]![i]!] : [2, starts[1]![i - starts[0]!.length]!];
      expect(channelsPerPixel).toBe(scale);
      expect(highMHz).toBeCloseTo(FCH1_MHZ + (start - 0.5) * FOFF_MHZ, 9);
      expect(lowMHz).toBeCloseTo(FCH1_MHZ + (start + 6 * scale - 0.5) * FOFF_MHZ, 9);
      expect(score).toBeCloseTo(expected[i]!, 4);
    }
  });

  it("that can't reach the threshold are given up early, and no others", async () => {
    const detector = fakeDetector(shape, linear, { flips: "frequency" });
    const threshold = 0.7;
    const { windows } = await detect(cadence, detector, { scales: [1], threshold });
    const starts = windowStarts(NCHANS, 6);
    const means = await Promise.all(
      starts.map(async (start) => ((await oracle(start, 1)) + (await oracle(start, 1, true))) / 2),
    );
    const expected = means.filter((mean) => mean >= threshold);
    expect(expected.length).toBeGreaterThan(3);
    expect(windows.map(({ score }) => score.toFixed(3))).toEqual(expected.map((mean) => mean.toFixed(3)));
    const scored = detector.batches.reduce((a, b) => a + b);
    expect(scored).toBeGreaterThan(starts.length);
    expect(scored).toBeLessThan(1.6 * starts.length);
  });

  it("that the network gives no number for are counted", async () => {
    let calls = 0;
    const detector = fakeDetector(shape, () => (++calls % 5 === 0 ? Number.NaN : 1), { flips: "both" });
    const { windows, scored, unscored } = await detect(cadence, detector, { scales: [1] });
    expect(unscored).toBeGreaterThan(0);
    expect(windows.length + unscored).toBe(scored);
  });

  it("lie where the range is, and are told of as they are found", async () => {
    const told: number[] = [];
    const { windows, scales } = await detect(
      cadence,
      fakeDetector(shape, () => 1),
      {
        channelStart: 100,
        channelStop: 120,
        scales: [1, 2, 4],
        onWindows: (found) => told.push(...found.map(({ highMHz }) => highMHz)),
      },
    );
    expect(scales).toEqual([1, 2]);
    expect(told).toEqual(windows.map(({ highMHz }) => highMHz));
    const places = told.map((f) => Math.round((f - FCH1_MHZ) / FOFF_MHZ + 0.5));
    expect(places).toEqual([100, 103, 106, 109, 112, 114, 100, 106, 108]);
  });

  it("are looked at only in cadences that the detector knows", async () => {
    const detector = fakeDetector(shape, linear);
    await expect(detect(makeCadence("ABA", scans.slice(0, 3)), detector)).rejects.toThrow(
      "fake.onnx knows cadences of 6 scans, ON and OFF in turn; these are 3: ON OFF ON.",
    );
    await expect(detect(makeCadence("AABBCC", scans), detector)).rejects.toThrow("ON ON OFF OFF OFF OFF");
    await expect(detect(cadence, detector, { channelStart: 0, channelStop: 5 })).rejects.toThrow(
      "5 channels wide, and fake.onnx looks at 6 at once",
    );
  });

  it("stop when they are told to, and where the network fails", async () => {
    const stop = new AbortController();
    const stopping = detect(cadence, fakeDetector(shape, linear), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(stopping).rejects.toThrow("enough");
    const failing = fakeDetector(shape, () => {
      throw new Error("out of memory");
    });
    await expect(detect(cadence, failing)).rejects.toThrow("out of memory");
  });
});

it("starts of windows are half a window apart, and the last window ends with the band", () => {
  expect(windowStarts(20, 8)).toEqual([0, 4, 8, 12]);
  expect(windowStarts(21, 8)).toEqual([0, 4, 8, 12, 13]);
  expect(windowStarts(8, 8)).toEqual([0]);
  expect(windowStarts(3, 1)).toEqual([0, 1, 2]);
});
