import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeLabels } from "../formats/cadence-labels.ts";
import { writeSmallCadences } from "../formats/testing/cadence-files.ts";
import { exploreCommand } from "./explore.ts";
import { runCaptured } from "./testing/run-captured.ts";

let folder = "";
const ids = ["0a1", "0b2", "1c3", "f00"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-explore-command-"));
  await writeSmallCadences(folder, "train", ids);
  await writeFile(join(folder, "train_labels.csv"), encodeLabels([...ids, "999"], [1, 0, 0, 0, 0]));
});
afterAll(() => rm(folder, { recursive: true }));

const lodestone = (...args: string[]) =>
  runCaptured(["explore", ...args], [{ name: "explore", summary: "", load: async () => exploreCommand() }]);

test("prints what a folder holds, and writes nothing unless asked", async () => {
  const before = await readdir(folder);
  const { exitCode, stdout, stderr } = await lodestone(folder);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").map((line) => line.trim().replace(/\s+/g, " "))).toEqual([
    join(folder, "train"),
    "Cadences 4 cadences",
    "Labels 1 25.0 % positive (target 1)",
    "3 75.0 % negative (target 0)",
    "Files 4 read whole, 0.0 MB",
    "Arrays 4 (6, 5, 4) <f2",
    "Values −4 to 3.969",
    expect.stringMatching(/^99.8 % of them lie from −[\d.]+ to [\d.]+$/),
    expect.stringMatching(/^Panels means −?[\d.]+ to [\d.]+, standard deviations 2[\d.]+ to 2[\d.]+$/),
    "Problems 1 named in a table, without a file",
    "",
    "No cadence is a copy of another, and no two share a panel.",
    "",
  ]);
  expect(await readdir(folder)).toEqual(before);
});

test("--json prints the record alone, and --out writes the report", async () => {
  const out = join(folder, "report");
  const { exitCode, stdout, stderr } = await lodestone(folder, "--json", "--out", out, "--samples", "1");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ folder, splits: [{ split: "train", cadences: 4 }] });
  expect(stderr).toBe(`Wrote 7 files into ${out}: report.html, report.json, problems.csv and 4 pictures\n`);
  expect(await readdir(out)).toHaveLength(7);
  await rm(out, { recursive: true });
});

test.each([
  [["nowhere"], 1, "lodestone: nowhere: no such folder. Check the name.\n"],
  [
    ["nowhere", "--labels", "l.csv"],
    2,
    "lodestone: --labels is of one split. Say which with --split train or --split test.\n",
  ],
])("%j fails with one line", async (args, code, message) => {
  expect(await lodestone(...args)).toEqual({ exitCode: code, stdout: "", stderr: message });
});

test("a split that isn't there, and one that there can't be, are told apart", async () => {
  expect((await lodestone(folder, "--split", "test")).stderr).toContain(
    "has a folder train but none called test.",
  );
  expect((await lodestone(folder, "--split", "both")).exitCode).toBe(2);
});
