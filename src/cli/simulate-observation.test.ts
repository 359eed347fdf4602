import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openSpectrograms } from "../formats/open.node.ts";
import { parseTruthCsv } from "../formats/truth-csv.ts";
import { simulateObservation } from "../simulate/observation.ts";
import { observationSpec, readObservationRecipe } from "../simulate/observation-recipe.ts";
import { runCaptured } from "./testing/run-captured.ts";

const folder = mkdtempSync(join(tmpdir(), "lodestone-simulate-"));
const place = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const recipe = {
  pattern: "ABA",
  rowsPerScan: 8,
  nchans: 1024,
  needles: { count: 3 },
  interference: { count: 2 },
  emitters: [
    {
      label: "mine",
      snr: 40,
      signal: { frequencyMHz: 8419.921, path: { shape: "sine", amplitudeHz: 50, periodS: 300 } },
    },
  ],
};
writeFileSync(place("recipe.json"), JSON.stringify(recipe));

const run = (...args: string[]) => runCaptured(["simulate", "observation", ...args]);

describe("lodestone simulate observation", () => {
  it.each(["h5", "fil"])("writes the scans of the recipe as .%s, with what is in them", async (format) => {
    const out = place(`night-${format}`);
    const { exitCode, stdout: text } = await run(
      "--out",
      out,
      "--recipe",
      place("recipe.json"),
      "--seed",
      "4",
      "--format",
      format,
      "--json",
    );
    expect(exitCode).toBe(0);
    const result = JSON.parse(text);
    expect(result.scans).toEqual(
      ["A-on", "B-off", "A-on"].map((name, i) => join(out, `scan-${i + 1}-${name}.${format}`)),
    );
    const { cadence, truth } = simulateObservation(
      observationSpec(readObservationRecipe(recipe, "recipe"), 4),
      4,
    );
    for (const [i, path] of (result.scans as string[]).entries()) {
      const [source] = await openSpectrograms(path);
      const expected = cadence.scans[i]!.source;
      expect((await source!.read()).data).toEqual((await expected.read()).data);
      expect(source!.frequency).toEqual(expected.frequency);
      expect(source!.time.tstartMjd).toBeCloseTo(expected.time.tstartMjd, 9);
      expect(source!.header.source_name).toBe(expected.header.source_name);
      await source!.close();
    }
    const table = parseTruthCsv(readFileSync(result.truthTable, "utf8"), "truth.csv");
    expect(table).toHaveLength(6);
    expect(table.map(({ path }) => JSON.parse(path))).toEqual(
      truth.map(({ signal }) => JSON.parse(JSON.stringify(signal))),
    );
    table.forEach((row, i) => {
      expect(row).toMatchObject({
        id: `night-${format}`,
        label: 1,
        kind: truth[i]!.kind,
        driftHzPerS: truth[i]!.driftHzPerS,
      });
      expect(row.snr).toBeCloseTo(Math.hypot(...truth[i]!.snrByScan), 6);
      expect(row.snrDb).toBeCloseTo(20 * Math.log10(row.snr), 6);
    });
    expect(table[0]).toMatchObject({ shape: "sine", profile: "tone", time: "steady", scans: "1 0 1" });
  });

  it("writes the same bytes again for the same seed and the recipe that it left, and others for another", async () => {
    const scan = (name: string) => readFileSync(place(name, "scan-1-A-on.fil"));
    await run("--out", place("a"), "--recipe", place("recipe.json"), "--format", "fil");
    await run("--out", place("b"), "--recipe", place("a", "recipe.json"), "--format", "fil");
    await run("--out", place("c"), "--recipe", place("a", "recipe.json"), "--format", "fil", "--seed", "2");
    expect(scan("b").equals(scan("a"))).toBe(true);
    expect(scan("c").equals(scan("a"))).toBe(false);
  });

  it("lets options have the last word", async () => {
    const args = [
      "--cadence",
      "ab",
      "--rows",
      "4",
      "--channels",
      "512",
      "--needles",
      "1",
      "--interference",
      "0",
    ];
    const { stdout } = await run("--recipe", place("recipe.json"), ...args, "--print-recipe");
    expect(JSON.parse(stdout)).toMatchObject({
      pattern: "AB",
      rowsPerScan: 4,
      nchans: 512,
      needles: { count: 1 },
      interference: { count: 0 },
    });
    const written = await run("--out", place("small"), ...args);
    expect(written.stdout).toContain("2 scans of 4 rows x 512 channels");
    expect(written.stdout).toContain("1 needle and 0 interferers");
  });

  it("replaces nothing without --force", async () => {
    const args = ["--out", place("twice"), "--recipe", place("recipe.json"), "--format", "fil"];
    await run(...args);
    const again = await run(...args);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain(
      "scan-1-A-on.fil: this file is there already. Name another folder, or pass --force",
    );
    expect((await run(...args, "--force")).exitCode).toBe(0);
  });

  it("says at once where the disk can't hold it", async () => {
    const { exitCode, stderr } = await run(
      "--out",
      place("vast"),
      "--rows",
      "1000000",
      "--channels",
      "1000000000",
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/vast: the files take up to .*, and the disk has .* left\. Ask for less/);
    expect(readdirSync(place("vast"))).toEqual([]);
  });

  it("names the file and the key of what it can't use", async () => {
    writeFileSync(place("wrong.json"), '{"nchans": 0}');
    const wrong = await run("--out", place("x"), "--recipe", place("wrong.json"));
    expect(wrong).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("wrong.json: nchans must be a whole number, 1 or more"),
    });
    writeFileSync(place("torn.json"), '{"nchans": ');
    const torn = await run("--out", place("x"), "--recipe", place("torn.json"));
    expect(torn).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("torn.json: this is no JSON"),
    });
    expect((await run("--out", place("x"), "--cadence", "BC")).stderr).toContain("no scan is A");
    expect((await run()).stderr).toContain("Say where the scans go: --out FOLDER.");
  });
});
