import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFloat16 } from "../../signal/float16.ts";
import { createValueCounter, PANEL_FIELDS, summariseCadence } from "./cadence-summary.ts";

/** In float64, a pass for the mean and one for the deviation. */
function naive(values: readonly number[]): number[] {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const variance = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length;
  const rising = finite.toSorted((a, b) => a - b);
  return [rising[0]!, rising.at(-1)!, mean, Math.sqrt(variance)];
}

test("each panel's least, greatest, mean and deviation, whatever it holds", () => {
  const value = fc.oneof(
    { weight: 20, arbitrary: fc.float({ min: -1000, max: 1000, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) },
  );
  const cadence = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }))
    .chain(([panels, rows, channels]) => {
      const length = panels * rows * channels;
      return fc
        .array(value, { minLength: length, maxLength: length })
        .map((data) => ({ panels, rows, channels, data: Float32Array.from(data) }));
    });
  fc.assert(
    fc.property(cadence, (panels) => {
      const summary = summariseCadence(panels);
      const length = panels.rows * panels.channels;
      for (let panel = 0; panel < panels.panels; panel++) {
        const wanted = naive([...panels.data.subarray(panel * length, (panel + 1) * length)]);
        for (const [i, name] of PANEL_FIELDS.entries()) {
          const got = summary.panels[panel * PANEL_FIELDS.length + i]!;
          if (Number.isNaN(wanted[i])) expect(got, name).toBeNaN();
          else expect(Math.abs(got - wanted[i]!), name).toBeLessThan(1e-4);
        }
      }
      expect(summary.nan).toBe(panels.data.filter(Number.isNaN).length);
      expect(summary.infinite).toBe(panels.data.filter((v) => Math.abs(v) === Infinity).length);
    }),
    { seed: 21, numRuns: 500 },
  );
});

test("a deviation is told far from 0, where squares alone would lose it", () => {
  const data = Float32Array.from({ length: 1001 }, (_, i) => 1e6 + (i % 2));
  const [, , mean, deviation] = summariseCadence({ data, panels: 1, rows: 1, channels: 1001 }).panels;
  expect(mean).toBeCloseTo(1e6 + 500 / 1001, 6);
  expect(deviation).toBeCloseTo(0.4999998, 6);
});

test("one value in 17 is counted, from every channel in turn", () => {
  const channels = 16;
  const data = Float32Array.from({ length: 17 * channels }, (_, i) => i % channels);
  const counter = createValueCounter();
  counter.add(data);
  counter.add(data);
  expect(counter.counts.reduce((sum, count) => sum + count, 0)).toBe(2 * channels);
  for (let channel = 0; channel < channels; channel++) {
    expect(counter.counts[encodeFloat16(channel)]).toBe(2);
  }
});
