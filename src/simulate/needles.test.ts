import { describe, expect, it } from "vitest";
import { defaultCadenceRecipe } from "./cadence-recipe.ts";
import { cadenceGrids } from "./cadences.ts";
import { addEmitter } from "./emitters.ts";
import { drawInterference, drawInterferer, type InterferenceKind } from "./interference.ts";
import { drawNeedle } from "./needles.ts";
import { randomStream, streamKey } from "./random.ts";

const recipe = {
  ...defaultCadenceRecipe,
  cadence: { ...defaultCadenceRecipe.cadence, rows: 68, channels: 64 },
};
const grids = cadenceGrids(recipe, 0.1);
const stream = (i: number) => randomStream(streamKey(21, i));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const pixels = () => new Float32Array(6 * 68 * 64);

describe("needles", () => {
  const needles = range(150).map((i) => drawNeedle(stream(i), recipe.needles, grids));

  it("are in ON scans alone, in all of them mostly, and show in the band at the S/N drawn", () => {
    let all = 0;
    for (const needle of needles) {
      const snrs = addEmitter(pixels(), needle, grids);
      expect(20 * Math.log10(Math.hypot(...snrs))).toBeCloseTo(needle.snrDb, 6);
      expect(needle.snrDb).toBeGreaterThanOrEqual(18);
      expect(needle.snrDb).toBeLessThanOrEqual(50);
      for (const scan of [1, 3, 5]) expect(snrs[scan]).toBe(0);
      const present = needle.scanGains.filter((gain) => gain > 0).length;
      expect(present).toBeGreaterThan(0);
      if (present === 3) all++;
    }
    expect(all / needles.length).toBeGreaterThan(0.65);
    expect(all / needles.length).toBeLessThan(0.95);
  });

  it("show in every scan that they are in, but for a few", () => {
    const shy = needles.filter((needle) => {
      const snrs = addEmitter(pixels(), needle, grids);
      return needle.scanGains.some((gain, scan) => gain > 0 && snrs[scan]! < 0.2 * Math.hypot(...snrs));
    });
    expect(shy.length / needles.length).toBeLessThan(0.2);
  });

  it("come in every kind of path, time profile and frequency profile, with either sign of drift", () => {
    const kinds = <T>(of: (needle: (typeof needles)[number]) => T) => new Set(needles.map(of)).size;
    expect(kinds(({ signal }) => signal.path.shape)).toBe(6);
    expect(kinds(({ signal }) => signal.timeProfile.shape)).toBe(6);
    expect(kinds(({ signal }) => signal.profile.shape)).toBe(6);
    expect(kinds(({ signal }) => Math.sign(signal.path.driftHzPerS))).toBe(3);
    expect(kinds(({ restarts }) => restarts)).toBe(2);
  });

  it("are the same for the same stream, and follow the scans that are said to be ON", () => {
    expect(drawNeedle(stream(4), recipe.needles, grids)).toEqual(needles[4]);
    const on = [false, true, true, false, false, true];
    for (const i of range(20)) {
      const { scanGains } = drawNeedle(stream(i), recipe.needles, grids, on);
      scanGains.forEach((gain, scan) => {
        if (!on[scan]) expect(gain).toBe(0);
      });
    }
  });

  it("miss the scans that the recipe says", () => {
    const count = (scans: typeof recipe.needles.scans) =>
      drawNeedle(stream(1), { ...recipe.needles, scans }, grids).scanGains.filter((gain) => gain > 0).length;
    expect(count({ all: 1, "all-but-one": 0, one: 0 })).toBe(3);
    expect(count({ all: 0, "all-but-one": 1, one: 0 })).toBe(2);
    expect(count({ all: 0, "all-but-one": 0, one: 1 })).toBe(1);
  });

  it("come to the band even where the recipe would have them drift far out of it", () => {
    const path = { ...recipe.needles.path, slow: 0, steep: 1, steepDrift: [50_000, 90_000] as const };
    for (const i of range(10)) {
      const needle = drawNeedle(stream(i), { ...recipe.needles, path }, grids);
      expect(Math.hypot(...addEmitter(pixels(), needle, grids))).toBeCloseTo(10 ** (needle.snrDb / 20), 3);
    }
  });
});

