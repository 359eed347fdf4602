import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeHdf5 } from "../formats/hdf5.node.ts";
import { writeTinyModel } from "../learn/testing/tiny-models.ts";
import { memorySource } from "../signal/memory-source.ts";
import { type Emitter, simulateObservation } from "../simulate/observation.ts";
import { runCaptured } from "./testing/run-captured.ts";

const FCH1_MHZ = 8420;
const FOFF_MHZ = -2.7939677238464355e-6;
const shape = { panels: 6, rows: 32, channels: 32 };
const preprocessing = { input: { normalisation: "none", layout: "six" }, shape, flips: "frequency" } as const;

let folder = "";
const scans: string[] = [];
let model = "";

/** A linear network that answers to what lies in the middle half of ON panels and not of OFF panels. */
const weights = Float32Array.from({ length: 6 * 32 * 32 }, (_, i) => {
  const on = Math.floor(i / 1024) % 2 === 0 ? 1 : -1;
  return (on * (i % 32 >= 8 && i % 32 < 24 ? 0.5 : -0.5)) / 39;
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-search-by-network-"));
  const emitter = (channel: number, path: Emitter["signal"]["path"]): Emitter => ({
    kind: "needle",
    label: path.shape,
    scans: "on",
    strength: { snr: 60 },
    signal: {
      frequencyMHz: FCH1_MHZ + channel * FOFF_MHZ,
      path,
      profile: { shape: "tone" },
      timeProfile: { shape: "steady" },
    },
  });
  const { cadence } = simulateObservation(
    {
      pattern: "ABACAD",
      rowsPerScan: 16,
      gapS: 20,
      frequency: { fch1MHz: FCH1_MHZ, foffMHz: FOFF_MHZ, nchans: 4096 },
      tsampS: 18.253611008,
      tstartMjd: 60_000,
      noise: { distribution: "chi-squared", mean: 1e9 },
      emitters: [
        emitter(1000, { shape: "linear", driftHzPerS: -0.02 }),
        emitter(3000, { shape: "linear", driftHzPerS: 0 }),
      ],
    },
    2,
  );
  for (const [i, { source }] of cadence.scans.entries()) {
    scans.push(join(folder, `${i + 1}.h5`));
    await writeHdf5(scans[i]!, source);
  }
  model = join(folder, "line.onnx");
  await writeTinyModel(model, { weights, bias: -4 }, preprocessing);
});
afterAll(() => rm(folder, { recursive: true }));

const search = (...args: string[]) => runCaptured(["search", ...args, "--threads", "1"]);

test("--detector scores the event, and lists the needle without drift that the drift search leaves out", async () => {
  const out = join(folder, "report");
  const args = [...scans, "--cadence", "ABACAD", "--out", out, "--pictures", "1"];
  const { exitCode, stdout } = await search(...args, "--detector", model);
  expect(exitCode).toBe(0);
  const { events, detector, parameters, rejected } = JSON.parse(
    await readFile(join(out, "results.json"), "utf8"),
  );
  expect(parameters).toMatchObject({ detector: model, detectorThreshold: 0.9 });
  expect(events).toHaveLength(1);
  expect(events[0].detectorScore).toBeGreaterThan(0.9);
  expect(rejected.map(({ rule }: { rule: string }) => rule)).toContain("zero-drift");
  expect(detector).toMatchObject({ model, threshold: 0.9, windows: 255 + 63 + 15, scales: [1, 4, 16] });
  expect(detector.candidates).toHaveLength(1);
  const [{ lowMHz, highMHz, score }] = detector.candidates;
  const needle = FCH1_MHZ + 3000 * FOFF_MHZ;
  expect(lowMHz).toBeLessThan(needle);
  expect(highMHz).toBeGreaterThan(needle);
  expect(highMHz - lowMHz).toBeLessThan(100 * Math.abs(FOFF_MHZ));
  expect(score).toBeGreaterThan(0.9);

  expect(stdout).toContain("S/N  detector  level  scans");
  expect(stdout).toMatch(/1 candidate of the detector's alone, of 333 windows, with a score of 0.9 or more/);
  // The needle's own three hits, which have no drift.
  expect(stdout).toMatch(/ 1 {2}8419\.99\d+ {2}8419\.99\d+ +0\.9\d+ {2}3, 0/);
  expect(await readdir(out)).toEqual(expect.arrayContaining(["candidate-1.png", "event-1.png"]));
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page).toContain("Found by the detector alone");
  expect(page).toContain('src="candidate-1.png"');
  expect(page).toContain(">Detector</th>");

  // Without a detector nothing of it is left.
  const without = await search(...args, "--pictures", "0", "--no-detector");
  expect(without.exitCode).toBe(0);
  expect(without.stdout).not.toContain("detector");
  expect(await readdir(out)).not.toContain("candidate-1.png");
  for (const name of ["report.html", "results.json"]) {
    expect(await readFile(join(out, name), "utf8")).not.toContain("etector");
  }
});

