import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Panels } from "../../signal/panels.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import {
  type AugmentSpec,
  augment,
  flipFrequency,
  flippedPanels,
  flippedTime,
  type MixUpSpec,
  mixUp,
} from "./augment.ts";

const shape = { panels: 6, rows: 5, channels: 4 } as const;
const size = shape.panels * shape.rows * shape.channels;
/** Every pixel says where it is. */
const numbered = (): Panels => ({ ...shape, data: Float32Array.from({ length: size }, (_, i) => i + 1) });

function augmented(spec: AugmentSpec, key: number, cadence = numbered()): Float32Array {
  const scratch = new Float32Array(cadence.data.length).fill(Number.NaN);
  augment(cadence, spec, randomStream(streamKey(3, key)), streamKey(4, key), scratch);
  return cadence.data;
}

/** The cadence whose pixel (panel, row, channel) is the pixel of `numbered` that `from` names. */
function moved(from: (panel: number, row: number, channel: number) => [number, number, number]): number[] {
  return Array.from({ length: size }, (_, i) => {
    const channel = i % shape.channels;
    const row = Math.floor(i / shape.channels) % shape.rows;
    const [p, r, c] = from(Math.floor(i / shape.channels / shape.rows), row, channel);
    return (p * shape.rows + r) * shape.channels + c + 1;
  });
}

const timeFlipped = moved((p, r, c) => [[4, 3, 2, 1, 0, 5][p]!, shape.rows - 1 - r, c]);
const frequencyFlipped = moved((p, r, c) => [p, r, shape.channels - 1 - c]);

describe("flips", () => {
  const cadences = fc
    .record({
      panels: fc.integer({ min: 1, max: 7 }),
      rows: fc.integer({ min: 1, max: 6 }),
      channels: fc.integer({ min: 1, max: 6 }),
    })
    .map(
      (own): Panels => ({
        ...own,
        data: Float32Array.from({ length: own.panels * own.rows * own.channels }, (_, i) => i),
      }),
    );

  it("are their own inverse, for every shape", () => {
    fc.assert(
      fc.property(cadences, (cadence) => {
        const once = new Float32Array(cadence.data.length);
        const twice = new Float32Array(cadence.data.length);
        flippedTime(cadence, once);
        flippedTime({ ...cadence, data: once }, twice);
        expect(twice).toEqual(cadence.data);
        const data = cadence.data.slice();
        flipFrequency({ ...cadence, data });
        flipFrequency({ ...cadence, data });
        expect(data).toEqual(cadence.data);
      }),
      { seed: 1 },
    );
  });

  it("bring every ON panel to an ON place, and only the panel at the end stays", () => {
    for (let panels = 1; panels < 10; panels++) {
      const order = flippedPanels(panels);
      expect(order.toSorted()).toEqual(Array.from({ length: panels }, (_, panel) => panel));
      for (const [place, panel] of order.entries()) expect(panel % 2).toBe(place % 2);
    }
  });

  it("reverse time, frequency or both where the recipe always does", () => {
    expect(Array.from(augmented({ flipTime: 1 }, 0))).toEqual(timeFlipped);
    expect(Array.from(augmented({ flipFrequency: 1 }, 0))).toEqual(frequencyFlipped);
    const both = timeFlipped.map((from) => frequencyFlipped[from - 1]);
    expect(Array.from(augmented({ flipTime: 1, flipFrequency: 1 }, 0))).toEqual(both);
  });

  it("happen as often as the recipe says", () => {
    let flipped = 0;
    for (let key = 0; key < 1000; key++) {
      const data = augmented({ flipTime: 0.3 }, key);
      if (data[0] !== 1) flipped++;
      expect(Array.from(data)).toEqual(data[0] === 1 ? Array.from(numbered().data) : timeFlipped);
    }
    expect(Math.abs(flipped - 300)).toBeLessThan(4 * Math.sqrt(210));
  });
});

