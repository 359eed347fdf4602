import { describe, expect, it } from "vitest";
import { readFields } from "../signal/json-fields.ts";
import { readEmitter, readSignal } from "./signal-json.ts";
import type { Signal } from "./signals.ts";

const read = (value: unknown) => readFields("needles.json", value, readSignal);

const paths: Signal["path"][] = [
  { shape: "linear", driftHzPerS: -0.4 },
  { shape: "quadratic", driftHzPerS: 0.1, driftRateHzPerS2: 0.002 },
  { shape: "sine", driftHzPerS: 0, amplitudeHz: 40, periodS: 600, phase: 0.25 },
  { shape: "random-walk", driftHzPerS: 0, stepHz: 3, stepS: 18, seed: 4 },
  { shape: "stepped", driftHzPerS: 0, stepHz: -30, stepS: 200 },
  { shape: "stepped", driftHzPerS: 0, stepHz: 30, stepS: 200, seed: 1 },
  { shape: "hopping", driftHzPerS: 1, spreadHz: 300, stepS: 60, seed: 2 },
];
const profiles: Signal["profile"][] = [
  { shape: "tone" },
  { shape: "box", widthHz: 5 },
  { shape: "gaussian", fwhmHz: 9 },
  { shape: "lorentzian", fwhmHz: 2 },
  { shape: "voigt", gaussianFwhmHz: 3, lorentzianFwhmHz: 1 },
  {
    shape: "lines",
    lines: [
      { offsetHz: -20, weight: 2, profile: { shape: "gaussian", fwhmHz: 4 } },
      { offsetHz: 30, weight: 1, profile: { shape: "tone" } },
    ],
  },
];
const timeProfiles: Signal["timeProfile"][] = [
  { shape: "steady" },
  { shape: "pulsed", periodS: 60, duty: 0.3, startS: 4 },
  { shape: "partial", startS: -10, stopS: 400 },
  { shape: "gaussian-pulses", periodS: 90, fwhmS: 20, startS: 0 },
  { shape: "sine", periodS: 100, depth: 0.5, phase: 0.1 },
  { shape: "scintillating", timescaleS: 40, modulation: 1, seed: 7 },
];

describe("readSignal", () => {
  it("gives every kind of signal back", () => {
    const base = {
      frequencyMHz: 1420.5,
      path: paths[0]!,
      profile: profiles[0]!,
      timeProfile: timeProfiles[0]!,
    };
    const signals: Signal[] = [
      ...paths.map((path) => ({ ...base, path })),
      ...profiles.map((profile) => ({ ...base, profile })),
      ...timeProfiles.map((timeProfile) => ({ ...base, timeProfile })),
    ];
    for (const signal of signals) expect(read(JSON.parse(JSON.stringify(signal)))).toEqual(signal);
  });

  it("needs a frequency alone", () => {
    expect(read({ frequencyMHz: 1420 })).toEqual({
      frequencyMHz: 1420,
      path: { shape: "linear", driftHzPerS: 0 },
      profile: { shape: "tone" },
      timeProfile: { shape: "steady" },
    });
  });

  it.each([
    [{}, "needles.json: frequencyMHz must be a number, above 0, at most 1000000000; it is missing."],
    [
      { path: { shape: "zigzag" } },
      'path.shape must be one of linear, quadratic, sine, random-walk, stepped, hopping; it is "zigzag".',
    ],
    [
      { path: { shape: "sine", amplitudeHz: 3, periodS: 0 } },
      "path.periodS must be a number, 0.0001 or more",
    ],
    [
      { path: { shape: "linear", drift: 3 } },
      "there is no key path.drift. The keys here are shape, driftHzPerS.",
    ],
    [{ path: { shape: "random-walk", stepHz: 1, stepS: 1 } }, "path.seed must be a whole number"],
    [{ profile: { shape: "lines", lines: [] } }, "profile.lines must be an array of at least one line"],
    [
      { profile: { shape: "lines", lines: [{ offsetHz: 0, profile: { shape: "lines" } }] } },
      "profile.lines[0].profile.shape must be one of tone",
    ],
    [
      { timeProfile: { shape: "partial", startS: 5, stopS: 5 } },
      "timeProfile.stopS must be later than startS, 5",
    ],
    [{ timeProfile: { shape: "pulsed", periodS: 9, duty: 1.1 } }, "timeProfile.duty must be a number"],
  ])("says what is wrong: %j", (changed, message) => {
    const value =
      "frequencyMHz" in changed || Object.keys(changed).length === 0
        ? changed
        : { frequencyMHz: 1420, ...changed };
    expect(() => read(value)).toThrow(message);
  });
});

describe("readEmitter", () => {
  const emitter = (value: unknown) =>
    readFields("needles.json", { signals: [value] }, (fields) => fields.list("signals", readEmitter))[0]!;

  it("makes a needle in the ON scans of what doesn't say otherwise", () => {
    const plain = emitter({ signal: { frequencyMHz: 1420 }, snr: 20 });
    expect(plain).toMatchObject({ kind: "needle", label: "needle 1", scans: "on" });
    expect(plain.strength).toEqual({ snr: 20, convention: "matched" });
    const other = {
      kind: "interference",
      label: "radar",
      signal: { frequencyMHz: 1420 },
      snr: 5,
      convention: "setigen",
    };
    expect(emitter(other)).toMatchObject({ kind: "interference", label: "radar", scans: "all" });
    expect(emitter({ ...other, scans: [0, 3] }).scans).toEqual([0, 3]);
  });

  it("refuses what is in no scan that there is", () => {
    expect(() => emitter({ signal: { frequencyMHz: 1420 }, snr: 20, scans: "some" })).toThrow(
      "signals[0].scans must be on, off, all, or an array of scans, counted from 0",
    );
    expect(() => emitter({ signal: { frequencyMHz: 1420 }, snr: 0 })).toThrow(
      "signals[0].snr must be a number, above 0",
    );
  });
});
