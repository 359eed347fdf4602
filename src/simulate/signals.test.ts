import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FrequencyProfile, LineShape } from "./frequency-profiles.ts";
import type { Path } from "./paths.ts";
import {
  addSignal,
  matchedSnr,
  rowPowerBySetigen,
  rowPowerForSnr,
  type ScanGrid,
  type Signal,
  signalFrequencyMHz,
} from "./signals.ts";
import { type TimeProfile, timeGain } from "./time-profiles.ts";

const FOFF_HZ = 2.7939677238464355;
const TSAMP_S = 18.253611008;
const STEADY: TimeProfile = { shape: "steady" };

function grid(sign: 1 | -1, nchans = 600, nsamples = 8, startS = 0): ScanGrid {
  return {
    frequency: { fch1MHz: 1420, foffMHz: sign * FOFF_HZ * 1e-6, nchans },
    time: { tstartMjd: 0, tsampS: TSAMP_S, nsamples },
    startS,
  };
}

/** A signal that is at this channel (with its fraction) at the centre of the observation's first row. */
function signalAt(
  { frequency }: ScanGrid,
  channel: number,
  path: number | Path,
  profile: FrequencyProfile,
  timeProfile = STEADY,
): Signal {
  return {
    frequencyMHz: frequency.fch1MHz + channel * frequency.foffMHz,
    path: typeof path === "number" ? { shape: "linear", driftHzPerS: path } : path,
    profile,
    timeProfile,
  };
}

function pixels(scan: ScanGrid, signal: Signal): Float32Array {
  const { nchans } = scan.frequency;
  const { nsamples } = scan.time;
  const data = new Float32Array(nsamples * nchans);
  addSignal(data, { rowStart: 0, rowStop: nsamples, channelStart: 0, channelStop: nchans }, scan, signal, 1);
  return data;
}

function rowOf(data: Float32Array, row: number, nchans = 600): Float32Array {
  return data.subarray(row * nchans, (row + 1) * nchans);
}

/** The same pixels by walking through each row in small steps of time and, for signals with a width, of frequency. */
function pixelsByWalking(scan: ScanGrid, signal: Signal, steps = 500): Float64Array {
  const { nchans, foffMHz, fch1MHz } = scan.frequency;
  const data = new Float64Array(scan.time.nsamples * nchans);
  const samples = frequencySamples(signal.profile);
  for (let row = 0; row < scan.time.nsamples; row++) {
    for (let step = 0; step < steps; step++) {
      const timeS = scan.startS + (row + (step + 0.5) / steps) * TSAMP_S;
      const strength = strengthAt(signal.timeProfile, timeS) / steps;
      if (strength === 0) continue;
      const at = (signalFrequencyMHz(signal, TSAMP_S, timeS) - fch1MHz) / foffMHz;
      for (const { offsetHz, weight, isTone } of samples) {
        const here = at + (offsetHz * 1e-6) / foffMHz;
        if (!isTone) deposit(Math.round(here), row, weight * strength);
        else {
          for (let channel = Math.ceil(here - 31); channel <= here + 31; channel++) {
            const x = Math.PI * (channel - here);
            deposit(channel, row, (x === 0 ? 1 : (Math.sin(x) / x) ** 2) * weight * strength);
          }
        }
      }
    }
  }
  return data;

  function deposit(channel: number, row: number, power: number) {
    if (channel >= 0 && channel < nchans) data[row * nchans + channel]! += power;
  }
}

interface FrequencySample {
  readonly offsetHz: number;
  readonly weight: number;
  readonly isTone?: boolean;
}

function frequencySamples(profile: FrequencyProfile, n = 1_001): FrequencySample[] {
  switch (profile.shape) {
    case "tone":
      return [{ offsetHz: 0, weight: 1, isTone: true }];
    case "box":
      return Array.from({ length: n }, (_, i) => ({
        offsetHz: ((i + 0.5) / n - 0.5) * profile.widthHz,
        weight: 1 / n,
      }));
    case "gaussian": {
      const points = Array.from({ length: n }, (_, i) => {
        const offsetHz = ((i + 0.5) / n - 0.5) * 5 * profile.fwhmHz;
        return { offsetHz, weight: 2 ** -(4 * (offsetHz / profile.fwhmHz) ** 2) };
      });
      const total = points.reduce((sum, { weight }) => sum + weight, 0);
      return points.map(({ offsetHz, weight }) => ({ offsetHz, weight: weight / total }));
    }
    case "lorentzian":
      return Array.from({ length: n }, (_, i) => ({
        offsetHz: 0.5 * profile.fwhmHz * Math.tan(Math.PI * ((i + 0.5) / n - 0.5)),
        weight: 1 / n,
      }));
    case "voigt": {
      const wide = frequencySamples({ shape: "lorentzian", fwhmHz: profile.lorentzianFwhmHz }, 101);
      return frequencySamples({ shape: "gaussian", fwhmHz: profile.gaussianFwhmHz }, 51).flatMap((a) =>
        wide.map((b) => ({ offsetHz: a.offsetHz + b.offsetHz, weight: a.weight * b.weight })),
      );
    }
    case "lines": {
      const total = profile.lines.reduce((sum, { weight }) => sum + weight, 0);
      return profile.lines.flatMap(({ offsetHz, weight, profile: line }) =>
        frequencySamples(line).map((sample) => ({
          ...sample,
          offsetHz: offsetHz + sample.offsetHz,
          weight: (weight * sample.weight) / total,
        })),
      );
    }
  }
}

