import { describe, expect, it } from "vitest";
import { memorySource } from "../signal/memory-source.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { injectSignals, noiseNearPath, scanStarts } from "./inject.ts";
import { type Emitter, simulateObservation } from "./observation.ts";
import { addSignal, type ScanGrid, type Signal } from "./signals.ts";

const TSAMP_S = 18.25;
const FOFF_MHZ = -2.8e-6;
const NCHANS = 4096;
const SIGMA = 1000 * Math.sqrt(2 / 204);

/** Scans of noise, by default of chi-squared noise of mean 1000. */
function scans(count: number, rows = 16, emitters: Emitter[] = [], dof = 204): SpectrogramSource[] {
  const { cadence } = simulateObservation(
    {
      pattern: "A".repeat(count),
      rowsPerScan: rows,
      gapS: 30,
      frequency: { fch1MHz: 1420, foffMHz: FOFF_MHZ, nchans: NCHANS },
      tsampS: TSAMP_S,
      tstartMjd: 60_000,
      noise: { distribution: "chi-squared", mean: 1000, dof },
      emitters,
    },
    7,
  );
  return cadence.scans.map(({ source }) => source);
}

function needle(channel: number, changed: Partial<Signal> = {}, snr = 30): Emitter {
  const signal: Signal = {
    frequencyMHz: 1420 + channel * FOFF_MHZ,
    path: { shape: "linear", driftHzPerS: 0.4 },
    profile: { shape: "tone" },
    timeProfile: { shape: "steady" },
    ...changed,
  };
  return { kind: "needle", label: "needle", signal, strength: { snr }, scans: "on" };
}

const gridOf = ({ time, frequency }: SpectrogramSource, startS = 0): ScanGrid => ({
  time,
  frequency,
  startS,
});

/** Changes each pixel. */
async function changed(
  source: SpectrogramSource,
  change: (power: number, row: number, channel: number) => number,
): Promise<SpectrogramSource> {
  const whole = await source.read();
  return memorySource({
    ...whole,
    data: whole.data.map((power, i) => change(power, Math.floor(i / NCHANS), i % NCHANS)),
  });
}

describe("noiseNearPath", () => {
  const { signal } = needle(2000);

  it.each([
    ["as it is", (power: number) => power],
    [
      "with the band's slope and steps",
      (power: number, _row: number, channel: number) => power + 3 * channel + 5000 * (channel % 7),
    ],
    ["with rows of other levels", (power: number, row: number) => power + 900 * (row % 3) + 40 * row],
    [
      "with steady carriers",
      (power: number, _row: number, channel: number) => power + (channel % 50 === 0 ? 1e5 : 0),
    ],
    ["as whole numbers of few bits", (power: number) => Math.round(2 + (power - 1000) / SIGMA) * SIGMA],
  ] as const)("is the noise's deviation %s", async (name, change) => {
    const source = await changed(scans(1, 64)[0]!, change);
    const sigma = await noiseNearPath(source, gridOf(source), signal);
    // Rounding adds a twelfth of a step, squared.
    const expected = name.includes("bits") ? SIGMA * Math.sqrt(1 + 1 / 12) : SIGMA;
    expect(Math.abs(sigma / expected - 1)).toBeLessThan(0.02);
  });

  it("hardly sees strong signals across the path", async () => {
    const strong = [1900, 1950, 2000, 2050].map((channel) => ({
      ...needle(channel, {}, 500),
      label: "strong",
    }));
    const source = scans(1, 16, strong)[0]!;
    expect(Math.abs((await noiseNearPath(source, gridOf(source), signal)) / SIGMA - 1)).toBeLessThan(0.08);
  });

  it("follows the path: each part of the band has its own", async () => {
    const source = await changed(scans(1)[0]!, (power, _row, channel) =>
      channel < 2048 ? power : 5 * power,
    );
    const at = (channel: number) => noiseNearPath(source, gridOf(source), needle(channel).signal);
    expect((await at(3000)) / (await at(1000))).toBeCloseTo(5, 0);
  });

  it("needs no second row, and copes with long scans and skewed noise", async () => {
    const one = scans(1, 1)[0]!;
    expect(Math.abs((await noiseNearPath(one, gridOf(one), signal)) / SIGMA - 1)).toBeLessThan(0.15);
    const long = scans(1, 700, [], 8)[0]!;
    const sigma = await noiseNearPath(long, gridOf(long), signal);
    expect(Math.abs(sigma / 500 - 1)).toBeLessThan(0.03);
  });

  it("is NaN off the band, and refuses power that doesn't vary", async () => {
    const source = scans(1)[0]!;
    expect(await noiseNearPath(source, gridOf(source), needle(-900).signal)).toBeNaN();
    const level = await changed(source, () => 3);
    await expect(noiseNearPath(level, gridOf(level), signal)).rejects.toThrow("doesn't vary");
  });
});

