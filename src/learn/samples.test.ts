import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSampler, limitPlaces } from "./samples.ts";

const sets = fc.record({
  labels: fc.array(fc.constantFrom(0, 0, 0, 1, 0.7), { minLength: 4, maxLength: 60 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 }),
});
const everyThird = (labels: readonly number[]) =>
  Int32Array.from(labels.keys()).filter((place) => place % 3 !== 1);

describe("createSampler", () => {
  it("takes every place once an epoch, in an order of each epoch's own", () => {
    fc.assert(
      fc.property(sets, ({ labels, seed }) => {
        const places = everyThird(labels);
        const sampleOf = createSampler({ places, labels, sampling: "natural", seed });
        const epoch = (number: number) =>
          Array.from(places, (_, i) => sampleOf(number * places.length + i).place);
        for (const number of [0, 1, 5]) expect(epoch(number).sort((a, b) => a - b)).toEqual([...places]);
        if (places.length > 12) expect(epoch(0)).not.toEqual(epoch(1));
      }),
      { seed: 4, numRuns: 50 },
    );
  });

  it("depends on the number alone, not on what was asked before", () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    for (const sampling of ["natural", { positives: 0.4 }] as const) {
      const make = () => createSampler({ places: everyThird(labels), labels, sampling, seed: 9 });
      const [first, second] = [make(), make()];
      const forward = Array.from({ length: 200 }, (_, number) => first(number));
      const backward = Array.from({ length: 200 }, (_, i) => second(199 - i)).reverse();
      expect(backward).toEqual(forward);
      const other = createSampler({ places: everyThird(labels), labels, sampling, seed: 10 });
      expect(forward.map(({ place }) => place)).not.toEqual(forward.map((_, number) => other(number).place));
    }
  });

  it("gives the share of positives in every batch, each of them as often as the others", () => {
    const labels = Array.from({ length: 90 }, (_, i) => (i % 9 === 0 ? 1 : 0));
    const places = Int32Array.from(labels.keys());
    const sampleOf = createSampler({ places, labels, sampling: { positives: 0.25 }, seed: 1 });
    const drawn = Array.from({ length: 160 }, (_, number) => sampleOf(number).place);
    for (let at = 0; at < drawn.length; at += 8) {
      expect(drawn.slice(at, at + 8).filter((place) => labels[place] === 1)).toHaveLength(2);
    }
    const positives = drawn.filter((place) => labels[place] === 1);
    for (let place = 0; place < 90; place += 9)
      expect(positives.filter((one) => one === place)).toHaveLength(4);
  });

  it("never gives two samples one key, and partners of the same shares", () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const places = everyThird(labels);
    for (const [sampling, share] of [
      ["natural", 0.25],
      [{ positives: 0.6 }, 0.6],
    ] as const) {
      const sampleOf = createSampler({ places, labels, sampling, seed: 2 });
      const samples = Array.from({ length: 2000 }, (_, number) => sampleOf(number));
      expect(new Set(samples.map(({ key }) => key.join())).size).toBe(2000);
      expect(samples.every(({ partner }) => places.includes(partner))).toBe(true);
      const positive = samples.filter(({ partner }) => labels[partner] === 1).length / 2000;
      expect(Math.abs(positive - share)).toBeLessThan(0.05);
    }
  });

  it("takes what there is where one class is missing", () => {
    const labels = [0, 0, 0, 0];
    const sampleOf = createSampler({
      places: Int32Array.of(1, 3),
      labels,
      sampling: { positives: 0.5 },
      seed: 0,
    });
    expect([0, 1].map((number) => sampleOf(number).place).sort()).toEqual([1, 3]);
  });
});

describe("limitPlaces", () => {
  it("draws as many as asked for, in order, with the classes' shares", () => {
    fc.assert(
      fc.property(sets, fc.integer({ min: 2, max: 70 }), ({ labels, seed }, limit) => {
        const places = everyThird(labels);
        const chosen = limitPlaces(places, labels, limit, seed);
        expect(chosen.length).toBe(Math.min(limit, places.length));
        expect([...new Set(chosen)].sort((a, b) => a - b)).toEqual([...chosen]);
        expect(chosen.every((place) => places.includes(place))).toBe(true);
        const positives = (some: Int32Array) => some.filter((place) => labels[place]! >= 0.5).length;
        const wanted = (chosen.length * positives(places)) / places.length;
        expect(Math.abs(positives(chosen) - wanted)).toBeLessThanOrEqual(1);
        expect(limitPlaces(places, labels, limit, seed)).toEqual(chosen);
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it("keeps at least one of each class", () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1 : 0));
    expect(limitPlaces(Int32Array.from(labels.keys()), labels, 2, 1)).toContain(500);
  });
});
