import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { stratifiedKFold } from "./folds.ts";
import { numpyRandomState } from "./numpy-random.ts";

const golden = JSON.parse(readFileSync(new URL("golden/learn.json", import.meta.url), "utf8"));

function sha256(array: Int32Array | Uint8Array): string {
  return createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");
}

describe("numpyRandomState", () => {
  it.each(
    golden.random as {
      seed: number;
      first: number[];
      word700: number;
      permutations: number[][];
      permutation100000: string;
    }[],
  )("draws and shuffles as NumPy's RandomState($seed)", ({ seed, ...random }) => {
    const words = Array.from({ length: 701 }, numpyRandomState(seed).uint32);
    expect(words.slice(0, 5)).toEqual(random.first);
    expect(words[700]).toBe(random.word700);
    const state = numpyRandomState(seed);
    for (const permutation of random.permutations) {
      expect([...state.permutation(permutation.length)]).toEqual(permutation);
    }
    expect(sha256(numpyRandomState(seed).permutation(100_000))).toBe(random.permutation100000);
  });

  it("refuses a seed of more than 32 bits, as NumPy does", () => {
    expect(() => numpyRandomState(2 ** 32)).toThrow(
      "Seed 4294967296: give a whole number from 0 to 4294967295.",
    );
    expect(() => numpyRandomState(-1)).toThrow(UsageError);
    expect(() => numpyRandomState(0.5)).toThrow(UsageError);
  });
});

describe("stratifiedKFold", () => {
  it("gives scikit-learn's folds, in order and shuffled", () => {
    for (const { labels, folds, seed, found } of golden.folds) {
      const options = { folds, shuffle: seed !== null, seed: seed ?? undefined };
      expect([...stratifiedKFold(labels, options)], JSON.stringify(options)).toEqual(found);
    }
    expect(golden.folds.length).toBe(20);
  });

  it("gives scikit-learn's folds of 60,000", () => {
    const labels = Float32Array.from({ length: 60_000 }, (_, i) => (i % 10 === 3 ? 1 : 0));
    for (const { folds, seed, sha256: wanted } of golden.largeFolds) {
      const found = stratifiedKFold(labels, { folds, shuffle: seed !== null, seed: seed ?? undefined });
      expect(sha256(Uint8Array.from(found))).toBe(wanted);
    }
  });

  it("spreads each class and all places to within one", () => {
    const cases = fc.record({
      labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 30, maxLength: 200 }),
      folds: fc.integer({ min: 2, max: 4 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ labels, folds, seed }) => {
        const counts = [0, 1, 2].map((label) => labels.filter((other) => other === label).length);
        fc.pre(counts.every((count) => count === 0 || count >= folds));
        const found = stratifiedKFold(labels, { folds, shuffle: true, seed });
        for (const label of [0, 1, 2, undefined]) {
          const perFold = new Array(folds).fill(0);
          found.forEach((fold, i) => {
            if (label === undefined || labels[i] === label) perFold[fold]++;
          });
          expect(Math.max(...perFold) - Math.min(...perFold)).toBeLessThanOrEqual(1);
        }
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it("says what is wrong with labels and folds", () => {
    expect(() => stratifiedKFold([0, 0, 0, 1], { folds: 2 })).toThrow(
      "Label 1 stands at 1 of 4 places, too few for 2 folds. Give more data.",
    );
    expect(() => stratifiedKFold([0, 0, 0, 1, 1], { folds: 3 })).toThrow(
      "Label 1 stands at 2 of 5 places, too few for 3 folds. Give at most 2 folds, or more data.",
    );
    expect(() => stratifiedKFold([0, 0.5, 1], { folds: 2 })).toThrow(
      "Label 0.5 at place 1: folds need whole numbers.",
    );
    expect(() => stratifiedKFold([0, 1], { folds: 1 })).toThrow("1 folds: give a whole number, 2 or more.");
  });
});
