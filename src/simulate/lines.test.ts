import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addLine,
  type Line,
  type LineProfile,
  lineFrequencyMHz,
  matchedSnr,
  rowPowerBySetigen,
  rowPowerForSnr,
  type ScanGrid,
  type TimeProfile,
} from "./lines.ts";

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

/** A line that is at this channel (with its fraction) at the centre of the observation's first row. */
function lineAt(
  { frequency }: ScanGrid,
  channel: number,
  driftHzPerS: number,
  profile: LineProfile,
  timeProfile = STEADY,
): Line {
  return {
    frequencyMHz: frequency.fch1MHz + channel * frequency.foffMHz,
    driftHzPerS,
    profile,
    timeProfile,
  };
}

function pixels(scan: ScanGrid, line: Line): Float32Array {
  const { nchans } = scan.frequency;
  const { nsamples } = scan.time;
  const data = new Float32Array(nsamples * nchans);
  addLine(data, { rowStart: 0, rowStop: nsamples, channelStart: 0, channelStop: nchans }, scan, line, 1);
  return data;
}

function rowOf(data: Float32Array, row: number, nchans = 600): Float32Array {
  return data.subarray(row * nchans, (row + 1) * nchans);
}

/** The same pixels by walking through each row in small steps of time and, for lines with a width, of frequency. */
function pixelsByWalking(scan: ScanGrid, line: Line): Float64Array {
  const { nchans, foffMHz, fch1MHz } = scan.frequency;
  const data = new Float64Array(scan.time.nsamples * nchans);
  const steps = 1_000;
  const samples = frequencySamples(line.profile);
  for (let row = 0; row < scan.time.nsamples; row++) {
    for (let step = 0; step < steps; step++) {
      const timeS = scan.startS + (row + (step + 0.5) / steps) * TSAMP_S;
      if (!isOn(line.timeProfile, timeS)) continue;
      const at = (lineFrequencyMHz(line, TSAMP_S, timeS) - fch1MHz) / foffMHz;
      if (line.profile.shape === "tone") {
        for (let channel = Math.ceil(at - 40); channel <= at + 40; channel++) {
          const x = Math.PI * (channel - at);
          deposit(channel, row, x === 0 ? 1 / steps : (Math.sin(x) / x) ** 2 / steps);
        }
        continue;
      }
      for (const { offsetHz, weight } of samples) {
        deposit(Math.round(at + offsetHz / FOFF_HZ), row, weight / steps);
      }
    }
  }
  return data;

  function deposit(channel: number, row: number, power: number) {
    if (channel >= 0 && channel < nchans) data[row * nchans + channel]! += power;
  }
}

function frequencySamples(profile: LineProfile): { offsetHz: number; weight: number }[] {
  const n = 1_001;
  if (profile.shape === "tone") return [];
  if (profile.shape === "box") {
    return Array.from({ length: n }, (_, i) => ({
      offsetHz: ((i + 0.5) / n - 0.5) * profile.widthHz,
      weight: 1 / n,
    }));
  }
  const points = Array.from({ length: n }, (_, i) => {
    const offsetHz = ((i + 0.5) / n - 0.5) * 5 * profile.fwhmHz;
    return { offsetHz, weight: 2 ** -(4 * (offsetHz / profile.fwhmHz) ** 2) };
  });
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  return points.map(({ offsetHz, weight }) => ({ offsetHz, weight: weight / total }));
}

function isOn(profile: TimeProfile, timeS: number): boolean {
  if (profile.shape === "steady") return true;
  if (profile.shape === "partial") return timeS >= profile.startS && timeS < profile.stopS;
  const phase = (timeS - (profile.startS ?? 0)) / profile.periodS;
  return phase - Math.floor(phase) < profile.duty;
}