test.each([
  [["--detector", "MODEL"], /Give --cadence, such as ABACAD/],
  [["--detector-threshold", "0.5"], /--detector-threshold has a meaning only with --cadence/],
  [["--cadence", "ABACAD", "--no-detector", "--detector-everywhere"], /everywhere has .* not with --no-det/],
  [["--cadence", "AABBCC", "--detector", "MODEL"], /knows cadences of 6 scans, ON and OFF in turn/],
  [["--cadence", "ABACAD", "--detector", "nothing.onnx"], /nothing\.onnx: the model can't be read/],
])("%j is refused before anything is searched", async (args, message) => {
  const given = args.map((arg) => (arg === "MODEL" ? model : arg));
  const { exitCode, stdout, stderr } = await search(...scans, ...given);
  expect(exitCode).not.toBe(0);
  expect(stderr).toMatch(message);
  expect(stdout).toBe("");
});

test("a band of many windows is gone through where that is asked for", async () => {
  const wide = join(folder, "wide.h5");
  const noise = new Float32Array(8 * 19_000).map((_, i) => 1 + (i % 7));
  const time = { tstartMjd: 60_000, tsampS: 18.253611008, nsamples: 8 };
  const frequency = { fch1MHz: FCH1_MHZ, foffMHz: FOFF_MHZ, nchans: 19_000 };
  await writeHdf5(wide, memorySource({ data: noise, time, frequency, header: {}, source: "wide" }));
  const args = [...new Array(6).fill(wide), "--cadence", "ABACAD", "--detector", model];
  const some = await search(...args);
  // Windows of 32 channels, 16 apart, and so on.
  expect(some.stdout).toContain(
    "looked at none of the band's 1,557 windows. --detector-everywhere looks at all",
  );
  const all = await search(...args, "--detector-everywhere");
  expect(all.stdout).toContain("0 candidates of the detector's alone, of 1,557 windows");
});

describe("the detector in the box", () => {
  const band = ["--f-start", "8419.9965", "--f-stop", "8419.998"];

  test("scores events where nothing else is asked for", async () => {
    const { stdout, stderr, exitCode } = await search(...scans, "--cadence", "ABACAD", ...band, "--json");
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { events, detector, parameters } = JSON.parse(stdout);
    expect(parameters.detector).toBe("Lodestone's detector");
    expect(events[0].detectorScore).toBeGreaterThanOrEqual(0);
    expect(detector.windows).toBe(detector.bandWindows);
    expect(detector.windows).toBeGreaterThan(2);
  });

  test.each([
    ["scans of another pattern", 4, ["--cadence", "ABAB"], /these are 4: ON OFF ON OFF/],
    [
      "a narrow band",
      6,
      ["--cadence", "ABACAD", "--f-stop", "8419.9971"],
      /is 215 channels wide, and .* at 256/,
    ],
  ])("is left out of a search of %s, which says so", async (_, count, args, why) => {
    const { stdout, stderr, exitCode } = await search(
      ...scans.slice(0, count),
      ...["--f-start", "8419.9965", ...args],
    );
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Note: The detector was left out\. .*\n$/);
    expect(stderr).toMatch(why);
    expect(stdout).toContain("in the cadence AB");
    expect(stdout).not.toContain("detector");
  });
});

test("a model that doesn't say how cadences are prepared for it is refused", async () => {
  const other = join(folder, "other.onnx");
  await writeTinyModel(other, { weights, bias: 0 }, undefined);
  const { exitCode, stderr } = await search(...scans, "--cadence", "ABACAD", "--detector", other);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/other\.onnx: it does not say how cadences are prepared/);
});
