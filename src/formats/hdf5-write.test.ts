import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../signal/errors.ts";
import { memorySource } from "../signal/memory-source.ts";
import type { ObservationHeader, SpectrogramSource } from "../signal/spectrogram.ts";
import { openHdf5, writeHdf5 } from "./hdf5.node.ts";
import { defaultChunks } from "./hdf5-write.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-h5-"));
  path = join(folder, "out.h5");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const header: ObservationHeader = {
  source_name: "Voyagér 1",
  rawdatafile: "guppi_57650_67573_Voyager1_0002.0000.raw",
  telescope_id: 6,
  machine_id: 20,
  data_type: 1,
  src_raj: 17,
  src_dej: -0.5,
  az_start: 120.25,
  za_start: 30,
  nbits: 32,
  nbeams: 1,
  ibeam: -1,
  own_note: "kept",
  own_number: 2 ** 40,
};

const memory = (rows: number, nchans: number, more: Partial<ObservationHeader> = header) =>
  memorySource({
    data: Float32Array.from({ length: rows * nchans }, (_, i) => Math.sin(i) * 1e6),
    time: { tstartMjd: 57650.78209490741, tsampS: 18.253611008, nsamples: rows },
    frequency: { fch1MHz: 8421.38671875, foffMHz: -2.7939677238464355e-6, nchans },
    header: more,
    source: "made up",
  });

/** IFs that differ by a constant. */
function withIfs(one: SpectrogramSource, nifs: number): SpectrogramSource {
  return {
    ...one,
    nifs,
    async read({ ifIndex = 0, ...range } = {}, into) {
      const read = await one.read.call({ ...one, nifs: 1 }, range, into);
      for (let i = 0; i < read.data.length; i++) read.data[i]! += ifIndex * 1e7;
      return read;
    },
  };
}

test.each(["bitshuffle", "gzip", "none"] as const)(
  "%s: what is read is what was written",
  async (compression) => {
    const source = memory(16, 1000);
    const shares: number[] = [];
    await writeHdf5(path, source, { compression, onProgress: (share) => shares.push(share) });
    const written = await openHdf5(path);
    expect(written).toMatchObject({ time: source.time, frequency: source.frequency, nifs: 1, header });
    expect((await written.read()).data).toEqual((await source.read()).data);
    expect(shares.at(-1)).toBe(1);
    await written.close();
    const text = readFileSync(path, "latin1");
    expect(text.includes("bitshuffle")).toBe(compression === "bitshuffle");
    expect(text.includes("deflate")).toBe(compression === "gzip");
    expect(readdirSync(folder)).toEqual(["out.h5"]);
  },
);

test("any shape, chunks, IFs and part", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ rows: fc.integer({ min: 1, max: 9 }), nchans: fc.integer({ min: 1, max: 40 }) }),
      fc.integer({ min: 1, max: 3 }),
      fc.option(fc.tuple(fc.integer({ min: 1, max: 10 }), fc.constant(1), fc.integer({ min: 1, max: 50 })), {
        nil: undefined,
      }),
      fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
      fc.boolean(),
      async ({ rows, nchans }, nifs, chunks, cuts, oneIf) => {
        const source = withIfs(memory(rows, nchans), nifs);
        const [rowStart, channelStart] = [cuts[0]! % rows, cuts[1]! % nchans];
        const range = {
          rowStart,
          rowStop: rowStart + 1 + (cuts[2]! % (rows - rowStart)),
          channelStart,
          channelStop: channelStart + 1 + (cuts[3]! % (nchans - channelStart)),
          ...(oneIf ? { ifIndex: nifs - 1 } : {}),
        };
        await writeHdf5(path, source, { chunks, range });
        const written = await openHdf5(path);
        expect(written.nifs).toBe(oneIf ? 1 : nifs);
        for (let ifIndex = 0; ifIndex < written.nifs; ifIndex++) {
          const expected = await source.read({ ...range, ifIndex: oneIf ? nifs - 1 : ifIndex });
          const got = await written.read({ ifIndex });
          expect(got.data).toEqual(expected.data);
          expect(got.frequency).toEqual(expected.frequency);
          expect(got.time).toEqual(expected.time);
        }
        await written.close();
      },
    ),
    { seed: 11, numRuns: 60 },
  );
});

test("a source that fails leaves what was there, and nothing else", async () => {
  writeFileSync(path, "before");
  const source = { ...memory(4, 8), read: () => Promise.reject(new FileError("in.fil", "cut short.")) };
  await expect(writeHdf5(path, source)).rejects.toThrow("in.fil: cut short.");
  expect(readFileSync(path, "latin1")).toBe("before");
  expect(readdirSync(folder)).toEqual(["out.h5"]);

  await expect(writeHdf5(path, memory(4, 8), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  expect(readFileSync(path, "latin1")).toBe("before");
  expect(readdirSync(folder)).toEqual(["out.h5"]);
});

test("names that can't be written are refused by name", async () => {
  await expect(writeHdf5(join(folder, "nowhere", "out.h5"), memory(4, 8))).rejects.toBeInstanceOf(FileError);
  mkdirSync(path);
  await expect(writeHdf5(path, memory(4, 8))).rejects.toBeInstanceOf(FileError);
  expect(readdirSync(folder)).toEqual(["out.h5"]);
});

test("chunks are blimpy's for its products, and about a megabyte for the rest", () => {
  expect(defaultChunks([16, 1, 64 << 20], -2.79e-6, 18.25)).toEqual([1, 1, 1 << 20]);
  expect(defaultChunks([850_000, 1, 32_768], -0.366, 3.5e-4)).toEqual([2048, 1, 512]);
  expect(defaultChunks([279, 4, 65_536], -2.86e-3, 1.07)).toEqual([10, 1, 65_536]);
  expect(defaultChunks([16, 1, 118], -2.79e-6, 18.25)).toEqual([16, 1, 118]);
  expect(defaultChunks([100_000, 1, 832], -0.5, 1)).toEqual([315, 1, 832]);
  expect(defaultChunks([5, 2, 3], 1, 1)).toEqual([5, 1, 3]);
});