const profiles: LineProfile[] = [
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

describe("addLine", () => {
  it.each(cases)("agrees with a walk in small steps: %j", ({ profile, sign, drift }) => {
    const scan = grid(sign, 600, 3);
    const line = lineAt(scan, 300.3, drift, profile);
    const expected = pixelsByWalking(scan, line);
    const found = pixels(scan, line);
    // The walk's own steps: a thousandth of the row in time and of the line in frequency.
    const worst = expected.reduce((most, x, i) => {
      const far = profile.shape === "tone" && x === 0;
      return far ? most : Math.max(most, Math.abs(x - found[i]!));
    }, 0);
    expect(worst).toBeLessThan(profile.shape === "tone" ? 2e-3 : 4e-3);
  });

  it.each([
    { shape: "pulsed", periodS: 7, duty: 0.3, startS: 2 },
    { shape: "pulsed", periodS: 100, duty: 0.4 },
    { shape: "partial", startS: 31, stopS: 60 },
  ] as const)("agrees with a walk where the line is not steady: %j", (timeProfile) => {
    for (const sign of [1, -1] as const) {
      const scan = grid(sign, 600, 6, 5);
      const line = lineAt(scan, 300.3, -1.3, { shape: "box", widthHz: 5 }, timeProfile);
      const expected = pixelsByWalking(scan, line);
      const found = pixels(scan, line);
      expect(Math.max(...expected)).toBeGreaterThan(0.02);
      expect(Math.max(...expected.map((x, i) => Math.abs(x - found[i]!)))).toBeLessThan(3e-3);
    }
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
          const line = lineAt(scan, channel, drift, shape);
          const data = pixels(scan, line);
          for (let row = 0; row < 8; row++) {
            const powers = rowOf(data, row);
            const total = powers.reduce((sum, x) => sum + x, 0);
            expect(Math.abs(total - 1)).toBeLessThan(1e-5);
            const centre = powers.reduce((sum, x, i) => sum + x * i, 0) / total;
            const path = channel + (sign * drift * row * TSAMP_S) / FOFF_HZ;
            // Where the line is narrower than a channel, power counts at the centre of the channel that it is in.
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

  it("gives a tone all but the cut 0.04 % and a sinc squared across the channels", () => {
    const scan = grid(-1, 2000, 2);
    const powers = pixels(scan, lineAt(scan, 1000.25, 0, { shape: "tone" })).subarray(0, 2000);
    expect(powers[1000]).toBeCloseTo(Math.sin(Math.PI / 4) ** 2 / (Math.PI / 4) ** 2, 6);
    expect(powers[1001]).toBeCloseTo(Math.sin(Math.PI / 4) ** 2 / ((3 * Math.PI) / 4) ** 2, 6);
    const total = powers.reduce((sum, x) => sum + x, 0);
    expect(total).toBeGreaterThan(0.9995);
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
        const line = lineAt(narrow, channel, drift, profile);
        const inside = pixels(narrow, line);
        const all = pixels(wide, line);
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
    const line = lineAt(scan, 290.7, 1.9, { shape: "tone" });
    const whole = pixels(scan, line);
    const piece = new Float32Array(3 * 50);
    addLine(piece, { rowStart: 2, rowStop: 5, channelStart: 220, channelStop: 270 }, scan, line, 1);
    expect(Math.max(...piece)).toBeGreaterThan(0.05);
    for (let row = 0; row < 3; row++) {
      expect(piece.subarray(row * 50, (row + 1) * 50)).toEqual(rowOf(whole, row + 2).subarray(220, 270));
    }
  });
});

describe("strength", () => {
  it.each(cases)(
    "a line made for an S/N has it, weighing pixels by their power: %j",
    ({ profile, sign, drift }) => {
      const scan = grid(sign, 1200, 8);
      const line = lineAt(scan, 600.3, drift, profile);
      const sigma = 0.14;
      const power = rowPowerForSnr(scan, line, 25, sigma);
      const data = pixels(scan, line).map((x) => x * power);
      const weighed = data.reduce((sum, x) => sum + x * x, 0) / (sigma * Math.hypot(...data));
      expect(weighed).toBeCloseTo(25, 3);
      expect(matchedSnr(scan, line, power, sigma)).toBeCloseTo(25, 3);
    },
  );

  it("counts only what is on and in the band", () => {
    const scan = grid(1);
    const half = lineAt(
      scan,
      300,
      0,
      { shape: "box", widthHz: 0 },
      { shape: "partial", startS: 0, stopS: 4 * TSAMP_S },
    );
    const power = rowPowerForSnr(scan, half, 10, 1);
    expect(power).toBeCloseTo(10 / Math.sqrt(8), 10);
    expect(matchedSnr(scan, half, power, 1)).toBeCloseTo(10 / Math.SQRT2, 10);
    const outside = lineAt(scan, -5, 0, { shape: "box", widthHz: 0 });
    expect(matchedSnr(scan, outside, power, 1)).toBe(0);
  });

  it("is setigen's for a line that fills one channel, and by the peak level for others", () => {
    const scan = grid(-1, 600, 16);
    const oneChannel = lineAt(scan, 300, 0, { shape: "box", widthHz: FOFF_HZ });
    expect(rowPowerBySetigen(scan, oneChannel, 30, 2)).toBeCloseTo((30 * 2) / 4, 10);
    expect(rowPowerForSnr(scan, oneChannel, 30, 2)).toBeCloseTo((30 * 2) / 4, 6);
    const broad = lineAt(scan, 300, 0, { shape: "gaussian", fwhmHz: 50 });
    const power = rowPowerBySetigen(scan, broad, 30, 2);
    expect(Math.max(...pixels(scan, broad)) * power).toBeCloseTo(15, 1);
  });
});
