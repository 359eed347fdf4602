import { describe, expect, it } from "vitest";
import formulas from "../golden/formulas.json" with { type: "json" };
import {
  type Fingerprint,
  goldenBatch,
  goldenDistance,
  goldenFingerprint,
  goldenParameter,
  goldenRelativeDistance,
} from "./golden-weights.ts";

const { parameters, batches, fingerprint } = formulas.cases[0]!;

/** FNV-1a over the words of an array, so that one wrong bit anywhere shows. */
function check(values: Float32Array): number {
  let total = 2166136261;
  for (const word of new Uint32Array(values.buffer)) total = Math.imul(total ^ word, 16777619);
  return total >>> 0;
}

describe("golden weights", () => {
  it.each(parameters)(
    "makes $name as the script does, bit for bit",
    ({ name, shape, first, check: expected }) => {
      const values = goldenParameter(name, shape);
      expect([...values.subarray(0, 8)]).toEqual(first);
      expect(check(values)).toBe(expected);
    },
  );

  it.each(batches)(
    "makes batch $batch as the script does, bit for bit",
    ({ batch, shape, first, check: expected }) => {
      const { images, targets } = goldenBatch(batch, shape as [number, number, number, number]);
      expect([...images.subarray(0, 8)]).toEqual(first);
      expect(check(images)).toBe(expected);
      expect([...targets]).toEqual(Array.from({ length: shape[0]! }, (_, image) => image % 2));
    },
  );

  it("takes the script's fingerprint", () => {
    const { name, shape, ...golden } = fingerprint;
    const ours = goldenFingerprint(name, goldenParameter(name, shape));
    expect(ours.norm).toBeCloseTo(golden.norm, 8);
    for (let k = 0; k < 4; k++) expect(ours.dots[k]).toBeCloseTo(golden.dots[k]!, 6);
    expect(ours.values).toBe(golden.values);
  });
});

describe("the distance from a fingerprint", () => {
  const arrays = [8, 512, 513, 20_000].map(
    (length) => [`a${length}`, goldenParameter(`a${length}`, [1, length])] as const,
  );

  it.each(arrays)("of %s is the norm of a random error within a factor of 3", (name, values) => {
    const golden = goldenFingerprint(name, values);
    expect(goldenDistance(name, values, golden)).toBe(0);
    const error = goldenParameter("error", [1, values.length]);
    const wrong = values.map((value, j) => value + 0.01 * error[j]!);
    const norm = 0.01 * Math.hypot(...error);
    const distance = goldenDistance(name, wrong, golden);
    expect(distance).toBeLessThan(norm * 3);
    expect(distance).toBeGreaterThan(norm / 3);
  });

  it("sees one wrong element among many", () => {
    const [name, values] = arrays[3]!;
    const wrong = values.slice();
    wrong[12_345]! += 1;
    expect(goldenDistance(name, wrong, goldenFingerprint(name, values))).toBeCloseTo(1, 4);
  });

  it("is NaN for an array with a NaN", () => {
    const [name, values] = arrays[3]!;
    const wrong = values.slice();
    wrong[7] = Number.NaN;
    expect(goldenDistance(name, wrong, goldenFingerprint(name, values))).toBeNaN();
  });

  it("of a set names what one side lacks", () => {
    const golden: Record<string, Fingerprint> = Object.fromEntries(
      arrays.map(([name, values]) => [name, goldenFingerprint(name, values)]),
    );
    const map = new Map<string, Float32Array>(arrays);
    expect(goldenRelativeDistance(map, golden)).toBe(0);
    expect(
      goldenRelativeDistance(
        new Map(arrays.map(([name, values]) => [name, values.map((v) => v * 1.01)])),
        golden,
      ),
    ).toBeCloseTo(0.01, 3);
    map.delete("a513");
    map.set("b", new Float32Array(3));
    expect(() => goldenRelativeDistance(map, golden)).toThrow("a513, b");
  });
});