describe("interference", () => {
  const kinds = Object.keys(recipe.interference.kind) as InterferenceKind[];
  const onlyOf = (kind: InterferenceKind) => ({
    ...recipe.interference,
    kind: Object.fromEntries(kinds.map((one) => [one, one === kind ? 1 : 0])) as Record<
      InterferenceKind,
      number
    >,
  });

  it.each(kinds)("of kind %s shows in an OFF scan, at the S/N drawn", (kind) => {
    for (const i of range(15)) {
      const emitter = drawInterferer(stream(i), onlyOf(kind), grids);
      expect(emitter.kind).toBe("interference");
      const snrs = addEmitter(pixels(), emitter, grids);
      const total = Math.hypot(...snrs);
      expect(20 * Math.log10(total)).toBeCloseTo(emitter.snrDb, 6);
      expect(Math.hypot(snrs[1]!, snrs[3]!, snrs[5]!)).toBeGreaterThan(0.2 * total);
    }
  });

  it("is what its kind says", () => {
    const one = (kind: InterferenceKind) =>
      range(12)
        .map((i) => drawInterferer(stream(i), onlyOf(kind), grids))
        .filter(({ label }) => label === kind)
        .map(({ signal }) => signal);
    for (const { path, timeProfile } of one("carrier")) {
      expect(path).toEqual({ shape: "linear", driftHzPerS: 0 });
      expect(timeProfile.shape).toBe("steady");
    }
    for (const { timeProfile } of [...one("pulsed"), ...one("intermittent")])
      expect(timeProfile.shape).toBe("pulsed");
    for (const { path } of one("hopping")) expect(path.shape).toBe("hopping");
    for (const { path } of one("walk")) expect(path.shape).toBe("random-walk");
    for (const { profile } of one("comb")) {
      expect(profile.shape === "lines" && profile.lines.length).toBeGreaterThanOrEqual(3);
    }
    const channelHz = Math.abs(recipe.cadence.foffHz);
    for (const { profile } of one("wide")) {
      if (profile.shape === "box")
        expect(profile.widthHz).toBeGreaterThanOrEqual(10 * channelHz * (1 - 1e-9));
      else expect(["gaussian", "lorentzian", "voigt"]).toContain(profile.shape);
    }
    expect(new Set(one("like-needle").map(({ path }) => path.shape)).size).toBeGreaterThan(2);
  });

  it("is in all scans, in the OFF scans alone, or in some that are not all ON", () => {
    const drawn = range(200).flatMap((i) => drawInterference(stream(i), recipe.interference, grids));
    const scans = drawn.map(({ scanGains }) => scanGains.map((gain) => (gain > 0 ? 1 : 0)).join(""));
    const share = (of: string) => scans.filter((one) => one === of).length / scans.length;
    expect(share("111111")).toBeGreaterThan(0.5);
    expect(share("010101")).toBeGreaterThan(0.12);
    expect(new Set(scans).size).toBeGreaterThan(15);
    for (const one of scans) expect(one).not.toMatch(/^.0.0.0$/);
    // In two OFF scans alone, the third or more ON ones silent: not only whole groups.
    expect(scans.some((one) => one[0] === "1" && one[1] === "0")).toBe(true);
  });

  it("comes as often and as many as the recipe says", () => {
    const counts = range(400).map((i) => drawInterference(stream(i), recipe.interference, grids).length);
    expect(counts.filter((count) => count === 0).length / counts.length).toBeCloseTo(
      recipe.interference.none,
      1,
    );
    expect(Math.max(...counts)).toBe(recipe.interference.count[1]);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(
      counts.filter((count) => count === 4).length,
    );
    expect(drawInterference(stream(0), { ...recipe.interference, none: 1 }, grids)).toEqual([]);
    for (const i of range(20)) {
      expect(
        drawInterference(stream(i), { ...recipe.interference, none: 0, count: [3, 3] }, grids),
      ).toHaveLength(3);
    }
  });
});
