import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSpectrograms, writeSpectrogram } from "../formats/open.node.ts";
import { parseTruthCsv } from "../formats/truth-csv.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { simulateObservation } from "../simulate/observation.ts";
import { addSignal } from "../simulate/signals.ts";
import { type InjectOptions, inject } from "./inject.ts";
import { parseShape } from "./signal-options.ts";

const folder = mkdtempSync(join(tmpdir(), "lodestone-inject-"));
const place = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const NCHANS = 2048;
const files = ["on1.fil", "off1.fil", "on2.fil"].map((name) => place(name));

beforeAll(async () => {
  const { cadence } = simulateObservation(
    {
      pattern: "ABA",
      rowsPerScan: 16,
      gapS: 20,
      frequency: { fch1MHz: 1420, foffMHz: -2.8e-6, nchans: NCHANS },
      tsampS: 18,
      tstartMjd: 60_000,
      noise: { distribution: "chi-squared", mean: 500 },
      emitters: [],
    },
    1,
  );
  for (const [i, { source }] of cadence.scans.entries()) await writeSpectrogram(files[i]!, source);
  await writeSpectrogram(place("on1.h5"), cadence.scans[0]!.source);
});

const options = (changed: Partial<InjectOptions> = {}): InjectOptions => ({
  out: place("out"),
  snr: 30,
  convention: "matched",
  maxDrift: 0.5,
  path: parseShape("linear"),
  profile: parseShape("tone"),
  time: parseShape("steady"),
  scans: "on",
  count: 1,
  seed: 1,
  force: true,
  ...changed,
});

async function powers(path: string): Promise<Float32Array> {
  const [source] = await openSpectrograms(path);
  const { data } = await source!.read();
  await source!.close();
  return data;
}