describe("augment", () => {
  it("does nothing where nothing is asked", () => {
    const still = { flipTime: 0, flipFrequency: 0, swapOn: 0, shiftRows: 0, shiftChannels: 0, noise: 0 };
    expect(augmented({}, 5)).toEqual(numbered().data);
    expect(augmented(still, 5)).toEqual(numbered().data);
  });

  it("rolls every panel alike, by any shift up to the largest and no other", () => {
    const name = (data: ArrayLike<number>) => Array.from(data).join();
    const rolls = new Map<string, number>();
    for (let dr = -2; dr <= 2; dr++) {
      for (let dc = -1; dc <= 1; dc++) {
        rolls.set(name(moved((p, r, c) => [p, (r - dr + 5) % 5, (c - dc + 4) % 4])), 0);
      }
    }
    for (let key = 0; key < 1500; key++) {
      const found = name(augmented({ shiftRows: 2, shiftChannels: 1 }, key));
      expect(rolls.has(found)).toBe(true);
      rolls.set(found, rolls.get(found)! + 1);
    }
    for (const count of rolls.values()) expect(Math.abs(count - 100)).toBeLessThan(4 * 10);
    expect(rolls.size).toBe(15);
  });

  it("rolls by more than a panel's size too", () => {
    const originals = Array.from(numbered().data).slice(0, shape.rows * shape.channels);
    for (let key = 0; key < 30; key++) {
      const panel = Array.from(augmented({ shiftRows: 13, shiftChannels: 9 }, key)).slice(
        0,
        originals.length,
      );
      expect(panel.toSorted((a, b) => a - b)).toEqual(originals);
    }
  });

  it("swaps ON panels, each order as often as the others, and leaves OFF panels", () => {
    const orders = new Map<string, number>();
    for (let key = 0; key < 600; key++) {
      const data = augmented({ swapOn: 1 }, key);
      const first = Array.from({ length: 6 }, (_, p) => Math.floor(data[p * 20]! / 20));
      expect(Array.from(data)).toEqual(moved((p, r, c) => [first[p]!, r, c]));
      expect([first[1], first[3], first[5]]).toEqual([1, 3, 5]);
      orders.set(first.join(), (orders.get(first.join()) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 100)).toBeLessThan(4 * 10);
  });

  it("adds normal noise of a deviation drawn evenly up to the largest", () => {
    const deviations = Array.from({ length: 400 }, (_, key) => {
      const flat = { panels: 2, rows: 10, channels: 32 };
      const data = augmented({ noise: 0.8 }, key, { ...flat, data: new Float32Array(640).fill(7) });
      return Math.sqrt(data.reduce((sum, value) => sum + (value - 7) ** 2, 0) / 640);
    }).sort((a, b) => a - b);
    for (const [i, deviation] of deviations.entries()) {
      expect(Math.abs(deviation / 0.8 - (i + 0.5) / 400)).toBeLessThan(0.1);
    }
  });

  it("keeps the deviation of whitened noise, where that is asked", () => {
    const flat = { panels: 2, rows: 40, channels: 64 };
    for (let key = 0; key < 10; key++) {
      const [free, kept] = (["free", "kept"] as const).map((noiseScale) => {
        const random = randomStream(streamKey(8, key));
        const data = Float32Array.from({ length: 5120 }, () => random.normal());
        const cadence = { ...flat, data };
        const scratch = new Float32Array(5120);
        augment(
          cadence,
          { noise: 2 },
          randomStream(streamKey(3, key)),
          streamKey(4, key),
          scratch,
          noiseScale,
        );
        return { data, deviation: Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / 5120) };
      });
      expect(Math.abs(kept!.deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * 5120));
      const ratio = free!.deviation / kept!.deviation;
      const apart = free!.data.map((value, i) => Math.abs(value - ratio * kept!.data[i]!));
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    }
  });

  it("cuts out rectangles, so many at most, no side above its share", () => {
    const wide = { panels: 2, rows: 20, channels: 10 };
    const touched = new Set<number>();
    for (let key = 0; key < 300; key++) {
      const data = augmented({ cutout: { count: 1, size: 0.4 } }, key, {
        ...wide,
        data: new Float32Array(400).fill(1),
      });
      const cut = Array.from(data.keys()).filter((i) => data[i] === 0);
      expect(data.every((value) => value === 0 || value === 1)).toBe(true);
      if (cut.length === 0) continue;
      const rows = new Set(cut.map((i) => Math.floor(i / 10)));
      const columns = new Set(cut.map((i) => i % 10));
      expect(new Set(cut.map((i) => Math.floor(i / 200))).size).toBe(1);
      expect([rows.size <= 8, columns.size <= 4, cut.length]).toEqual([true, true, rows.size * columns.size]);
      for (const set of [rows, columns]) {
        expect(Math.max(...set) - Math.min(...set)).toBe(set.size - 1);
      }
      for (const i of cut) touched.add(i);
    }
    expect(touched.size).toBeGreaterThan(365);
  });

  it("gives the same bits for the same key, others for another, and one key more in a recipe changes no other", () => {
    const spec: AugmentSpec = { shiftRows: 2, flipTime: 0.5, noise: 0.5, cutout: { count: 2, size: 0.5 } };
    for (let key = 0; key < 20; key++) {
      expect(augmented(spec, key)).toEqual(augmented(spec, key));
      expect(augmented(spec, key)).not.toEqual(augmented(spec, key + 1));
      const more = { ...spec, flipFrequency: 1, cutout: undefined };
      const mirrored = { ...numbered(), data: augmented({ ...spec, noise: 0, cutout: undefined }, key) };
      flipFrequency(mirrored);
      expect(augmented({ ...more, noise: 0 }, key)).toEqual(mirrored.data);
    }
  });
});

