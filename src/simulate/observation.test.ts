import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { exampleObservation } from "./example-observation.ts";
import { type Emitter, type ObservationSpec, simulateObservation } from "./observation.ts";
import { addSignal, type ScanGrid } from "./signals.ts";

const TSAMP_S = 18.253611008;

function spec(sign: 1 | -1, emitters: Emitter[]): ObservationSpec {
  return {
    pattern: "ABACAD",
    rowsPerScan: 16,
    gapS: 20,
    frequency: { fch1MHz: 1420, foffMHz: sign * 2.7939677238464355e-6, nchans: 2048 },
    tsampS: TSAMP_S,
    tstartMjd: 60_000,
    noise: { distribution: "chi-squared", mean: 1000 },
    bandpass: { channelsPerCoarse: 1024, slope: 0.2, dcSpike: 5 },
    emitters,
    header: { telescope_id: 6 },
    pointings: { A: { source_name: "TARGET" }, B: { source_name: "NEAR" } },
  };
}

const needle: Emitter = {
  kind: "needle",
  label: "needle",
  signal: {
    frequencyMHz: 1420.0006,
    path: { shape: "linear", driftHzPerS: 0.41 },
    profile: { shape: "tone" },
    timeProfile: { shape: "steady" },
  },
  strength: { snr: 40 },
  scans: "on",
};

/** The S/N found along a signal's true path with its true shape, the noise's mean and deviation known, the band level. */
async function foundSnr(source: SpectrogramSource, emitter: Emitter, startS: number): Promise<number> {
  const { time, frequency } = source;
  const grid: ScanGrid = { time, frequency, startS };
  const weights = new Float32Array(time.nsamples * frequency.nchans);
  const range = { rowStart: 0, rowStop: time.nsamples, channelStart: 0, channelStop: frequency.nchans };
  addSignal(weights, range, grid, emitter.signal, 1);
  const { data } = await source.read();
  let sum = 0;
  let squares = 0;
  weights.forEach((weight, i) => {
    sum += weight * (data[i]! - 1000);
    squares += weight * weight;
  });
  return sum / (Math.sqrt(squares) * 1000 * Math.sqrt(2 / 204));
}

const flat = (sign: 1 | -1, emitters: Emitter[]) => ({ ...spec(sign, emitters), bandpass: {} });

