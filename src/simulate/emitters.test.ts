import { describe, expect, it } from "vitest";
import { defaultCadenceRecipe } from "./cadence-recipe.ts";
import { cadenceGrids } from "./cadences.ts";
import {
  addEmitter,
  alternating,
  drawPath,
  drawProfile,
  drawTime,
  roughSquares,
  scaleOf,
} from "./emitters.ts";
import type { FrequencyProfile } from "./frequency-profiles.ts";
import { type Path, pathOffsetHz } from "./paths.ts";
import { randomStream, streamKey } from "./random.ts";
import { matchedSnr, type Signal } from "./signals.ts";
import { timeGain } from "./time-profiles.ts";

const recipe = {
  ...defaultCadenceRecipe,
  cadence: { ...defaultCadenceRecipe.cadence, rows: 60, channels: 64 },
};
const grids = cadenceGrids(recipe, 0.1);
const panel = 60 * 64;
const { foffHz, tsampS } = recipe.cadence;

const tone = (path: Path): Signal => ({
  frequencyMHz: 30 * foffHz * 1e-6,
  path,
  profile: { shape: "tone" },
  timeProfile: { shape: "steady" },
});
const drifting = tone({ shape: "linear", driftHzPerS: (20 * Math.abs(foffHz)) / (300 * tsampS) });

function squares(pixels: Float32Array): number {
  return pixels.reduce((sum, value) => sum + value * value, 0);
}

