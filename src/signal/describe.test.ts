import { expect, test } from "vitest";
import {
  describeBytes,
  describeClock,
  describeHz,
  describeSeconds,
  describeSexagesimal,
  describeUtc,
} from "./describe.ts";

test("dates", () => {
  expect(describeUtc(40_587)).toBe("1970-01-01 00:00:00 UTC");
  expect(describeUtc(51_544.5)).toBe("2000-01-01 12:00:00 UTC");
  expect(describeUtc(57_650.782094907408)).toBe("2016-09-19 18:46:13 UTC");
  expect(describeUtc(0)).toBe("");
  expect(describeUtc(1e300)).toBe("");
  expect(describeUtc(Number.NaN)).toBe("");
});

test("frequencies and durations take the unit that suits them", () => {
  expect([2.7939677238, -2860, 187.5e6, 1.4e9].map((hz) => describeHz(hz))).toEqual([
    "2.794 Hz",
    "-2.86 kHz",
    "187.5 MHz",
    "1.4 GHz",
  ]);
  expect([64e-6, 0.25, 18.253611008, 292.057776].map((s) => describeSeconds(s))).toEqual([
    "64 µs",
    "250 ms",
    "18.25 s",
    "292.1 s (4 min 52 s)",
  ]);
  expect([59.6, 3599.7, 7500].map(describeClock)).toEqual(["1 min 00 s", "1 h 00 min", "2 h 05 min"]);
});

test("positions and sizes", () => {
  expect(describeSexagesimal(17.211111, 1)).toBe("17:12:40.0");
  expect(describeSexagesimal(-12.125833, 0)).toBe("-12:07:33");
  expect(describeSexagesimal(-0.5, 0)).toBe("-00:30:00");
  expect(describeSexagesimal(1.999_999_99, 1)).toBe("02:00:00.0");
  expect(describeBytes(640)).toBe("640 bytes");
  expect(describeBytes(5_621_000_000)).toBe("5.62 GB (5,621,000,000 bytes)");
  expect(describeBytes(999_499)).toBe("999 kB (999,499 bytes)");
  expect(describeBytes(999_999)).toBe("1.00 MB (999,999 bytes)");
  expect(describeBytes(2.4e16)).toBe("24.0 PB (24,000,000,000,000,000 bytes)");
  expect(describeBytes(1.25e22)).toMatch(/^12,500 EB \(/);
});