describe("inject", () => {
  it("writes each file with the needles in it, and tells where they are", async () => {
    const result = await inject(
      files,
      options({ cadence: "ABA", count: 3, path: parseShape("sine:periodS=500") }),
    );
    expect(result.files).toEqual(["on1.fil", "off1.fil", "on2.fil"].map((name) => place("out", name)));
    expect(await powers(result.files[1]!)).toEqual(await powers(files[1]!));
    for (const scan of [0, 2]) {
      const expected = await powers(files[scan]!);
      const range = { rowStart: 0, rowStop: 16, channelStart: 0, channelStop: NCHANS };
      const [source] = await openSpectrograms(files[scan]!);
      // Starting times of .fil files have the last digits of a double of days.
      const startS = Math.round((source!.time.tstartMjd - 60_000) * 86_400 * 1e3) / 1e3;
      const grid = { time: source!.time, frequency: source!.frequency, startS };
      for (const { signal, rowPower } of result.truth) addSignal(expected, range, grid, signal, rowPower);
      const found = await powers(result.files[scan]!);
      expect(Math.max(...found.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(0.01);
      await source!.close();
    }
    const table = parseTruthCsv(readFileSync(result.truthTable, "utf8"), "truth.csv");
    expect(table.map(({ shape, scans }) => [shape, scans])).toEqual(Array(3).fill(["sine", "1 0 1"]));
    for (const { snrByScan } of result.truth) expect(snrByScan[0]).toBeCloseTo(30, 6);
    expect(new Set(result.truth.map(({ frequencyMHz }) => frequencyMHz)).size).toBe(3);
  });

  it("takes needles as options say, and draws what they leave out from the seed", async () => {
    const given = {
      frequency: 1419.997,
      drift: -0.2,
      profile: parseShape("gaussian:fwhmHz=11"),
      time: parseShape("pulsed:periodS=90,duty=0.4"),
    };
    const { truth } = await inject([files[0]!], options(given));
    expect(truth[0]!.signal).toEqual({
      frequencyMHz: 1419.997,
      path: { shape: "linear", driftHzPerS: -0.2 },
      profile: { shape: "gaussian", fwhmHz: 11 },
      timeProfile: { shape: "pulsed", periodS: 90, duty: 0.4, startS: 0 },
    });
    const drawn = async (seed: number) => (await inject([files[0]!], options({ seed }))).truth[0]!.signal;
    expect(await drawn(1)).toEqual(await drawn(1));
    expect((await drawn(1)).frequencyMHz).not.toBe((await drawn(2)).frequencyMHz);
    expect(Math.abs((await drawn(3)).path.driftHzPerS)).toBeLessThanOrEqual(0.5);
  });

  it.each(["linear", "quadratic", "sine", "random-walk", "stepped", "hopping"])(
    "has a usual %s path",
    async (shape) => {
      const { truth } = await inject([files[0]!], options({ path: parseShape(shape) }));
      expect(truth[0]!.signal.path.shape).toBe(shape);
      expect(truth[0]!.snrByScan[0]).toBeGreaterThan(15);
    },
  );

  it.each(["pulsed", "partial", "gaussian-pulses", "sine", "scintillating"])(
    "has a usual %s time profile",
    async (shape) => {
      const { truth } = await inject(
        [files[0]!],
        options({ time: parseShape(shape), profile: parseShape("voigt") }),
      );
      expect(truth[0]!.signal.timeProfile.shape).toBe(shape);
      expect(truth[0]!.snrByScan[0]).toBeGreaterThan(5);
    },
  );

  it("takes signals from a file, interference too", async () => {
    const signals = [
      { snr: 20, signal: { frequencyMHz: 1419.998 } },
      { kind: "interference", label: "radar", snr: 90, scans: [1], signal: { frequencyMHz: 1419.996 } },
    ];
    writeFileSync(place("signals.json"), JSON.stringify(signals));
    const { truth } = await inject(
      files,
      options({ cadence: "ABA", signals: place("signals.json"), snr: undefined }),
    );
    expect(truth.map(({ label, snrByScan }) => [label, snrByScan.map((snr) => snr > 0)])).toEqual([
      ["needle 1", [true, false, true]],
      ["radar", [false, true, false]],
    ]);
    writeFileSync(place("wrong.json"), JSON.stringify([{ snr: 20, signal: { frequency: 1419.998 } }]));
    await expect(inject(files, options({ cadence: "ABA", signals: place("wrong.json") }))).rejects.toThrow(
      "wrong.json: signals[0].signal.frequencyMHz must be a number",
    );
  });

  it("writes the format that is asked for", async () => {
    const { files: written } = await inject(
      [place("on1.h5")],
      options({ out: place("as-fil"), format: "fil" }),
    );
    expect(written).toEqual([place("as-fil", "on1.fil")]);
    expect(await powers(written[0]!)).toHaveLength(16 * NCHANS);
  });

  it("never writes over what it reads, nor over what is there without --force", async () => {
    await expect(inject([files[0]!], options({ out: folder }))).rejects.toThrow(UsageError);
    await inject([files[0]!], options({ out: place("kept") }));
    await expect(inject([files[0]!], options({ out: place("kept"), force: false }))).rejects.toThrow(
      FileError,
    );
    linkSync(files[0]!, place("same.fil"));
    await expect(
      inject([place("on1.h5"), files[0]!], options({ out: place("x"), format: "fil" })),
    ).rejects.toThrow(`${basename(files[0]!)}: two files would get this name`);
  });

  it("says what doesn't fit", async () => {
    const fails = (changed: Partial<InjectOptions>, message: string) =>
      expect(inject([files[0]!], options({ out: place("none"), ...changed }))).rejects.toThrow(message);
    await fails({ snr: undefined }, "How strong? Give --snr");
    await fails({ cadence: "AB" }, "Cadence AB has 2 scans, but 1 were given");
    await fails({ frequency: 1500 }, "it lies outside the band in all of its scans");
    await fails({ path: parseShape("zigzag") }, "--path: shape must be one of linear");
    await fails({ path: parseShape("sine:amplitude=3") }, "--path: there is no key amplitude");
    expect(() => parseShape("sine:amplitudeHz")).toThrow("such as sine:amplitudeHz=40,periodS=600");
  });
});
