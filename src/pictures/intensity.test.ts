import { expect, test } from "vitest";
import type { Spectrogram } from "../signal/spectrogram.ts";
import { scaleIntensity } from "./intensity.ts";

function panel(data: number[], rows: number): Spectrogram {
  return {
    data: Float32Array.from(data),
    time: { tstartMjd: 0, tsampS: 1, nsamples: rows },
    frequency: { fch1MHz: 1, foffMHz: 1, nchans: data.length / rows },
    header: {},
    source: "",
  };
}

const ramp = Array.from({ length: 1001 }, (_, i) => i);

test("log: decibels from the 10th percentile to the largest of all panels", () => {
  const { panels, low, high, title } = scaleIntensity([panel(ramp, 1), panel([1e6, Number.NaN], 1)], "log");
  expect(panels[0]![100]).toBe(20);
  expect(panels[1]![1]).toBeNaN();
  expect(high).toBe(60);
  expect(low).toBeCloseTo(20, 0);
  expect(title).toBe("Power, dB");
});

test("linear: smallest to largest; percentile: 1 to 99.5 %", () => {
  expect(scaleIntensity([panel(ramp, 1)], "linear")).toMatchObject({ low: 0, high: 1000 });
  const clipped = scaleIntensity([panel(ramp, 1)], "percentile");
  expect(clipped.low).toBeCloseTo(10, 6);
  expect(clipped.high).toBeCloseTo(995, 6);
});

test("auto: decibels for power, percentiles for data that has negative values", () => {
  expect(scaleIntensity([panel(ramp, 1)], "auto").title).toBe("Power, dB");
  expect(scaleIntensity([panel([...ramp, -1], 1)], "auto").title).toContain("clipped");
});

test("column: a constant line vanishes, a blink in it stands out", () => {
  const rows = Array.from({ length: 8 }, (_, t) => [500 + t, t === 3 ? 90 : 10 + (t % 3)]).flat();
  const { panels, low, high } = scaleIntensity([panel(rows, 8)], "column");
  expect(low).toBe(-2);
  expect(high).toBeGreaterThanOrEqual(5);
  expect(panels[0]![2 * 3 + 1]).toBeGreaterThan(20);
  expect(Math.abs(panels[0]![0]!)).toBeLessThan(2);
});

test("constant power and no power at all still have two different limits", () => {
  for (const data of [
    [0, 0, 0],
    [5, 5, 5],
    [Number.NaN, Number.NaN, Number.NaN],
  ]) {
    for (const name of ["log", "linear", "percentile", "column"] as const) {
      const { low, high } = scaleIntensity([panel(data, 1)], name);
      expect(high - low).toBeGreaterThan(0);
      expect(Number.isFinite(high - low)).toBe(true);
    }
  }
});
