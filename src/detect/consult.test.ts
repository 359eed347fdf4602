import { describe, expect, it } from "vitest";
import type { CadenceEvent } from "../signal/hit.ts";
import { type Emitter, simulateObservation } from "../simulate/observation.ts";
import type { Path } from "../simulate/paths.ts";
import { consultDetector, rankEvents } from "./consult.ts";
import { scoreEvents } from "./score-events.ts";
import { fakeDetector, middleLine } from "./testing/fake-detector.ts";

const FCH1_MHZ = 8420;
const FOFF_MHZ = -2.7939677238464355e-6;
const TSAMP_S = 18.253611008;
const GAP_S = 20;
const ROWS = 16;
const NCHANS = 8192;
const shape = { panels: 6, rows: 40, channels: 64 };

const emitter = (label: string, channel: number, path: Path, scans: Emitter["scans"], snr = 60): Emitter => ({
  kind: scans === "on" ? "needle" : "interference",
  label,
  scans,
  strength: { snr },
  signal: {
    frequencyMHz: FCH1_MHZ + channel * FOFF_MHZ,
    path,
    profile: { shape: "tone" },
    timeProfile: { shape: "steady" },
  },
});

const linear = (driftHzPerS: number): Path => ({ shape: "linear", driftHzPerS });
const { cadence } = simulateObservation(
  {
    pattern: "ABACAD",
    rowsPerScan: ROWS,
    gapS: GAP_S,
    frequency: { fch1MHz: FCH1_MHZ, foffMHz: FOFF_MHZ, nchans: NCHANS },
    tsampS: TSAMP_S,
    tstartMjd: 60_000,
    noise: { distribution: "chi-squared", mean: 1e9 },
    emitters: [
      emitter("slow", 1000, linear(-0.02), "on"),
      emitter("fast", 3000, linear(-3), "on", 300),
      emitter("S", 6016, { shape: "sine", driftHzPerS: 0, amplitudeHz: 15, periodS: 700 }, "on"),
      emitter("carrier", 7000, linear(0), "all", 300),
    ],
  },
  3,
);

const scanS = ROWS * TSAMP_S + GAP_S;
/** What a faultless drift search would say of a line. */
function eventOf(channel: number, driftHzPerS: number, snr: number): CadenceEvent {
  const hits = [0, 2, 4].map((scan) => {
    const startMHz = FCH1_MHZ + channel * FOFF_MHZ + driftHzPerS * scan * scanS * 1e-6;
    return {
      file: `${scan}.h5`,
      scan,
      frequencyMHz: startMHz,
      midFrequencyMHz: startMHz + 0.5e-6 * driftHzPerS * (ROWS - 1) * TSAMP_S,
      driftHzPerS,
      driftUncertaintyHzPerS: 0.001,
      snr,
      widthHz: 3,
      bandwidthHz: 6,
      coarseChannel: 0,
      channel: Math.round(channel),
    };
  });
  return { frequencyMHz: hits[0]!.frequencyMHz, driftHzPerS, snr, level: 3, hits };
}
const channelOf = (mhz: number) => (mhz - FCH1_MHZ) / FOFF_MHZ;

describe("the window of an event", () => {
  it("has its path in the middle, as many channels to a pixel as the path takes", async () => {
    const lines: { left: number; right: number }[] = [];
    const { panels, rows, channels } = shape;
    const detector = fakeDetector(shape, (image) => {
      // Where the brightest pixel of the first and of the last rows of the cadence's ON panels lies.
      const brightest = (row: number) => {
        const sums = Array.from(
          { length: channels },
          (_, c) => image[row * channels + c]! + image[(row + 1) * channels + c]!,
        );
        return sums.indexOf(Math.max(...sums));
      };
      lines.push({ left: brightest(0), right: brightest(((panels - 2) * rows + rows - 2) | 0) });
      return 0.5;
    });
    const scores = await scoreEvents(cadence, detector, [eventOf(1000, -0.02, 100), eventOf(3000, -3, 500)]);
    expect([...scores]).toEqual([0.5, 0.5]);
    // The whole path, with the last OFF scan's time, lies evenly about the middle, 32.
    const spans = [0.02, 3].map((drift) => (drift * (5 * scanS + ROWS * TSAMP_S)) / 2.794);
    for (const [i, span] of spans.entries()) {
      const scale = 2 ** Math.max(0, Math.ceil(Math.log2(span / 32)));
      const half = span / scale / 2;
      expect(Math.abs(lines[i]!.left - (32 - half))).toBeLessThan(2);
      const last = 32 - half + ((span / scale) * (4 * scanS + ROWS * TSAMP_S)) / (5 * scanS + ROWS * TSAMP_S);
      expect(Math.abs(lines[i]!.right - last)).toBeLessThan(2.5);
    }
    expect(spans[1]! / 32).toBeGreaterThan(32);
  });

  it("stays within the band", async () => {
    const detector = fakeDetector(shape, () => 1);
    const events = [eventOf(2, 0.4, 50), eventOf(NCHANS - 3, -0.1, 50), eventOf(4000, 40, 50)];
    expect([...(await scoreEvents(cadence, detector, events))]).toEqual([1, 1, 1]);
  });
});