describe("adding an emitter", () => {
  it("gives it its S/N over all scans together, and tells that of each", () => {
    const into = new Float32Array(6 * panel);
    const emitter = { signal: drifting, scanGains: [1, 0, 2, 0, 0.5, 0], restarts: false, snrDb: 31 };
    const snrs = addEmitter(into, emitter, grids);
    expect(20 * Math.log10(Math.sqrt(squares(into)))).toBeCloseTo(31, 4);
    expect(snrs.map((snr) => snr > 0)).toEqual([true, false, true, false, true, false]);
    snrs.forEach((snr, scan) => {
      expect(snr).toBeCloseTo(Math.sqrt(squares(into.subarray(scan * panel, (scan + 1) * panel))), 3);
    });
    const unit = grids.map((grid) => matchedSnr(grid, drifting, 1, 1));
    expect(snrs[2]! / snrs[0]!).toBeCloseTo((2 * unit[2]!) / unit[0]!, 5);
    expect(snrs[4]! / snrs[0]!).toBeCloseTo((0.5 * unit[4]!) / unit[0]!, 5);
  });

  it("counts the S/N in each panel's own noise, and adds to what is there", () => {
    const sigmas = [1, 2, 3, 4, 5, 6];
    const emitter = { signal: drifting, scanGains: [1, 1, 1, 1, 1, 1], restarts: false, snrDb: 20 };
    const plain = new Float32Array(6 * panel);
    addEmitter(plain, emitter, grids);
    const scaled = new Float32Array(6 * panel).fill(7);
    expect(addEmitter(scaled, emitter, grids, sigmas).reduce((sum, snr) => sum + snr ** 2, 0)).toBeCloseTo(
      100,
      3,
    );
    const expected = plain.map((value, i) => 7 + value * sigmas[Math.floor(i / panel)]!);
    for (let i = 0; i < expected.length; i += 7) expect(scaled[i]).toBeCloseTo(expected[i]!, 4);
  });

  it("adds nothing where nothing lies in the band", () => {
    const into = new Float32Array(6 * panel);
    const away = { ...drifting, frequencyMHz: 1 };
    const emitter = { signal: away, scanGains: [1, 1, 1, 1, 1, 1], restarts: false, snrDb: 20 };
    expect(addEmitter(into, emitter, grids)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(squares(into)).toBe(0);
  });

  it("begins a path anew with every scan where that is asked", () => {
    const into = new Float32Array(6 * panel);
    addEmitter(into, { signal: drifting, scanGains: [1, 1, 1, 1, 1, 1], restarts: true, snrDb: 40 }, grids);
    expect(into.subarray(panel, 2 * panel)).toEqual(into.subarray(0, panel));
    expect(into.subarray(5 * panel)).toEqual(into.subarray(0, panel));
    into.fill(0);
    addEmitter(into, { signal: drifting, scanGains: [1, 1, 1, 1, 1, 1], restarts: false, snrDb: 40 }, grids);
    expect(into.subarray(panel, 2 * panel)).not.toEqual(into.subarray(0, panel));
  });
});

it("estimates how the S/N is shared out over the scans", () => {
  const shape = { signal: drifting, scanGains: [1, 0.3, 1, 0, 2, 1], restarts: false };
  const rough = roughSquares(shape, grids);
  const exact = grids.map((grid, scan) => (shape.scanGains[scan]! * matchedSnr(grid, drifting, 1, 1)) ** 2);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  rough.forEach((one, scan) => {
    expect(one / total(rough)).toBeCloseTo(exact[scan]! / total(exact), 1);
  });
  expect(rough[3]).toBe(0);
});

describe("what is drawn", () => {
  const { path, time, profile } = defaultCadenceRecipe.needles;
  const scale = scaleOf(grids);
  const streams = Array.from({ length: 60 }, (_, i) => randomStream(streamKey(9, i)));

  it("paths go as far as the recipe says, in channels over the cadence, either way", () => {
    const only = { ...path, slow: 0, steep: 0, drift: [100, 200] as const };
    const ends = streams.map((random) => {
      const drawn = drawPath(random, only, "linear", scale);
      return pathOffsetHz(drawn)(scale.durationS) / scale.channelHz;
    });
    for (const end of ends) {
      expect(Math.abs(end)).toBeGreaterThanOrEqual(100 - 1e-6);
      expect(Math.abs(end)).toBeLessThanOrEqual(200 + 1e-6);
    }
    expect(ends.some((end) => end > 0) && ends.some((end) => end < 0)).toBe(true);
  });

  it("quadratic paths leave their chord by what the recipe says, sines swing by it, walks stray by about it", () => {
    const still = { ...path, slow: 0, steep: 0, drift: [0, 0] as const };
    const { durationS, channelHz } = scale;
    for (const random of streams) {
      const bent = pathOffsetHz(drawPath(random, { ...still, bend: [30, 30] }, "quadratic", scale));
      const sag = bent(0.5 * durationS) - 0.5 * bent(durationS);
      expect(Math.abs(sag) / channelHz).toBeCloseTo(30, 6);
      const sine = drawPath(
        random,
        { ...still, sineAmplitude: [20, 20], sinePeriod: [0.5, 0.5] },
        "sine",
        scale,
      );
      const offset = pathOffsetHz(sine);
      const places = Array.from({ length: 400 }, (_, i) => offset((i / 400) * durationS) / channelHz);
      expect(Math.max(...places) - Math.min(...places)).toBeCloseTo(40, 1);
    }
    const ends = streams.map((random) =>
      pathOffsetHz(drawPath(random, { ...still, wander: [25, 25] }, "random-walk", scale))(durationS),
    );
    const deviation = Math.sqrt(ends.reduce((sum, end) => sum + end * end, 0) / ends.length) / channelHz;
    expect(deviation).toBeGreaterThan(17);
    expect(deviation).toBeLessThan(33);
  });

  it("is the kind that was asked for, as plain JSON", () => {
    for (const kind of Object.keys(path.kind) as Path["shape"][]) {
      const drawn = drawPath(streams[0]!, path, kind, scale);
      expect(drawn.shape).toBe(kind);
      expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    }
    for (const kind of Object.keys(time.kind) as (keyof typeof time.kind)[]) {
      const drawn = drawTime(streams[0]!, time, kind, scale);
      expect(drawn.shape).toBe(kind);
      expect(timeGain(drawn)(0.4 * scale.durationS)).toBeGreaterThanOrEqual(0);
    }
    for (const kind of Object.keys(profile.kind) as FrequencyProfile["shape"][]) {
      const drawn = drawProfile(streams[0]!, profile, kind, scale);
      expect(drawn.shape).toBe(kind);
      expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    }
    const lines = drawProfile(streams[1]!, { ...profile, lineCount: [4, 4] }, "lines", scale);
    expect(lines.shape === "lines" && lines.lines).toHaveLength(4);
  });
});

it("takes every other scan for ON unless told", () => {
  expect(alternating(5)).toEqual([true, false, true, false, true]);
});
