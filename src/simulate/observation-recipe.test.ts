import { describe, expect, it } from "vitest";
import { simulateObservation } from "./observation.ts";
import {
  defaultObservationRecipe,
  type ObservationRecipe,
  observationSpec,
  readObservationRecipe,
} from "./observation-recipe.ts";
import { signalFrequencyMHz } from "./signals.ts";

describe("readObservationRecipe", () => {
  it("gives the default recipe back, whole or from nothing", () => {
    expect(readObservationRecipe({}, "r.json")).toEqual(defaultObservationRecipe);
    const text = JSON.stringify(defaultObservationRecipe);
    expect(readObservationRecipe(JSON.parse(text), "r.json")).toEqual(defaultObservationRecipe);
  });

  it("makes the default coarse channel as wide as the band", () => {
    expect(readObservationRecipe({ nchans: 512 }, "r.json").bandpass!.channelsPerCoarse).toBe(512);
    expect(readObservationRecipe({ bandpass: null }, "r.json").bandpass).toBeNull();
    expect(readObservationRecipe({ bandpass: { slope: 0.2 } }, "r.json").bandpass).toEqual({ slope: 0.2 });
  });

  it.each([
    [{ channels: 3 }, "r.json: there is no key channels."],
    [{ foffHz: 0 }, "foffHz must be a number other than 0"],
    [{ nchans: 2.5 }, "nchans must be a whole number"],
    [{ pattern: "BCD" }, "no scan is A"],
    [
      { noise: { distribution: "pink" } },
      "noise.distribution must be one of chi-squared, gaussian, measured",
    ],
    [
      { noise: { distribution: "gaussian", mean: 1 } },
      "noise.sigma must be a number, above 0; it is missing",
    ],
    [{ needles: { snr: [30, 10] } }, "needles.snr must be two numbers, the lower first"],
    [{ needles: { paths: { linear: 0 } } }, "needles.paths must be weights, one of them above 0"],
    [{ needles: { still: 1 } }, "there is no key needles.still"],
    [{ interference: { paths: { zigzag: 1 } } }, "there is no key interference.paths.zigzag"],
    [{ emitters: [{ snr: 3 }] }, "emitters[0].signal must be an object; it is missing"],
  ])("says what is wrong: %j", (value, message) => {
    expect(() => readObservationRecipe(value, "r.json")).toThrow(message);
  });
});

describe("observationSpec", () => {
  const small: ObservationRecipe = {
    ...defaultObservationRecipe,
    nchans: 8192,
    needles: { ...defaultObservationRecipe.needles, count: 40 },
    interference: { ...defaultObservationRecipe.interference, count: 60 },
  };

  it("is the same for the same seed, and another for another", () => {
    expect(observationSpec(small, 5)).toEqual(observationSpec(small, 5));
    expect(observationSpec(small, 5).emitters[0]).not.toEqual(observationSpec(small, 6).emitters[0]);
    const fewer = { ...small, needles: { ...small.needles, count: 2 } };
    expect(observationSpec(fewer, 5).emitters[1]).toEqual(observationSpec(small, 5).emitters[1]);
  });

  it("draws what the recipe asks for, each in the band in the middle of the observation", () => {
    const { emitters } = observationSpec(small, 1);
    const needles = emitters.filter(({ kind }) => kind === "needle");
    expect(needles).toHaveLength(40);
    expect(emitters).toHaveLength(100);
    expect(new Set(needles.map(({ signal }) => signal.path.shape)).size).toBeGreaterThan(3);
    const middleS = 0.5 * (6 * 16 * small.tsampS + 5 * small.gapS);
    for (const { signal, strength, scans, kind } of emitters) {
      const channel =
        (signalFrequencyMHz(signal, small.tsampS, middleS) - small.fch1MHz) / (small.foffHz * 1e-6);
      expect(channel).toBeGreaterThan(0.03 * 8192);
      expect(channel).toBeLessThan(0.97 * 8192);
      const [low, high] = kind === "needle" ? small.needles.snr : small.interference.snr;
      expect(strength.snr).toBeGreaterThanOrEqual(low);
      expect(strength.snr).toBeLessThanOrEqual(high);
      if (signal.path.shape === "linear") expect(Math.abs(signal.path.driftHzPerS)).toBeLessThanOrEqual(4);
      if (kind === "needle") expect(scans).toBe("on");
      else if (Array.isArray(scans)) expect(scans.some((scan) => scan % 2 === 1)).toBe(true);
    }
  });

  it("has all that the recipe says by itself, before what is drawn", () => {
    const mine = {
      kind: "needle",
      label: "mine",
      signal: {
        frequencyMHz: 8419.9,
        path: { shape: "linear", driftHzPerS: 0.2 },
        profile: { shape: "tone" },
        timeProfile: { shape: "steady" },
      },
      strength: { snr: 40 },
      scans: [0],
    } as const;
    expect(observationSpec({ ...small, emitters: [mine] }, 1).emitters[0]).toEqual(mine);
  });

  it("draws measured noise with the table's levels, at any resolution", () => {
    const recipe: ObservationRecipe = { ...small, noise: { distribution: "measured" } };
    const levels = Array.from({ length: 200 }, (_, seed) => observationSpec(recipe, seed).noise);
    for (const noise of levels) {
      if (noise.distribution !== "chi-squared") throw new Error("another distribution");
      expect(noise.mean).toBeGreaterThan(2e5);
      expect(noise.mean).toBeLessThan(1.1e6);
      // 204 by the receiver equation; the table's deviations are 1 to 13 % above it.
      expect(noise.dof).toBeGreaterThan(204 / 1.14 ** 2);
      expect(noise.dof).toBeLessThan(204);
    }
    expect(new Set(levels.map(({ mean }) => Math.round(mean))).size).toBeGreaterThan(150);
  });

  it("can be simulated", async () => {
    const { cadence, truth } = simulateObservation(observationSpec(small, 2), 2);
    expect(cadence.scans.map(({ role }) => role)).toEqual(["ON", "OFF", "ON", "OFF", "ON", "OFF"]);
    expect(cadence.scans[2]!.source.header.source_name).toBe("SIMULATED");
    expect(cadence.scans[1]!.source.header.source_name).toBe("SIMULATED_OFF_B");
    const shown = truth.filter(({ snrByScan }) => Math.hypot(...snrByScan) > 5);
    expect(shown.length).toBeGreaterThan(80);
    const { data } = await cadence.scans[0]!.source.read({ rowStart: 0, rowStop: 1 });
    expect(data.every(Number.isFinite)).toBe(true);
  });
});