describe("a detector beside the drift search", () => {
  it("scores events and finds the S that no event explains, not the carrier", async () => {
    const detector = fakeDetector(shape, middleLine(shape, 4));
    const events = [eventOf(7000, 0.05, 900), eventOf(3000, -3, 500), eventOf(1000, -0.02, 100)];
    const found = await consultDetector(cadence, detector, events, { scales: [1, 4], threshold: 0.9 });
    expect(found.notes).toEqual([]);
    const scores = new Map(found.events.map(({ snr, detectorScore }) => [snr, detectorScore]));
    expect(found.events[0]!.snr).toBe(100);
    expect(scores.get(100)).toBeGreaterThan(0.95);
    expect(scores.get(900)).toBeLessThan(0.1);
    const { candidates, windows, scales } = found.detector;
    expect(scales).toEqual([1, 4]);
    expect(windows).toBe(255 + 63);
    expect(candidates.length).toBe(1);
    const [low, high] = [channelOf(candidates[0]!.highMHz), channelOf(candidates[0]!.lowMHz)];
    expect(low).toBeLessThan(6011);
    expect(high).toBeGreaterThan(6021);
    expect(high - low).toBeLessThan(200);
    expect(candidates[0]!.score).toBeGreaterThan(0.99);
  });

  it("scores events alone where the band has more windows than it may look at", async () => {
    const detector = fakeDetector(shape, middleLine(shape, 4));
    const shares: number[] = [];
    const found = await consultDetector(cadence, detector, [eventOf(1000, -0.02, 100)], {
      scales: [1, 4],
      mostWindows: 255 + 62,
      onProgress: (share) => shares.push(share),
    });
    expect(found.detector).toMatchObject({ windows: 0, bandWindows: 255 + 63, candidates: [] });
    expect(found.events[0]!.detectorScore).toBeGreaterThan(0.95);
    expect(detector.batches).toEqual([1]);
    expect(shares).toEqual([1]);
  });

  it("is told of where the network gives no number", async () => {
    const detector = fakeDetector(shape, () => Number.NaN);
    const found = await consultDetector(cadence, detector, [eventOf(1000, -0.02, 100)], { scales: [4] });
    expect(found.notes).toEqual([
      "fake.onnx gives no number for 64 windows, which count as empty. Train it again.",
    ]);
    expect(found.events[0]!.detectorScore).toBeNaN();
    expect(found.detector.candidates).toEqual([]);
  });
});

it("events rank by level, then by whether the detector agrees, then by S/N", () => {
  const event = (level: 1 | 2 | 3, snr: number, detectorScore?: number) => ({
    ...eventOf(1000, 0, snr),
    level,
    ...(detectorScore === undefined ? {} : { detectorScore }),
  });
  const ranked = rankEvents(
    [
      event(2, 900, 1),
      event(3, 10, 0.95),
      event(3, 50, 0.2),
      event(3, 40, 0.9),
      event(3, 60, Number.NaN),
      event(3, 5),
    ],
    0.9,
  );
  expect(ranked.map(({ level, snr }) => [level, snr])).toEqual([
    [3, 40],
    [3, 10],
    [3, 60],
    [3, 50],
    [3, 5],
    [2, 900],
  ]);
});
