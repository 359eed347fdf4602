import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSigproc } from "../formats/sigproc-write.node.ts";
import { memorySource } from "../signal/memory-source.ts";
import { infoCommand } from "./info.ts";
import { plotCommand } from "./plot.ts";
import { runCaptured } from "./testing/run-captured.ts";

let folder = "";
let home = "";
let scan = "";

const [rows, channels, line] = [16, 600, 450];

beforeAll(async () => {
  home = process.cwd();
  folder = await mkdtemp(join(tmpdir(), "lodestone-plot-"));
  scan = join(folder, "scan.fil");
  const data = Float32Array.from({ length: rows * channels }, (_, i) => 100 + ((i * 31) % 17));
  for (let row = 0; row < rows; row++) data[row * channels + line] = 5000;
  const made = memorySource({
    data,
    time: { tstartMjd: 57_650.5, tsampS: 18, nsamples: rows },
    frequency: { fch1MHz: 1420, foffMHz: -0.001, nchans: channels },
    header: { source_name: "TEST_STAR", telescope_id: 6, src_raj: 17.5, src_dej: -12.25, nbits: 32 },
    source: "made",
  });
  await writeSigproc(scan, made);
  process.chdir(folder);
});

afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

const lodestone = (...args: string[]) =>
  runCaptured(args, [
    { name: "plot", summary: "", load: async () => plotCommand() },
    { name: "info", summary: "", load: async () => infoCommand() },
  ]);

async function brightColumns(file: string, y: number): Promise<number[]> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const top = (x: number) => data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3).join();
  return Array.from({ length: 1060 }, (_, x) => x).filter((x) => top(x) === "253,231,37");
}

test("plot draws one file under a name made of its own, and says so on standard error alone", async () => {
  const result = await lodestone("plot", scan);
  expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "Wrote scan.png (1200 x 640 pixels).\n" });
  const bright = await brightColumns("scan.png", 300);
  expect(bright.length).toBeGreaterThanOrEqual(1);
  expect(bright.length).toBeLessThanOrEqual(3);
});

test("a range of frequency and time leaves the line out, or cuts it", async () => {
  await lodestone(
    "plot",
    scan,
    "-o",
    "beside.png",
    "--f-start",
    "1419.99",
    "--f-stop",
    "1419.6",
    "--scale",
    "linear",
  );
  expect((await brightColumns("beside.png", 300)).length).toBeGreaterThan(5);
  const { exitCode } = await lodestone(
    "plot",
    scan,
    "-o",
    "cut.png",
    "--f-start",
    "1419.549",
    "--f-stop",
    "1419.6",
    "--t-start",
    "100",
    "--t-stop",
    "150",
  );
  expect(exitCode).toBe(0);
  const bright = await brightColumns("cut.png", 300);
  expect(bright.at(-1)! - bright[0]!).toBeGreaterThan(5);
});

test("several files are a cadence, whose pattern is told unless it is given", async () => {
  const untold = await lodestone("plot", scan, scan, scan, "--width", "900", "--pixel-ratio", "2");
  expect(untold.exitCode).toBe(0);
  expect(untold.stderr).toContain(
    "Taken as the cadence ABA, A being the target; say otherwise with --cadence.",
  );
  expect(untold.stderr).toContain("Wrote scan-cadence.png (1800 x");
  expect((await sharp("scan-cadence.png").metadata()).width).toBe(1800);
  const told = await lodestone("plot", scan, scan, "--cadence", "AB", "-o", "two.png");
  expect(told.stderr).toMatch(/^Wrote two\.png \(1200 x \d+ pixels\)\.\n$/);
});

test.each([
  [
    ["--f-start", "100", "--f-stop", "200"],
    2,
    "no channel lies between 100 and 200 MHz; the band is 1419.400500 to 1420.000500 MHz.",
  ],
  [["--t-start", "900"], 2, "no row begins between 900 and 288 s"],
  [["--if", "3"], 2, "IF 3 was asked for"],
  [["--colormap", "rainbow"], 2, "Give one of viridis, magma, inferno, plasma, cividis, gray."],
  [["--scale", "cubic"], 2, "Give one of auto, log, linear, percentile, column."],
  [["--reduce", "median"], 2, "Give one of max, mean."],
  [["--width", "10"], 2, "Give a whole number from 600 up to 8000 px."],
  [
    ["--width", "8000", "--pixel-ratio", "4"],
    2,
    "--width 8000 times --pixel-ratio 4 is 32000 pixels; give 16,000 at most.",
  ],
  [["--cadence", "ABACAD"], 2, "Cadence ABACAD has 6 scans, but 1 were given."],
  [["--f-start", "tomorrow"], 2, "Give a number in MHz"],
  [["-o", "no-such-folder/x.png"], 1, "no-such-folder/x.png: its folder doesn't exist."],
])("plot %j fails with a clear sentence and writes nothing", async (args, exitCode, message) => {
  const before = await readdir(folder);
  const result = await lodestone("plot", scan, ...args);
  expect(result.stderr).toContain(message);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stdout).toBe("");
  expect(await readdir(folder)).toEqual(before);
});

