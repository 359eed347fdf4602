import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulateCadences, simulatedSetText } from "./simulate-cadences.ts";

describe("simulate cadences", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lodestone-simulate-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes what a recipe says, and tells of it", async () => {
    const recipe = join(folder, "recipe.json");
    const background = { noise: { kind: { gaussian: 1 } } };
    await writeFile(
      recipe,
      JSON.stringify({ cadence: { rows: 12, channels: 16 }, positives: 0.5, background }),
    );
    const out = join(folder, "set");
    const set = await simulateCadences({ out, train: 4, test: 2, seed: 3, recipe, threads: 1 });
    expect(set).toMatchObject({ trainPositives: 2, testPositives: 1, written: 6 });
    const text = simulatedSetText(set);
    expect(text).toContain(`4 cadences, 2 with a needle, in ${out}/train`);
    expect(text).toMatch(/Seed 3\. 6 written in \d+\.\d s \(\d+ a second\)\./);
    const again = await simulateCadences({ out, train: 4, test: 2, seed: 3, recipe, threads: 1 });
    expect(simulatedSetText(again)).toContain("0 written in");
    expect(simulatedSetText(again)).toContain("6 were there already.");
    expect(simulatedSetText({ ...set, written: 3, interrupted: true })).toBe(
      `3 of 6 cadences are in ${out}, without its tables.`,
    );
    expect(JSON.parse(await readFile(join(out, "simulation.json"), "utf8"))).toMatchObject({
      seed: 3,
      train: 4,
    });
  });

  it("says what is missing or can't be read", async () => {
    const wanted = { train: 1, test: 0, seed: 1 };
    await expect(simulateCadences(wanted)).rejects.toThrow("--out FOLDER");
    await expect(simulateCadences({ ...wanted, out: folder, train: 0 })).rejects.toThrow(
      "--train N, --test N",
    );
    const missing = join(folder, "missing.json");
    await expect(simulateCadences({ ...wanted, out: join(folder, "x"), recipe: missing })).rejects.toThrow(
      `${missing}: `,
    );
    const broken = join(folder, "broken.json");
    await writeFile(broken, "{");
    await expect(simulateCadences({ ...wanted, out: join(folder, "x"), recipe: broken })).rejects.toThrow(
      "JSON",
    );
    await writeFile(broken, '{"positives": 3}');
    await expect(simulateCadences({ ...wanted, out: join(folder, "x"), recipe: broken })).rejects.toThrow(
      "positives must be a number from 0 to 1; it is 3.",
    );
  });
});