describe("mixUp", () => {
  const mix = (spec: Pick<MixUpSpec, "alpha" | "labels">, key: number, a: number[], b: number[]) => {
    const flat = { panels: 1, rows: 1, channels: a.length - 1 };
    const own = { ...flat, data: Float32Array.from(a.slice(1)) };
    const other = { ...flat, data: Float32Array.from(b.slice(1)) };
    const random = randomStream(streamKey(9, key));
    const label = mixUp(own, a[0]!, { cadence: other, label: b[0]! }, { chance: 1, ...spec }, random);
    expect(Array.from(other.data)).toEqual(b.slice(1));
    return { label, data: Array.from(own.data) };
  };

  /** Chance that Beta(alpha, alpha) lies below x, by summing its density; with t = sin^2 it has no poles. */
  function betaBelow(alpha: number, x: number): number {
    const steps = 2000;
    const part = (limit: number) => {
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        const angle = ((i + 0.5) / steps) * Math.asin(Math.sqrt(limit));
        sum += (Math.sin(angle) * Math.cos(angle)) ** (2 * alpha - 1);
      }
      return (sum * Math.asin(Math.sqrt(limit))) / steps;
    };
    return part(x) / part(1);
  }

  it.each([0.5, 1, 5])("draws its weight from Beta(%d, itself)", (alpha) => {
    const weights = Array.from(
      { length: 1000 },
      (_, key) => mix({ alpha, labels: "linear" }, key, [1, 1], [0, 0]).data[0]!,
    ).sort((a, b) => a - b);
    // Kolmogorov and Smirnov's bound at 1 in 1,000.
    for (let i = 9; i < 1000; i += 20) {
      expect(Math.abs(betaBelow(alpha, weights[i]!) - (i + 0.5) / 1000)).toBeLessThan(1.95 / Math.sqrt(1000));
    }
  });

  it("keeps the deviation of whitened noise, where that is asked, and the labels", () => {
    const flat = { panels: 1, rows: 60, channels: 100 };
    for (let key = 0; key < 10; key++) {
      const noise = (seed: number) => {
        const random = randomStream(streamKey(seed, key));
        return { ...flat, data: Float32Array.from({ length: 6000 }, () => random.normal()) };
      };
      const spec = { chance: 1, alpha: 1, labels: "linear" } as const;
      const [free, kept] = (["free", "kept"] as const).map((noiseScale) => {
        const own = noise(1);
        const random = randomStream(streamKey(9, key));
        const label = mixUp(own, 1, { cadence: noise(2), label: 0 }, spec, random, noiseScale);
        return { label, data: own.data };
      });
      expect(kept!.label).toBe(free!.label);
      const deviation = Math.sqrt(kept!.data.reduce((sum, x) => sum + x * x, 0) / 6000);
      expect(Math.abs(deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * 6000));
      const scale = Math.sqrt(kept!.label ** 2 + (1 - kept!.label) ** 2);
      const apart = free!.data.map((value, i) => Math.abs(value - scale * kept!.data[i]!));
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    }
  });

  it("gives weights of 0 and 1, each as often, for an alpha of next to nothing", () => {
    let ones = 0;
    for (let key = 0; key < 400; key++) {
      const weight = mix({ alpha: 1e-4, labels: "max" }, key, [1, 1], [0, 0]).data[0]!;
      expect(Math.min(weight, 1 - weight)).toBeLessThan(1e-6);
      ones += Math.round(weight);
    }
    expect(Math.abs(ones - 200)).toBeLessThan(40);
  });

  it("adds every pixel by the same weight, and labels by each of the three rules", () => {
    const labels = [0, 1, 0.25];
    for (let key = 0; key < 27; key++) {
      const [a, b] = [labels[key % 3]!, labels[Math.floor(key / 3) % 3]!];
      const [own, other] = [
        [a, 1, 0, 3],
        [b, 0, 1, -5],
      ];
      const linear = mix({ alpha: 1, labels: "linear" }, key, own!, other!);
      const weight = linear.data[0]!;
      expect(linear.data[1]).toBeCloseTo(1 - weight, 6);
      expect(linear.data[2]).toBeCloseTo(8 * weight - 5, 5);
      expect(linear.label).toBeCloseTo(b + weight * (a - b), 6);
      expect(mix({ alpha: 1, labels: "max" }, key, own!, other!)).toEqual({
        label: a > b ? a : b,
        data: linear.data,
      });
      const or = mix({ alpha: 1, labels: "or" }, key, own!, other!);
      expect(or.label).toBeCloseTo(1 - (1 - a) * (1 - b), 12);
      expect(or.data).toEqual(linear.data);
    }
  });
});