test("one array of panels is a cadence too", async () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 40), }".padEnd(117).concat("\n");
  const start = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}`, "latin1");
  const power = Float32Array.from({ length: 240 }, (_, i) => Math.sin(i));
  await writeFile("panels.npy", Buffer.concat([start, Buffer.from(power.buffer)]));
  const { exitCode, stderr: told } = await lodestone("plot", "panels.npy");
  expect(exitCode).toBe(0);
  expect(told).toContain("Taken as the cadence AB,");
  expect(told).toContain("Wrote panels-cadence.png");
  expect((await lodestone("info", "panels.npy")).stdout).toContain("2 panels of 3 rows x 40 channels");
});

test("more scans than a picture takes are refused", async () => {
  const result = await lodestone("plot", ...Array.from({ length: 25 }, () => scan));
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toContain("25 spectrograms; a picture takes 24 at most. Give fewer.");
});

test("plot and info of what is no recording", async () => {
  await writeFile("letter.fil", "Dear reader, this is no filterbank file.");
  for (const command of ["plot", "info"]) {
    for (const file of ["letter.fil", "absent.fil"]) {
      const result = await lodestone(command, file);
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(`${file}: `);
      expect(result.stdout).toBe("");
    }
  }
});

test("info prints a table for people", async () => {
  const { exitCode, stdout: shown } = await lodestone("info", "scan.fil");
  expect(exitCode).toBe(0);
  expect(shown.split("\n")).toEqual([
    "scan.fil",
    "  Format      SIGPROC filterbank, 32 bits a value",
    expect.stringMatching(/^ {2}Size {8}38\.\d kB \(38,\d{3} bytes\)$/),
    "  Source      TEST_STAR",
    "  Position    RA 17:30:00.00  Dec -12:15:00.0",
    "  Telescope   Green Bank",
    "  Start       2016-09-19 12:00:00 UTC  (MJD 57650.500000000)",
    "  Shape       16 rows x 600 channels",
    "  Band        1419.400500 to 1420.000500 MHz  (600 kHz, highest channel first)",
    "  Resolution  1 kHz x 18 s",
    "  Duration    288 s (4 min 48 s)",
    "  Coarse      boundaries not known: a cut-out, or a product without them",
    "  Power       median 108, robust deviation 5.93, 100 to 5000",
    "",
  ]);
});

test("info --json prints one object for one file, an array for several, and nothing else", async () => {
  const one = JSON.parse((await lodestone("info", "--json", "scan.fil")).stdout);
  expect(one).toMatchObject({
    file: "scan.fil",
    rows,
    channels,
    fch1MHz: 1420,
    lowMHz: expect.closeTo(1419.4005, 9),
    tstartUtc: "2016-09-19 12:00:00 UTC",
    coarseChannels: { count: 1, channelsPerCoarse: 600, known: false },
    power: { values: rows * channels, missing: 0, min: 100, max: 5000 },
  });
  expect(one.sizeBytes).toBe((await readFile("scan.fil")).length);
  expect(JSON.parse((await lodestone("info", "--json", "scan.fil", "scan.fil")).stdout)).toEqual([one, one]);
});

test("info tells what the good files hold though others are bad", async () => {
  await writeFile("letter.fil", "Dear reader, this is no filterbank file.");
  const result = await lodestone("info", "absent.fil", "scan.fil", "letter.fil");
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toMatch(/^scan\.fil\n {2}Format/);
  expect(result.stderr.split("\n")).toEqual([
    expect.stringMatching(/^lodestone: absent\.fil: no such file/),
    expect.stringMatching(/^lodestone: letter\.fil: /),
    "",
  ]);
  const json = await lodestone("info", "--json", "absent.fil", "scan.fil");
  expect(json.exitCode).toBe(1);
  expect(JSON.parse(json.stdout)).toEqual([expect.objectContaining({ file: "scan.fil" })]);
});