function strengthAt(profile: TimeProfile, timeS: number): number {
  if (profile.shape === "steady") return 1;
  if (profile.shape === "partial") return timeS >= profile.startS && timeS < profile.stopS ? 1 : 0;
  if (profile.shape !== "pulsed") return timeGain(profile)(timeS);
  const phase = (timeS - (profile.startS ?? 0)) / profile.periodS;
  return phase - Math.floor(phase) < profile.duty ? 1 : 0;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

const profiles: LineShape[] = [
  { shape: "tone" },
  { shape: "box", widthHz: 1.1 },
  { shape: "box", widthHz: 41 },
  { shape: "gaussian", fwhmHz: 2 },
  { shape: "gaussian", fwhmHz: 23 },
];
const cases = profiles.flatMap((profile) =>
  ([1, -1] as const).flatMap((sign) =>
    [0, 0.09, -0.31, 3.7, -3.7].map((drift) => ({ profile, sign, drift })),
  ),
);

describe("addSignal", () => {
  it.each(cases)("agrees with a walk in small steps: %j", ({ profile, sign, drift }) => {
    const scan = grid(sign, 600, 3);
    const signal = signalAt(scan, 300.3, drift, profile);
    const expected = pixelsByWalking(scan, signal);
    const found = pixels(scan, signal);
    // The walk's own steps: a five hundredth of the row in time, a thousandth of the line in frequency.
    expect(largestDifference(expected, found)).toBeLessThan(profile.shape === "tone" ? 2e-4 : 4e-3);
  });

  it.each([
    { shape: "pulsed", periodS: 7, duty: 0.3, startS: 2 },
    { shape: "pulsed", periodS: 100, duty: 0.4 },
    { shape: "partial", startS: 31, stopS: 60 },
  ] as const)("agrees with a walk where the signal is not steady: %j", (timeProfile) => {
    for (const sign of [1, -1] as const) {
      const scan = grid(sign, 600, 6, 5);
      const signal = signalAt(scan, 300.3, -1.3, { shape: "box", widthHz: 5 }, timeProfile);
      const expected = pixelsByWalking(scan, signal);
      const found = pixels(scan, signal);
      expect(Math.max(...expected)).toBeGreaterThan(0.02);
      expect(largestDifference(expected, found)).toBeLessThan(3e-3);
    }
  });

  it.each<[Path, number]>([
    [{ shape: "quadratic", driftHzPerS: -0.6, driftRateHzPerS2: 0.02 }, 1e-3],
    [{ shape: "sine", driftHzPerS: 0.2, amplitudeHz: 60, periodS: 300, phase: 0.3 }, 1e-3],
    // Turns several times in each row.
    [{ shape: "sine", driftHzPerS: 0, amplitudeHz: 90, periodS: 7 }, 2e-3],
    [{ shape: "random-walk", driftHzPerS: 0.3, stepHz: 11, stepS: 6, seed: 5 }, 1e-3],
    [{ shape: "random-walk", driftHzPerS: 0, stepHz: 40, stepS: 60, seed: 6 }, 1e-3],
    [{ shape: "stepped", driftHzPerS: -0.1, stepHz: 25, stepS: 11 }, 2e-3],
    [{ shape: "stepped", driftHzPerS: 0, stepHz: 25, stepS: 40, seed: 7 }, 2e-3],
    [{ shape: "hopping", driftHzPerS: 0.4, spreadHz: 300, stepS: 13, seed: 8 }, 2e-3],
  ])("follows any path as a walk does: %j", (path, most) => {
    for (const sign of [1, -1] as const) {
      const scan = grid(sign, 600, 6, 100);
      const signal = signalAt(scan, 300.3, path, { shape: "tone" });
      const expected = pixelsByWalking(scan, signal);
      expect(Math.max(...expected)).toBeGreaterThan(0.02);
      expect(largestDifference(expected, pixels(scan, signal))).toBeLessThan(most);
    }
  });

  it.each<[FrequencyProfile, number]>([
    [{ shape: "lorentzian", fwhmHz: 1 }, 3e-3],
    [{ shape: "lorentzian", fwhmHz: 17 }, 3e-3],
    // As exact as the approximation is.
    [{ shape: "voigt", gaussianFwhmHz: 20, lorentzianFwhmHz: 12 }, 4e-3],
    [
      {
        shape: "lines",
        lines: [
          { offsetHz: -40.5, weight: 1, profile: { shape: "tone" } },
          { offsetHz: 0, weight: 2, profile: { shape: "gaussian", fwhmHz: 6 } },
          { offsetHz: 33, weight: 1, profile: { shape: "box", widthHz: 9 } },
        ],
      },
      3e-3,
    ],
  ])("shares power out as a walk does: %j", (profile, most) => {
    for (const drift of [0, 0.07, -1.9]) {
      for (const sign of [1, -1] as const) {
        const scan = grid(sign, 600, 2);
        const signal = signalAt(scan, 300.3, drift, profile);
        const expected = pixelsByWalking(scan, signal, 211);
        expect(Math.max(...expected)).toBeGreaterThan(0.01);
        expect(largestDifference(expected, pixels(scan, signal))).toBeLessThan(most);
      }
    }
  });

  it.each<TimeProfile>([
    { shape: "gaussian-pulses", periodS: 31, fwhmS: 6, startS: 3 },
    { shape: "sine", periodS: 25, depth: 0.8, phase: 0.1 },
    { shape: "scintillating", timescaleS: 40, modulation: 0.9, seed: 4 },
  ])("changes in strength along the way as a walk does: %j", (timeProfile) => {
    const scan = grid(-1, 600, 6, 50);
    const signal = signalAt(scan, 300.3, 0.9, { shape: "tone" }, timeProfile);
    const expected = pixelsByWalking(scan, signal);
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
    expect(largestDifference(expected, pixels(scan, signal))).toBeLessThan(3e-3);
  });

  it("gives every row the row's power, centred on the path, for any drift, axis, place and width", () => {
    const profile = fc.oneof(
      fc.double({ min: 0, max: 80, noNaN: true }).map((widthHz) => ({ shape: "box", widthHz }) as const),
      fc.double({ min: 0.5, max: 40, noNaN: true }).map((fwhmHz) => ({ shape: "gaussian", fwhmHz }) as const),
    );
    fc.assert(
      fc.property(
        profile,
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.double({ min: 299, max: 301, noNaN: true }),
        fc.constantFrom(1 as const, -1 as const),
        (shape, drift, channel, sign) => {
          const scan = grid(sign);
          const signal = signalAt(scan, channel, drift, shape);
          const data = pixels(scan, signal);
          for (let row = 0; row < 8; row++) {
            const powers = rowOf(data, row);
            const total = powers.reduce((sum, x) => sum + x, 0);
            expect(Math.abs(total - 1)).toBeLessThan(1e-5);
            const centre = powers.reduce((sum, x, i) => sum + x * i, 0) / total;
            const path = channel + (sign * drift * row * TSAMP_S) / FOFF_HZ;
            // Where the signal is narrower than a channel, power counts at the centre of the channel that it is in.
            expect(Math.abs(centre - path)).toBeLessThan(0.501);
            const width = "widthHz" in shape ? shape.widthHz : shape.fwhmHz;
            if (width > 4 * FOFF_HZ) expect(Math.abs(centre - path)).toBeLessThan(0.05);
            expect(Math.min(...powers)).toBeGreaterThan(-1e-8);
          }
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  it("gives a tone all but the cut 0.32 % and a sinc squared across the channels", () => {
    const scan = grid(-1, 2000, 2);
    const powers = pixels(scan, signalAt(scan, 1000.25, 0, { shape: "tone" })).subarray(0, 2000);
    expect(powers[1000]).toBeCloseTo(Math.sin(Math.PI / 4) ** 2 / (Math.PI / 4) ** 2, 6);
    expect(powers[1001]).toBeCloseTo(Math.sin(Math.PI / 4) ** 2 / ((3 * Math.PI) / 4) ** 2, 6);
    const total = powers.reduce((sum, x) => sum + x, 0);
    expect(total).toBeGreaterThan(0.9965);
    expect(total).toBeLessThan(1);
  });

  it.each([1, -1] as const)("cuts what lies past either end of the band, foff's sign %i", (sign) => {
    const wide = grid(sign, 1400);
    const shifted = { ...wide.frequency, fch1MHz: wide.frequency.fch1MHz + 400 * wide.frequency.foffMHz };
    const narrow: ScanGrid = { ...wide, frequency: { ...shifted, nchans: 600 } };
    for (const [channel, drift] of [
      [5, 3],
      [5, -3],
      [590, 3],
      [590, -3],
      [-3, 0.2],
      [603, -0.2],
    ] as const) {
      for (const profile of profiles) {
        const signal = signalAt(narrow, channel, drift, profile);
        const inside = pixels(narrow, signal);
        const all = pixels(wide, signal);
        for (let row = 0; row < 8; row++) {
          const expected = rowOf(all, row, 1400).subarray(400, 1000);
          const error = rowOf(inside, row).map((x, i) => Math.abs(x - expected[i]!));
          // The two axes' frequencies differ in their last digit.
          expect(Math.max(...error)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it("gives a piece the bits that the whole has there", () => {
    const scan = grid(-1, 600, 8, 40);
    const paths: Path[] = [
      { shape: "linear", driftHzPerS: 1.9 },
      { shape: "hopping", driftHzPerS: 0.4, spreadHz: 300, stepS: 13, seed: 8 },
      { shape: "sine", driftHzPerS: 0, amplitudeHz: 90, periodS: 70 },
    ];
    for (const path of paths) {
      for (const profile of [
        ...profiles,
        { shape: "voigt", gaussianFwhmHz: 5, lorentzianFwhmHz: 9 } as const,
      ]) {
        const signal = signalAt(scan, 290.7, path, profile);
        const whole = pixels(scan, signal);
        const piece = new Float32Array(3 * 50);
        addSignal(piece, { rowStart: 2, rowStop: 5, channelStart: 220, channelStop: 270 }, scan, signal, 1);
        expect(Math.max(...piece)).toBeGreaterThan(path.shape === "linear" ? 0.01 : 1e-9);
        for (let row = 0; row < 3; row++) {
          expect(piece.subarray(row * 50, (row + 1) * 50)).toEqual(rowOf(whole, row + 2).subarray(220, 270));
        }
      }
    }
  });
});

describe("strength", () => {
  it.each(cases)(
    "a signal made for an S/N has it, weighing pixels by their power: %j",
    ({ profile, sign, drift }) => {
      const scan = grid(sign, 1200, 8);
      const signal = signalAt(scan, 600.3, drift, profile);
      const sigma = 0.14;
      const power = rowPowerForSnr(scan, signal, 25, sigma);
      const data = pixels(scan, signal).map((x) => x * power);
      const weighed = data.reduce((sum, x) => sum + x * x, 0) / (sigma * Math.hypot(...data));
      expect(weighed).toBeCloseTo(25, 3);
      expect(matchedSnr(scan, signal, power, sigma)).toBeCloseTo(25, 3);
    },
  );

  it("counts only what is on and in the band", () => {
    const scan = grid(1);
    const half = signalAt(
      scan,
      300,
      0,
      { shape: "box", widthHz: 0 },
      { shape: "partial", startS: 0, stopS: 4 * TSAMP_S },
    );
    const power = rowPowerForSnr(scan, half, 10, 1);
    expect(power).toBeCloseTo(10 / Math.sqrt(8), 10);
    expect(matchedSnr(scan, half, power, 1)).toBeCloseTo(10 / Math.SQRT2, 10);
    const outside = signalAt(scan, -5, 0, { shape: "box", widthHz: 0 });
    expect(matchedSnr(scan, outside, power, 1)).toBe(0);
  });

  it("is setigen's for a signal that fills one channel, and by the peak level for others", () => {
    const scan = grid(-1, 600, 16);
    const oneChannel = signalAt(scan, 300, 0, { shape: "box", widthHz: FOFF_HZ });
    expect(rowPowerBySetigen(scan, oneChannel, 30, 2)).toBeCloseTo((30 * 2) / 4, 10);
    expect(rowPowerForSnr(scan, oneChannel, 30, 2)).toBeCloseTo((30 * 2) / 4, 6);
    const broad = signalAt(scan, 300, 0, { shape: "gaussian", fwhmHz: 50 });
    const power = rowPowerBySetigen(scan, broad, 30, 2);
    expect(Math.max(...pixels(scan, broad)) * power).toBeCloseTo(15, 1);
  });
});
