import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError, UsageError } from "../signal/errors.ts";
import { memorySource } from "../signal/memory-source.ts";
import { encodeNpy } from "./npy.ts";
import { openSpectrograms, writeSpectrogram } from "./open.node.ts";
import { writeGolden } from "./testing/hdf5-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-open-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const source = memorySource({
  data: Float32Array.from({ length: 4 * 16 }, (_, i) => i),
  time: { tstartMjd: 57650.5, tsampS: 18.25, nsamples: 4 },
  frequency: { fch1MHz: 8421.5, foffMHz: -2.5e-6, nchans: 16 },
  header: { source_name: "Voyager1" },
  source: "made up",
});

test.each([".h5", ".hdf5", ".H5", ".fil", ".npy"])(
  "a %s file is known by what it holds, whatever its name",
  async (ending) => {
    await writeSpectrogram(join(folder, `scan${ending}`), source);
    const path = join(folder, "renamed.dat");
    renameSync(join(folder, `scan${ending}`), path);
    const [opened, ...others] = await openSpectrograms(path, {
      axes: { fch1MHz: 8421.5, foffMHz: -2.5e-6, tsampS: 18.25 },
    });
    expect(others).toEqual([]);
    expect(opened).toMatchObject({
      name: path,
      frequency: source.frequency,
      time: { tsampS: 18.25, nsamples: 4 },
    });
    expect((await opened!.read()).data).toEqual((await source.read()).data);
    await opened!.close();
  },
);

test("an array of panels opens as one source a panel", async () => {
  const path = join(folder, "cadence.npy");
  const data = Float32Array.from({ length: 6 * 3 * 8 }, (_, i) => i);
  writeFileSync(path, encodeNpy({ shape: [6, 3, 8], data }));
  const panels = await openSpectrograms(path);
  expect(panels.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `${path}[${i}]`));
  expect((await panels[4]!.read({ rowStop: 1, channelStop: 2 })).data).toEqual(Float32Array.of(96, 97));
  for (const panel of panels) await panel.close();
});

test("HDF5 behind a block of the user's own is found", async () => {
  const path = join(folder, "block.h5");
  writeGolden(path, "plain");
  const [opened] = await openSpectrograms(path);
  expect(opened!.frequency.nchans).toBe(64);
  await opened!.close();
});

test("other content is refused in a sentence that names the formats", async () => {
  const path = join(folder, "notes.h5");
  writeFileSync(path, "notes about a night");
  await expect(openSpectrograms(path)).rejects.toThrow(
    `${path}: neither an HDF5 (.h5) nor a SIGPROC (.fil) filterbank, nor a NumPy array (.npy). Give a file in one of these formats.`,
  );
  writeFileSync(path, "");
  await expect(openSpectrograms(path)).rejects.toThrow(`${path}: this file is empty. Copy it again.`);
  writeFileSync(path, "\x93NUMPY", "latin1");
  await expect(openSpectrograms(path)).rejects.toBeInstanceOf(FileError);
  await expect(openSpectrograms(folder)).rejects.toThrow(/this is a folder/);
});

test("other endings are refused before anything is written", async () => {
  for (const name of ["out.png", "out", ".h5"]) {
    await expect(writeSpectrogram(join(folder, name), source)).rejects.toBeInstanceOf(UsageError);
  }
  await expect(writeSpectrogram(join(folder, "out.png"), source)).rejects.toThrow(
    /"\.png" says no format to write/,
  );
  expect(readdirSync(folder)).toEqual([]);
});
