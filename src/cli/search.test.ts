import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeHdf5 } from "../formats/hdf5.node.ts";
import { exampleObservation } from "../simulate/example-observation.ts";
import { runCaptured } from "./testing/run-captured.ts";

let folder = "";
const scans: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-search-"));
  const { cadence } = exampleObservation(1);
  for (const [i, { source }] of cadence.scans.slice(0, 3).entries()) {
    scans.push(join(folder, `scan ${i + 1}.h5`));
    await writeHdf5(scans[i]!, source);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const search = (...args: string[]) => runCaptured(["search", ...args]);

test("--json prints one object of hits, events and rejected hits", async () => {
  const { exitCode, stdout } = await search(...scans, "--cadence", "ABA", "--json");
  expect(exitCode).toBe(0);
  const { hits, events, rejected } = JSON.parse(stdout);
  const isHit = {
    file: expect.stringMatching(/scan [1-3]\.h5$/),
    scan: expect.any(Number),
    frequencyMHz: expect.any(Number),
    driftHzPerS: expect.any(Number),
    snr: expect.any(Number),
    widthHz: expect.any(Number),
    coarseChannel: expect.any(Number),
    channel: expect.any(Number),
  };
  for (const list of [hits, events, rejected]) expect(list.length).toBeGreaterThan(0);
  for (const hit of [...hits, ...rejected]) expect(hit).toMatchObject(isHit);
  for (const hit of rejected)
    expect(hit).toMatchObject({ rule: expect.any(String), reason: expect.any(String) });
  for (const event of events) {
    expect(event).toMatchObject({
      frequencyMHz: expect.any(Number),
      driftHzPerS: expect.any(Number),
      level: 3,
    });
    expect(event.hits.map(({ scan }: { scan: number }) => scan)).toEqual([0, 2]);
    for (const hit of event.hits) expect(hit).toMatchObject(isHit);
  }
});

test("--out makes the folder and writes the report and the tables", async () => {
  const out = join(folder, "new", "report");
  const { exitCode } = await search(scans[0]!, "--out", out);
  expect(exitCode).toBe(0);
  const names = await readdir(out);
  for (const name of ["report.html", "hits.csv", "hits.parquet", "results.json", "scan_1.dat"]) {
    expect(names).toContain(name);
  }
});

test("--out that can't be a folder is refused before the search", async () => {
  const file = join(folder, "taken");
  await writeFile(file, "");
  const { exitCode, stdout, stderr } = await search(scans[0]!, "--out", file);
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(`lodestone: ${file}: this is a file, and a folder is wanted. Give another name.\n`);
});

test("limits and cadences that make no sense are wrong calls", async () => {
  for (const args of [
    ["--snr", "1e300"],
    ["--snr", "NaN"],
    ["--max-drift", "-1"],
    ["--min-drift", "5"],
    ["--cadence", "ABACAD"],
    ["--cadence", "B"],
    ["--off-snr", "6"],
    ["--f-start", "1", "--f-stop", "2"],
  ]) {
    const { exitCode, stdout } = await search(scans[0]!, ...args);
    expect([args, exitCode, stdout]).toEqual([args, 2, ""]);
  }
});

test("a .dat of another program is not replaced, and the search not begun", async () => {
  const out = join(folder, "with-dat");
  await mkdir(out);
  await writeFile(join(out, "scan_1.dat"), "# turboSETI's\n");
  const { exitCode, stderr } = await search(scans[0]!, "--out", out);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("scan_1.dat: it is there and another program wrote it");
  expect(await readdir(out)).toEqual(["scan_1.dat"]);
});