describe("simulateObservation", () => {
  it.each([1, -1] as const)(
    "puts a needle into the ON scans alone, on one path, foff's sign %i",
    async (sign) => {
      const moved = { ...needle, signal: { ...needle.signal, frequencyMHz: 1420 + sign * 0.003 } };
      const { cadence, scanStartS } = simulateObservation(flat(sign, [moved]), 3);
      for (const [i, { role, source }] of cadence.scans.entries()) {
        const snr = await foundSnr(source, moved, scanStartS[i]!);
        expect(Math.abs(snr - (role === "ON" ? 40 : 0))).toBeLessThan(4);
      }
    },
  );

  it("tells the truth: S/N in each scan as it is found", async () => {
    const sign = 1;
    const others: Emitter[] = [
      { ...needle, scans: "off", label: "off" },
      { ...needle, scans: [1, 2], label: "some" },
      {
        ...needle,
        scans: "all",
        signal: { ...needle.signal, timeProfile: { shape: "partial", startS: 400, stopS: 1_000 } },
      },
      { ...needle, scans: "all", signal: { ...needle.signal, path: { shape: "linear", driftHzPerS: -1 } } },
    ];
    for (const emitter of others) {
      const { cadence, truth, scanStartS } = simulateObservation(flat(sign, [emitter]), 4);
      const given = truth[0]!.snrByScan;
      expect(new Set(given.map((snr) => Math.round(snr))).size).toBeGreaterThan(1);
      for (const [i, { source }] of cadence.scans.entries()) {
        // What is found is weighed for a signal that is there; where it isn't in the band, there is nothing to weigh.
        const snr = await foundSnr(source, emitter, scanStartS[i]!);
        if (Number.isFinite(snr)) expect(Math.abs(snr - given[i]!)).toBeLessThan(4);
        else expect(given[i]).toBe(0);
      }
    }
  });

  it("takes an S/N as the convention says", () => {
    const partial = { shape: "partial", startS: 0, stopS: 200 } as const;
    const half = { ...needle, signal: { ...needle.signal, timeProfile: partial } };
    const truthOf = (emitter: Emitter) => simulateObservation(flat(1, [emitter]), 1).truth[0]!.snrByScan;
    const cadence = truthOf({ ...needle, strength: { snr: 60, convention: "cadence" } });
    expect(Math.hypot(...cadence)).toBeCloseTo(60, 8);
    expect(cadence[0]).toBeCloseTo(60 / Math.sqrt(3), 0);
    // Only what is there counts for the cadence's; the matched filter's of a scan is that of a signal that is on throughout.
    const halfCadence = truthOf({ ...half, strength: { snr: 60, convention: "cadence" } });
    expect(halfCadence[0]).toBeCloseTo(60, 8);
    const halfScan = truthOf({ ...half, strength: { snr: 60, convention: "matched" } });
    expect(halfScan[0]).toBeGreaterThan(60 * Math.sqrt((200 / TSAMP_S - 1) / 16));
    expect(halfScan[0]).toBeLessThan(60 * Math.sqrt((200 / TSAMP_S + 1) / 16));
    const still = {
      ...needle,
      signal: { ...needle.signal, path: { shape: "linear", driftHzPerS: 0 } as const },
    };
    const broad = { ...still, signal: { ...still.signal, profile: { shape: "box", widthHz: 28 } as const } };
    // setigen's peak level over w channels is sqrt(w) times the matched S/N.
    const setigen = truthOf({ ...broad, strength: { snr: 60, convention: "setigen" } });
    expect(Math.abs(setigen[0]! / 60 / Math.sqrt(10) - 1)).toBeLessThan(0.03);
    const gone = { ...half, scans: [3], strength: { snr: 60, convention: "cadence" } } as const;
    expect(() => truthOf(gone)).toThrow(
      "needle: nothing of this signal lies in the band and the time of its scans",
    );
  });

  it("refuses scans that are no scans, or so large that measuring their signals would not end", () => {
    const { frequency, ...rest } = spec(1, [needle]);
    for (const [rowsPerScan, nchans] of [
      [2 ** 24 + 1, 16],
      [2 ** 20, 2 ** 21],
      [1e300, 16],
      [0, 16],
      [16, Number.NaN],
    ] as const) {
      const vast = { ...rest, rowsPerScan, frequency: { ...frequency, nchans } };
      expect(() => simulateObservation(vast, 1)).toThrow(
        `A scan of ${rowsPerScan} rows x ${nchans} channels can't be simulated`,
      );
    }
  });

  it("gives the scans their times, headers and roles", () => {
    const { cadence, scanStartS } = simulateObservation(spec(1, []), 1);
    const scanS = 16 * TSAMP_S;
    expect(scanStartS).toEqual([0, 1, 2, 3, 4, 5].map((i) => i * (scanS + 20)));
    expect(cadence.scans[2]!.source.time.tstartMjd).toBeCloseTo(60_000 + (2 * (scanS + 20)) / 86_400, 10);
    expect(cadence.scans.map(({ role }) => role)).toEqual(["ON", "OFF", "ON", "OFF", "ON", "OFF"]);
    expect(cadence.scans[4]!.source.header).toEqual({ telescope_id: 6, source_name: "TARGET" });
    expect(cadence.scans[1]!.source.header.source_name).toBe("NEAR");
  });

  it("reads any piece with the bits that the whole has there, in any order", async () => {
    const interferer: Emitter = {
      ...needle,
      scans: "all",
      signal: {
        ...needle.signal,
        path: { shape: "linear", driftHzPerS: -2.3 },
        profile: { shape: "gaussian", fwhmHz: 11 },
      },
    };
    const { source } = simulateObservation(spec(-1, [needle, interferer]), 8).cadence.scans[2]!;
    const whole = await source.read();
    await fc.assert(
      fc.asyncProperty(fc.nat(15), fc.nat(15), fc.nat(2047), fc.nat(2047), async (a, b, c, d) => {
        const [rowStart, rowStop] = [Math.min(a, b), Math.max(a, b) + 1];
        const [channelStart, channelStop] = [Math.min(c, d), Math.max(c, d) + 1];
        const piece = await source.read({ rowStart, rowStop, channelStart, channelStop });
        const width = channelStop - channelStart;
        for (let row = rowStart; row < rowStop; row++) {
          const expected = whole.data.subarray(row * 2048 + channelStart, row * 2048 + channelStop);
          const found = piece.data.subarray((row - rowStart) * width, (row - rowStart + 1) * width);
          expect(Buffer.compare(bytes(found), bytes(expected))).toBe(0);
        }
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it("gives the same bytes for the same seed, and others for another, another scan", async () => {
    const hash = async (seed: number, scan: number) => {
      const { data } = await simulateObservation(spec(1, [needle]), seed).cadence.scans[scan]!.source.read();
      return createHash("sha256").update(bytes(data)).digest("hex");
    };
    expect(await hash(1, 0)).toBe(await hash(1, 0));
    expect(new Set([await hash(1, 0), await hash(2, 0), await hash(1, 2)]).size).toBe(3);
  });

  it("follows the bandpass with noise and signals alike", async () => {
    const { source } = simulateObservation(spec(1, []), 2).cadence.scans[0]!;
    const { data } = await source.read();
    const column = (channel: number) => {
      let sum = 0;
      for (let row = 0; row < 16; row++) for (let k = 0; k < 8; k++) sum += data[row * 2048 + channel + k]!;
      return sum / (16 * 8 * 1000);
    };
    const error = 4 * Math.sqrt(2 / 204 / 128);
    expect(Math.abs(column(200) / (1 + 0.2 * (204 / 2048 - 0.5)) - 1)).toBeLessThan(error);
    expect(Math.abs(column(1800) / (1 + 0.2 * (1804 / 2048 - 0.5)) - 1)).toBeLessThan(error);
    expect(column(0)).toBeLessThan(0.6);
    let dc = 0;
    for (let row = 0; row < 16; row++) dc += data[row * 2048 + 512]! / 16;
    expect(dc / 1000 / 0.95).toBeGreaterThan(5);
  });
});

describe("exampleObservation", () => {
  it("has nine needles and ten interferers, as the seed says", () => {
    const { truth } = exampleObservation(1);
    const needles = truth.filter(({ kind }) => kind === "needle");
    const shapes = needles.map(({ signal }) => `${signal.path.shape} ${signal.timeProfile.shape}`);
    expect(shapes.sort()).toEqual([
      "linear pulsed",
      ...new Array(6).fill("linear steady"),
      "random-walk steady",
      "sine steady",
    ]);
    expect(truth.filter(({ kind }) => kind === "interference")).toHaveLength(10);
    expect(exampleObservation(1).truth).toEqual(truth);
    expect(exampleObservation(2).truth).not.toEqual(truth);
  });

  it.each([1, 2, 3, 4, 5])("keeps its needles in the band and off its DC channel, seed %i", (seed) => {
    const { truth, cadence, scanStartS } = exampleObservation(seed);
    const { frequency } = cadence.scans[0]!.source;
    const endS = scanStartS[5]! + 16 * TSAMP_S;
    for (const { kind, snrByScan, frequencyMHz, driftHzPerS } of truth) {
      if (kind !== "needle") continue;
      snrByScan.forEach((snr, scan) => {
        expect(snr > 10).toBe(scan % 2 === 0);
      });
      const channels = [0, endS].map(
        (t) => (frequencyMHz + driftHzPerS * t * 1e-6 - frequency.fch1MHz) / frequency.foffMHz,
      );
      expect(Math.min(...channels)).toBeGreaterThan(frequency.nchans / 32);
      expect(Math.max(...channels)).toBeLessThan((frequency.nchans * 31) / 32);
    }
  });
});

function bytes(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