describe("injectSignals", () => {
  it("adds the signal alone, in its scans alone, on a path that goes on between them", async () => {
    const sources = scans(4);
    const emitter = needle(2000, {
      path: { shape: "sine", driftHzPerS: 0.1, amplitudeHz: 300, periodS: 900 },
    });
    const { sources: injected, truth, scanStartS } = await injectSignals("ABAC", sources, [emitter]);
    expect(scanStartS.map((s) => Math.round(s))).toEqual([0, 322, 644, 966]);
    for (const [i, source] of injected.entries()) {
      const before = (await sources[i]!.read()).data;
      const after = (await source.read()).data;
      const expected = before.slice();
      if (i % 2 === 0) {
        const whole = { rowStart: 0, rowStop: 16, channelStart: 0, channelStop: NCHANS };
        addSignal(expected, whole, gridOf(source, scanStartS[i]!), emitter.signal, truth[0]!.rowPower);
      }
      expect(after).toEqual(expected);
      const piece = { rowStart: 3, rowStop: 9, channelStart: 1900, channelStop: 2300 };
      const part = (await source.read(piece)).data;
      expect(part.subarray(0, 400)).toEqual(after.subarray(3 * NCHANS + 1900, 3 * NCHANS + 2300));
    }
  });

  it.each(["matched", "cadence"] as const)("has the strength that is stated: %s", async (convention) => {
    const sources = scans(6);
    const partial = { shape: "partial", startS: 0, stopS: 800 } as const;
    const emitter = { ...needle(2000, { timeProfile: partial }), strength: { snr: 60, convention } };
    const { truth, sources: injected } = await injectSignals("ABACAD", sources, [emitter]);
    const { snrByScan, sigmaByScan } = truth[0]!;
    expect(sigmaByScan.map((sigma) => sigma > 0)).toEqual([true, false, true, false, true, false]);
    expect(snrByScan[4]).toBe(0);
    if (convention === "cadence") expect(Math.hypot(...snrByScan)).toBeCloseTo(60, 6);
    else expect(snrByScan[0]).toBeCloseTo(60, 6);
    // What a matched filter finds in the first scan, with the noise that was made.
    const [before, after] = await Promise.all([sources[0]!.read(), injected[0]!.read()]);
    const put = after.data.map((x, i) => x - before.data[i]!);
    let sum = 0;
    let squares = 0;
    put.forEach((weight, i) => {
      sum += weight * (after.data[i]! - 1000);
      squares += weight * weight;
    });
    expect(Math.abs(sum / Math.sqrt(squares) / SIGMA - snrByScan[0]!)).toBeLessThan(4);
  });

  it("leaves other IFs as they are", async () => {
    const [source] = scans(1) as [SpectrogramSource];
    const two: SpectrogramSource = {
      ...source,
      nifs: 2,
      read: ({ ifIndex: _, ...range } = {}, into) => source.read(range, into),
    };
    const { sources } = await injectSignals("A", [two], [needle(2000)], { ifIndex: 1 });
    const before = (await source.read()).data;
    expect((await sources[0]!.read({ ifIndex: 0 })).data).toEqual(before);
    expect((await sources[0]!.read({ ifIndex: 1 })).data).not.toEqual(before);
  });

  it("says what doesn't fit", async () => {
    const sources = scans(2);
    await expect(injectSignals("AB", sources, [needle(-5000)])).rejects.toThrow(
      "needle: it lies outside the band in all of its scans",
    );
    await expect(injectSignals("AB", sources, [{ ...needle(9), scans: [4] }])).rejects.toThrow(
      "it is in none of the 2 scans",
    );
    expect(() => scanStarts([sources[1]!, sources[0]!])).toThrow("it starts before");
    const other = { ...sources[1]!, time: { ...sources[1]!.time, tsampS: 2 } };
    expect(() => scanStarts([sources[0]!, other])).toThrow("its rows last 2 s");
  });

  it("puts scans one after another where their headers don't tell, or a gap is given", () => {
    const sources = scans(3);
    expect(scanStarts(sources, 8)).toEqual([0, 300, 600]);
    const unknown = sources.map((source) => ({ ...source, time: { ...source.time, tstartMjd: 0 } }));
    expect(scanStarts(unknown)).toEqual([0, 292, 584]);
  });
});
