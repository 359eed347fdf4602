import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { createInjector, type InjectSpec } from "./inject.ts";

const shape = { panels: 6, rows: 64, channels: 96 };
const size = shape.rows * shape.channels;

function injected(spec: InjectSpec, target: number, seed: number) {
  const white = new Float32Array(6 * size);
  const given = createInjector(spec, shape)(white, target, randomStream(streamKey(seed)));
  const squares = Array.from({ length: 6 }, (_, panel) =>
    white.subarray(panel * size, (panel + 1) * size).reduce((sum, x) => sum + x * x, 0),
  );
  return { white, given, squares, db: 10 * Math.log10(squares.reduce((sum, x) => sum + x, 0)) };
}

const seeds = Array.from({ length: 25 }, (_, seed) => seed);

describe("createInjector", () => {
  it("puts a needle of the stated S/N into ON panels alone, and makes a positive", () => {
    for (const seed of seeds) {
      const { given, squares, db } = injected({ needles: 1, interference: 0, snrDb: [30, 30] }, 0, seed);
      expect(given).toBe(1);
      expect([squares[1], squares[3], squares[5]]).toEqual([0, 0, 0]);
      expect(db).toBeCloseTo(30, 2);
    }
  });

  it("leaves positives and mixtures without another needle", () => {
    for (const target of [1, 0.4]) {
      const { given, white } = injected({ needles: 1, interference: 0, snrDb: [30, 30] }, target, 3);
      expect(given).toBe(target);
      expect(white.every((x) => x === 0)).toBe(true);
    }
  });

  it("adds interferers that OFF panels show, and no target", () => {
    for (const seed of seeds) {
      const { given, squares } = injected({ needles: 0, interference: 1, snrDb: [40, 40] }, 0, seed);
      expect(given).toBe(0);
      const total = squares.reduce((sum, x) => sum + x, 0);
      expect(squares[1]! + squares[3]! + squares[5]!).toBeGreaterThan(0.05 * total);
    }
  });

  it("gives interferers decibels of their own where asked", () => {
    const spec: InjectSpec = { needles: 0, interference: 1, snrDb: [20, 20], interferenceSnrDb: [60, 60] };
    for (const seed of seeds) {
      expect(injected(spec, 0, seed).db).toBeCloseTo(60, 1);
      expect(injected({ ...spec, needles: 1, interference: 0 }, 0, seed).db).toBeCloseTo(20, 2);
    }
  });

  it("says in which cells the needle is, not the interferer", () => {
    const grid = { rows: 3, columns: 8 };
    const wide = shape.channels / 8;
    const spec: InjectSpec = { needles: 1, interference: 0, snrDb: [20, 40] };
    const few = seeds.slice(0, 8);
    let some = 0;
    for (const seed of few) {
      const random = () => randomStream(streamKey(seed));
      const alone = injected(spec, 0, seed).white;
      const wanted = Array.from({ length: 24 }, (_, cell) => {
        let energy = 0;
        for (let row = 0; row < shape.rows; row++) {
          for (let c = (cell % 8) * wide; c < ((cell % 8) + 1) * wide; c++) {
            energy += alone[(2 * Math.floor(cell / 8) * shape.rows + row) * shape.channels + c]! ** 2;
          }
        }
        return energy >= 12 ? 1 : 0;
      });
      some += wanted.filter((is) => is === 1).length;
      const targets = new Float32Array(24);
      const white = new Float32Array(6 * size);
      createInjector(spec, shape)(white, 0, random(), { grid, targets });
      expect([...targets]).toEqual(wanted);
      expect(white.every((x, i) => x === alone[i])).toBe(true);
      targets.fill(0);
      const others = { ...spec, needles: 0, interference: 1 };
      createInjector(others, shape)(white, 0, random(), { grid, targets });
      createInjector(spec, shape)(white, 1, random(), { grid, targets });
      expect([...targets]).toEqual(Array(24).fill(0));
    }
    expect(some).toBeGreaterThan(2 * few.length);
  });

  it("draws by its shares, within the decibels, the same for the same stream", () => {
    const spec: InjectSpec = { needles: 0.4, interference: 0, snrDb: [20, 34] };
    const found = Array.from({ length: 300 }, (_, seed) => injected(spec, 0, seed));
    const positives = found.filter(({ given }) => given === 1);
    expect(positives.length / 300).toBeGreaterThan(0.3);
    expect(positives.length / 300).toBeLessThan(0.5);
    for (const { db } of positives) {
      expect(db).toBeGreaterThan(19.9);
      expect(db).toBeLessThan(34.1);
    }
    expect(injected(spec, 0, 7).white).toEqual(found[7]!.white);
    const more = injected({ ...spec, needles: 1 }, 0, 7).white;
    if (found[7]!.given === 1) expect(more).toEqual(found[7]!.white);
  });
});
