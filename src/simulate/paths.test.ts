import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { followPath, type Path, pathOffsetHz } from "./paths.ts";
import { createPieces } from "./pieces.ts";

const paths: Path[] = [
  { shape: "linear", driftHzPerS: -0.7 },
  { shape: "quadratic", driftHzPerS: 0.4, driftRateHzPerS2: -0.01 },
  { shape: "sine", driftHzPerS: 0.1, amplitudeHz: 55, periodS: 130, phase: 0.2 },
  { shape: "random-walk", driftHzPerS: 0.2, stepHz: 7, stepS: 9, seed: 3 },
  { shape: "stepped", driftHzPerS: -0.2, stepHz: 20, stepS: 31 },
  { shape: "stepped", driftHzPerS: 0, stepHz: 20, stepS: 31, seed: 2 },
  { shape: "hopping", driftHzPerS: 0.3, spreadHz: 90, stepS: 17, seed: 5 },
];

describe("pathOffsetHz", () => {
  it("is 0 at the centre of the first row, for every path", () => {
    for (const path of paths) expect(pathOffsetHz(path)(0)).toBeCloseTo(0, 12);
  });

  it("is the formula's, for paths that have one", () => {
    const quadratic = pathOffsetHz({ shape: "quadratic", driftHzPerS: 0.4, driftRateHzPerS2: -0.01 });
    expect(quadratic(100)).toBeCloseTo(40 - 50, 10);
    const sine = pathOffsetHz({
      shape: "sine",
      driftHzPerS: 0.1,
      amplitudeHz: 50,
      periodS: 400,
      phase: 0.25,
    });
    expect(sine(200)).toBeCloseTo(20 - 100, 10);
    expect(sine(400)).toBeCloseTo(40, 10);
    const stepped = pathOffsetHz({ shape: "stepped", driftHzPerS: 0.1, stepHz: 5, stepS: 10 });
    expect([-1, 9.9, 10, 29].map(stepped)).toEqual([-0.1, 0.99, 6, 12.9].map((x) => expect.closeTo(x, 10)));
  });

  it("walks by normal steps, straight in between", () => {
    const stepHz = 7;
    const offset = pathOffsetHz({ shape: "random-walk", driftHzPerS: 0, stepHz, stepS: 2, seed: 1 });
    const steps = Array.from({ length: 4000 }, (_, i) => offset(2 * i + 2) - offset(2 * i));
    const mean = steps.reduce((sum, x) => sum + x, 0) / steps.length;
    const variance = steps.reduce((sum, x) => sum + (x - mean) ** 2, 0) / steps.length;
    const kurtosis = steps.reduce((sum, x) => sum + (x - mean) ** 4, 0) / steps.length / variance ** 2;
    expect(Math.abs(mean)).toBeLessThan((4 * stepHz) / Math.sqrt(4000));
    expect(Math.abs(variance / stepHz ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / 4000));
    expect(offset(7)).toBeCloseTo((offset(6) + offset(8)) / 2, 10);
  });

  it("hops within the spread, uniformly, and stays between hops", () => {
    const spreadHz = 90;
    const offset = pathOffsetHz({ shape: "hopping", driftHzPerS: 0, spreadHz, stepS: 3, seed: 5 });
    const places = Array.from({ length: 3000 }, (_, i) => offset(3 * i + 0.1));
    expect(Math.max(...places) - Math.min(...places)).toBeLessThan(spreadHz);
    const mean = places.reduce((sum, x) => sum + x, 0) / places.length;
    const variance = places.reduce((sum, x) => sum + (x - mean) ** 2, 0) / places.length;
    expect(variance / (spreadHz ** 2 / 12)).toBeGreaterThan(0.93);
    expect(variance / (spreadHz ** 2 / 12)).toBeLessThan(1.07);
    expect(offset(31)).toBe(offset(32));
    expect(offset(32)).not.toBe(offset(34));
  });

  it("depends on the seed alone, in whatever order it is asked", () => {
    for (const shape of ["random-walk", "hopping"] as const) {
      const path = { shape, driftHzPerS: 0, stepHz: 3, spreadHz: 30, stepS: 5, seed: 9 } as Path;
      const [a, b] = [pathOffsetHz({ ...path }), pathOffsetHz({ ...path })];
      const late = a(900);
      expect(b(100)).toBe(a(100));
      expect(b(900)).toBe(late);
      expect(pathOffsetHz({ ...path, seed: 10 } as Path)(900)).not.toBe(late);
    }
  });
});

describe("straightPieces", () => {
  it("cover the time without gaps and leave the path by less than the tolerance", () => {
    const pieces = createPieces();
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.double({ min: -5, max: 900, noNaN: true }),
        fc.double({ min: 0.01, max: 300, noNaN: true }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        (path, fromS, lengthS, toleranceHz) => {
          const toS = fromS + lengthS;
          pieces.count = 0;
          followPath(path).straightPieces(fromS, toS, toleranceHz, pieces);
          const offset = pathOffsetHz(path);
          let startS = fromS;
          for (let i = 0; i < pieces.count; i++) {
            const [endS, from, to] = pieces.values.subarray(3 * i, 3 * i + 3) as unknown as number[];
            expect(endS!).toBeGreaterThan(startS);
            for (const share of [0.1, 0.5, 0.9]) {
              const straight = from! + share * (to! - from!);
              const here = offset(startS + share * (endS! - startS));
              expect(Math.abs(straight - here)).toBeLessThanOrEqual(toleranceHz * 1.0001);
            }
            startS = endS!;
          }
          expect(startS).toBe(toS);
        },
      ),
      { seed: 4, numRuns: 400 },
    );
  });

  it("end, and say so, where a random path has too many steps", () => {
    const path: Path = { shape: "random-walk", driftHzPerS: 0, stepHz: 1, stepS: 1e-4, seed: 1 };
    expect(() => pathOffsetHz(path)(1e6)).toThrow("Give it a longer step.");
  });
});
