import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPieces } from "./pieces.ts";
import { followTime, type TimeProfile, timeGain } from "./time-profiles.ts";

const profiles: TimeProfile[] = [
  { shape: "steady" },
  { shape: "pulsed", periodS: 23, duty: 0.3, startS: -4 },
  { shape: "partial", startS: 31, stopS: 75 },
  { shape: "gaussian-pulses", periodS: 40, fwhmS: 9, startS: 11 },
  { shape: "gaussian-pulses", periodS: 10, fwhmS: 14 },
  { shape: "sine", periodS: 33, depth: 0.6, phase: 0.4 },
  { shape: "scintillating", timescaleS: 60, modulation: 1, seed: 2 },
];

describe("timeGain", () => {
  it("is the formula's", () => {
    const at = (profile: TimeProfile, ...times: number[]) => times.map(timeGain(profile));
    expect(at({ shape: "pulsed", periodS: 10, duty: 0.3, startS: 2 }, 1.9, 2, 4.9, 5, 12)).toEqual([
      0, 1, 1, 0, 1,
    ]);
    expect(at({ shape: "partial", startS: 3, stopS: 5 }, 2, 3, 4.9, 5)).toEqual([0, 1, 1, 0]);
    const pulses = at({ shape: "gaussian-pulses", periodS: 100, fwhmS: 8, startS: 50 }, 50, 54, 158, 0);
    expect(pulses).toEqual([1, 0.5, 0.0625, 0].map((x) => expect.closeTo(x, 4)));
    const sine = at({ shape: "sine", periodS: 8, depth: 0.5 }, 0, 2, 6);
    expect(sine).toEqual([1, 1.5, 0.5].map((x) => expect.closeTo(x, 10)));
  });

  it.each([0.3, 0.7, 1])("scintillates about 1 with modulation %d and its time scale", (modulation) => {
    const timescaleS = 10;
    const gain = timeGain({ shape: "scintillating", timescaleS, modulation, seed: 8 });
    // At the nodes, as between them the power is interpolated.
    const step = timescaleS / 8;
    const values = Array.from({ length: 200_000 }, (_, i) => gain(i * step));
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.abs(mean - 1)).toBeLessThan(0.03);
    expect(Math.abs(Math.sqrt(variance) - modulation)).toBeLessThan(0.03);
    // The power's correlation at lag t: Rice's mixture of the wave's, exp(-t / timescale), and its square.
    const scattered = 1 - Math.sqrt(1 - modulation ** 2);
    const r = Math.exp(-1);
    const expected = (2 * scattered * (1 - scattered) * r + scattered ** 2 * r * r) / modulation ** 2;
    let covariance = 0;
    for (let i = 0; i + 8 < values.length; i++) covariance += (values[i]! - mean) * (values[i + 8]! - mean);
    expect(Math.abs(covariance / (values.length - 8) / variance - expected)).toBeLessThan(0.05);
  });

  it("is exponential at modulation 1", () => {
    const gain = timeGain({ shape: "scintillating", timescaleS: 1, modulation: 1, seed: 1 });
    const values = Array.from({ length: 20_000 }, (_, i) => gain(3 * i));
    for (const level of [0.5, 1, 2, 3]) {
      const above = values.filter((x) => x > level).length / values.length;
      expect(Math.abs(above - Math.exp(-level))).toBeLessThan(0.02);
    }
  });
});

describe("pieces", () => {
  it("hold the gain's integral over any time", () => {
    const pieces = createPieces();
    fc.assert(
      fc.property(
        fc.constantFrom(...profiles),
        fc.double({ min: -20, max: 300, noNaN: true }),
        fc.double({ min: 0.1, max: 90, noNaN: true }),
        (profile, fromS, lengthS) => {
          pieces.count = 0;
          followTime(profile).pieces(fromS, fromS + lengthS, pieces);
          let found = 0;
          let endS = fromS;
          for (let i = 0; i < pieces.count; i++) {
            const [a, b, mean] = pieces.values.subarray(3 * i, 3 * i + 3) as unknown as number[];
            expect(a!).toBeGreaterThanOrEqual(endS);
            expect(b!).toBeGreaterThan(a!);
            endS = b!;
            found += (b! - a!) * mean!;
          }
          expect(endS).toBeLessThanOrEqual(fromS + lengthS);
          const gain = timeGain(profile);
          const steps = 20_000;
          let expected = 0;
          for (let i = 0; i < steps; i++) expected += gain(fromS + (lengthS * (i + 0.5)) / steps) / steps;
          expect(Math.abs(found / lengthS - expected)).toBeLessThan(1e-3);
        },
      ),
      { seed: 6, numRuns: 150 },
    );
  });
});
