import fc from "fast-check";
import { expect, test } from "vitest";
import { frequencyTicks, linearTicks, niceStep, powerTicks } from "./ticks.ts";

const labels = (ticks: readonly { label: string }[]) => ticks.map(({ label }) => label);

test("steps are 1, 2 or 5 times a power of ten", () => {
  expect([niceStep(292, 6), niceStep(10, 10), niceStep(0.0041, 5), niceStep(7, 5)]).toEqual([
    50, 1, 0.001, 2,
  ]);
});

test("times", () => {
  expect(labels(linearTicks(0, 292.06, 6))).toEqual(["0", "50", "100", "150", "200", "250"]);
  expect(labels(linearTicks(-0.25, 0.25, 5))).toEqual(["−0.2", "−0.1", "0.0", "0.1", "0.2"]);
});

test("a wide band has its ticks in MHz", () => {
  const axis = frequencyTicks(704, 4032, 8);
  expect(axis.title).toBe("Frequency, MHz");
  expect(labels(axis.ticks)).toEqual(["1000", "1500", "2000", "2500", "3000", "3500", "4000"]);
  expect(labels(frequencyTicks(8419.2, 8419.32, 6).ticks)).toEqual([
    "8419.20",
    "8419.22",
    "8419.24",
    "8419.26",
    "8419.28",
    "8419.30",
    "8419.32",
  ]);
});

test("a narrow band has them in Hz or kHz from a round frequency, which the title gives", () => {
  const hz = frequencyTicks(8419.296817, 8419.297141, 8);
  expect(hz.title).toBe("Frequency from 8419.2970 MHz, Hz");
  expect(labels(hz.ticks)).toEqual(["−150", "−100", "−50", "0", "+50", "+100"]);
  expect(hz.ticks[4]!.value).toBeCloseTo(8419.29705, 9);
  const khz = frequencyTicks(8419.2944, 8419.2999, 11);
  expect(khz.title).toBe("Frequency from 8419.297 MHz, kHz");
  expect(labels(khz.ticks)).toContain("+2.5");
});

test("a band that begins at 0 has offsets", () => {
  const axis = frequencyTicks(-0.000_714, 1.4e-6, 8);
  expect(axis.title).toBe("Frequency offset, Hz");
  expect(labels(axis.ticks)).toEqual(["−700", "−600", "−500", "−400", "−300", "−200", "−100", "0"]);
});

test("for any band: ticks lie within it, evenly, and labels are short and differ", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 100, max: 12_000, noNaN: true }),
      fc.double({ min: -6, max: 3, noNaN: true }),
      fc.integer({ min: 3, max: 15 }),
      (low, decade, most) => {
        const high = low + 10 ** decade;
        const { ticks } = frequencyTicks(low, high, most);
        expect(ticks.length).toBeGreaterThanOrEqual(1);
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
        expect(new Set(labels(ticks)).size).toBe(ticks.length);
        const slack = 1e-5 * (high - low) + 1e-11;
        for (const { value, label } of ticks) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
          expect(label.length).toBeLessThanOrEqual(9);
        }
        const step = ticks.length > 1 ? ticks[1]!.value - ticks[0]!.value : 0;
        for (let i = 1; i < ticks.length; i++) {
          expect(Math.abs(ticks[i]!.value - ticks[i - 1]!.value - step)).toBeLessThan(slack);
        }
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

test("powers of ten go into the title", () => {
  const axis = powerTicks(0, 3.5e10, 4, "Power");
  expect(axis.title).toBe("Power, units of 1e9");
  expect(labels(axis.ticks)).toEqual(["0", "10", "20", "30"]);
  expect(axis.ticks[2]!.value).toBe(2e10);
  expect(powerTicks(99, 115, 4, "Power, dB").title).toBe("Power, dB");
});
