import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as H5wasm from "h5wasm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileError, UsageError } from "../signal/errors.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { openHdf5 } from "./hdf5.node.ts";
import { goldenHdf5, goodAttributes, makeFilterbank, makeHdf5, writeGolden } from "./testing/hdf5-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-h5-"));
  path = join(folder, "scan.h5");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  expect((error as FileError).file).toBe(path);
  return (error as FileError).message.slice(path.length + 2);
}

async function withOpen<T>(use: (source: SpectrogramSource) => Promise<T>): Promise<T> {
  const source = await openHdf5(path);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

const formula = (row: number, ifIndex: number, channel: number) => row * 1000 + ifIndex * 100 + channel;

describe("files of other writers", () => {
  const readable = goldenHdf5.filter(({ name }) => !["float16", "virtual"].includes(name));
  test.each(readable.map(({ name }) => name))("%s", async (name) => {
    const { shape, header } = writeGolden(path, name);
    const [rows, nifs, nchans] = shape as [number, number, number];
    const value =
      name === "rawspec 8 bits" ? (r: number, _: number, c: number) => 100 + r * nchans + c : formula;
    await withOpen(async (source) => {
      expect(source).toMatchObject({
        name: path,
        nifs,
        time: { tstartMjd: 57650.78209490741, tsampS: 18.253611008, nsamples: rows },
        frequency: { fch1MHz: 8421.38671875, foffMHz: -2.7939677238464355e-6, nchans },
      });
      for (const [keyword, expected] of Object.entries(header)) {
        if (typeof expected === "number") expect(source.header[keyword], keyword).toBeCloseTo(expected, 9);
        else expect(source.header[keyword], keyword).toBe(expected);
      }
      expect(Object.keys(source.header).sort()).toEqual(Object.keys(header).sort());
      for (let ifIndex = 0; ifIndex < nifs; ifIndex++) {
        const { data } = await source.read({ ifIndex });
        const expected = Array.from({ length: rows * nchans }, (_, i) =>
          Math.fround(value(Math.floor(i / nchans), ifIndex, i % nchans)),
        );
        expect([...data]).toEqual(expected);
      }
    });
  });

  test("types that can't be read are named", async () => {
    writeGolden(path, "float16");
    expect(await problemOf(openHdf5(path))).toMatch(/^\/data is of type float16, .* float32 with h5py/);
    writeGolden(path, "virtual");
    expect(await problemOf(openHdf5(path))).toMatch(/virtual dataset/);
  });
});

describe("ranges", () => {
  test("any rows and channels, with their axes, into memory of every kind", async () => {
    writeGolden(path, "odd spellings");
    await withOpen(async (source) => {
      const range = { rowStart: 2, rowStop: 7, channelStart: 19, channelStop: 41, ifIndex: 1 };
      const expected = Array.from({ length: 5 * 22 }, (_, i) =>
        formula(2 + Math.floor(i / 22), 1, 19 + (i % 22)),
      );
      const read = await source.read(range);
      expect([...read.data]).toEqual(expected);
      expect(read.time.nsamples).toBe(5);
      expect(read.time.tstartMjd).toBeCloseTo(57650.78209490741 + (2 * 18.253611008) / 86_400, 12);
      expect(read.frequency).toEqual({
        fch1MHz: 8421.38671875 + 19 * -2.7939677238464355e-6,
        foffMHz: -2.7939677238464355e-6,
        nchans: 22,
      });
      expect(read.source).toBe(path);

      const own = new Float32Array(5 * 22);
      expect((await source.read(range, own)).data).toBe(own);
      expect([...own]).toEqual(expected);
      const shared = new Float32Array(new SharedArrayBuffer(4 * (5 * 22 + 3)), 12);
      expect((await source.read(range, shared)).data).toBe(shared);
      expect([...shared]).toEqual(expected);
    });
  });

  test("reads of several files at once don't mix", async () => {
    const names = ["blimpy", "rawspec", "plain"];
    const sources = await Promise.all(
      names.map(async (name) => {
        writeGolden(join(folder, name), name);
        return openHdf5(join(folder, name));
      }),
    );
    const reads = await Promise.all(
      sources.flatMap((source) => [3, 5].map((rowStart) => source.read({ rowStart, channelStop: 2 }))),
    );
    expect(reads.map(({ data }) => data[1])).toEqual([3001, 5001, 3001, 5001, 3001, 5001]);
    await Promise.all(sources.map((source) => source.close()));
  });

  test("what isn't there is refused, and so is a closed file", async () => {
    writeGolden(path, "rawspec");
    const source = await openHdf5(path);
    await expect(source.read({ rowStop: 9 })).rejects.toBeInstanceOf(UsageError);
    await expect(source.read({ ifIndex: 2 })).rejects.toBeInstanceOf(UsageError);
    await expect(source.read({}, new Float32Array(5))).rejects.toBeInstanceOf(UsageError);
    await source.close();
    await source.close();
    await expect(source.read()).rejects.toBeInstanceOf(UsageError);
  });
});

test("a damaged file takes no other with it", async () => {
  writeGolden(path, "rawspec");
  const bytes = readFileSync(path);
  const bad = join(folder, "bad.h5");
  writeFileSync(bad, bytes.fill(0xff, 300, 1000));
  writeGolden(path, "rawspec");
  await withOpen(async (source) => {
    for (let row = 0; row < 3; row++) {
      const [damaged, read] = await Promise.allSettled([
        openHdf5(bad),
        source.read({ rowStart: row, rowStop: row + 1 }),
      ]);
      expect(damaged).toMatchObject({ status: "rejected", reason: expect.any(FileError) });
      expect(read).toMatchObject({ status: "fulfilled" });
      if (read.status === "fulfilled") expect(read.value.data[7]).toBe(formula(row, 0, 7));
    }
  });
});

describe("files that are no filterbanks", () => {
  test("not there, a folder, no permission, empty, no HDF5", async () => {
    expect(await problemOf(openHdf5(path))).toMatch(/^no such file/);
    mkdirSync(path);
    expect(await problemOf(openHdf5(path))).toMatch(/^this is a folder/);
    rmSync(path, { recursive: true });
    writeFileSync(path, "");
    expect(await problemOf(openHdf5(path))).toMatch(/^this is no HDF5 file/);
    writeFileSync(path, "x".repeat(5000));
    expect(await problemOf(openHdf5(path))).toMatch(/^this is no HDF5 file/);
    if (process.getuid?.() === 0) return;
    chmodSync(path, 0);
    expect(await problemOf(openHdf5(path))).toMatch(/^no permission/);
  });

  test("cut short", async () => {
    writeGolden(path, "blimpy");
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 100));
    const bytes = (n: number) => n.toLocaleString("en");
    expect(await problemOf(openHdf5(path))).toBe(
      `its header says ${bytes(whole.length)} bytes; the file holds ${bytes(whole.length - 100)}. It was cut short; copy it again.`,
    );
    writeFileSync(path, whole.subarray(0, 20));
    expect(await problemOf(openHdf5(path))).toMatch(
      /^HDF5 can't open it \(.+\)\. It was cut short or damaged/,
    );
  });

  test("no /data, or something else of that name", async () => {
    await makeHdf5(path, (_, file) => void file.create_dataset({ name: "power", data: new Float32Array(4) }));
    expect(await problemOf(openHdf5(path))).toMatch(/^it holds no dataset "data"/);
    await makeHdf5(path, (_, file) => void file.create_group("data"));
    expect(await problemOf(openHdf5(path))).toMatch(/^"data" in it is no dataset/);
  });

  test("wrong rank, type, or nothing in it", async () => {
    await makeFilterbank(path, {}, [4, 32]);
    expect(await problemOf(openHdf5(path))).toMatch(/^\/data has 2 dimensions; a filterbank has 3/);
    await makeHdf5(
      path,
      (_, file) => void file.create_dataset({ name: "data", data: ["a", "b"], shape: [1, 1, 2] }),
    );
    expect(await problemOf(openHdf5(path))).toMatch(/^\/data is of type string/);
    await makeFilterbank(path, {}, [0, 1, 32]);
    expect(await problemOf(openHdf5(path))).toMatch(/^\/data is 0 x 1 x 32: it holds nothing/);
  });

  test.each([
    ["fch1", undefined, /^attribute fch1 of \/data is missing: the first channel's frequency in MHz/],
    ["foff", undefined, /^attribute foff of \/data is missing/],
    ["tsamp", undefined, /^attribute tsamp of \/data is missing/],
    ["foff", 0, /^attribute foff, the channels' spacing in MHz, is 0/],
    ["foff", Number.NaN, /^attribute foff, .* is "NaN"\. Set it to a number/],
    ["fch1", Number.POSITIVE_INFINITY, /^attribute fch1, .* is "Infinity"/],
    ["fch1", "high", /^attribute fch1, .* is "high"/],
    ["fch1", [1, 2], /^attribute fch1, .* is \[1,2\]/],
    ["tsamp", 0, /^attribute tsamp, .* is 0\. Set it to a number above 0/],
    ["tsamp", -1, /^attribute tsamp, .* is -1/],
    ["tstart", Number.NaN, /^attribute tstart/],
    ["nchans", 31, /^attribute nchans says 31 channels, but \/data has 32/],
    ["nchans", "many", /^attribute nchans says many channels/],
  ])("attribute %s = %s", async (name, value, expected) => {
    await makeFilterbank(path, { [name]: value });
    expect(await problemOf(openHdf5(path))).toMatch(expected);
  });

  test("nothing but the axes is needed", async () => {
    await makeFilterbank(path, { tstart: undefined, nchans: undefined });
    await withOpen(async (source) => {
      expect(source.time.tstartMjd).toBe(0);
      expect(source.frequency.fch1MHz).toBe(goodAttributes.fch1);
      expect(source.header).toEqual({});
      expect((await source.read({ rowStart: 2, rowStop: 3 })).data[0]).toBe(64);
    });
  });

  test("a filter that is missing is named", async () => {
    writeGolden(path, "blimpy");
    const whole = readFileSync(path);
    const name = "bitshuffle; see";
    for (let at = whole.indexOf(name); at !== -1; at = whole.indexOf(name, at + 1)) {
      expect(whole.readUint16LE(at - 8)).toBe(32008);
      whole.writeUint16LE(32100, at - 8);
    }
    writeFileSync(path, whole);
    expect(await problemOf(openHdf5(path))).toMatch(
      /^it is packed with HDF5 filter 32100 \(bitshuffle; see .*\), which is missing here\. Rewrite it with bitshuffle/,
    );
  });

  test.each([
    ["the packed values", 12, 200, 0xff],
    ["the first block's length", 12, 4, 0xff],
    ["the whole length", 0, 8, 0x7f],
    ["the block size", 8, 4, 0xff],
  ])("a chunk with %s broken", async (_, offset, length, byte) => {
    writeGolden(path, "blimpy");
    const whole = readFileSync(path);
    // Bitshuffle's own header: bytes in all, then bytes a block, most significant first.
    const chunk = whole.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 32, 0]));
    expect(chunk).toBeGreaterThan(0);
    whole.fill(byte, chunk + offset, chunk + offset + length);
    writeFileSync(path, whole);
    await withOpen(async (source) => {
      expect(await problemOf(source.read())).toMatch(
        /^rows 0 to 8, channels 0 to 64 can't be read( \(.+\))?\. The file was cut short or damaged; copy it again\.$/,
      );
    });
    writeGolden(path, "blimpy");
    await withOpen(async (source) => expect((await source.read()).data[65]).toBe(1001));
  });

  test("sizes that no file of this length can hold cost no memory", async () => {
    await makeHdf5(path, (h5, file) =>
      createChunked(h5.Module, file.file_id, [1000n, 1n, 1n << 40n], [1n, 1n, 1024n]),
    );
    expect(await problemOf(openHdf5(path))).toMatch(
      /^its header says 1000 x 1 x 1099511627776 values of float32, 4,398,046,511,104,000 bytes; the file has/,
    );
  });

  test("chunks too large to unpack are refused", async () => {
    await makeHdf5(path, (h5, file) => {
      createChunked(h5.Module, file.file_id, [128n, 1n, 1n << 22n], [128n, 1n, 1n << 22n]);
      file.create_dataset({ name: "padding", data: new Float32Array(1 << 18) });
    });
    expect(await problemOf(openHdf5(path))).toMatch(
      /^its chunks of 128 x 1 x 4194304 take 2,147,483,648 bytes each/,
    );
  });
});

/** `/data`, of float32 in gzip, with no chunk written and no attributes. */
function createChunked(module: typeof H5wasm.Module, file: bigint, shape: bigint[], chunk: bigint[]): void {
  const [, nifs, nchans] = shape as [bigint, bigint, bigint];
  module.create_dataset(file, "data", 0n, [0n, nifs, nchans], shape, chunk, 1, 4, true, false, 1, [4], false);
  module.resize_dataset(file, "data", shape);
}

test("gives NaN where a mask flags values, and ignores one that isn't the data's", async () => {
  const path = join(folder, "masked.h5");
  const flagged = new Set([0, 33, 70, 127]);
  for (const [shape, fits] of [
    [[4, 1, 32], true],
    [[2, 1, 64], false],
  ] as const) {
    await makeHdf5(path, (_h5, file) => {
      const data = file.create_dataset({
        name: "data",
        data: Float32Array.from({ length: 128 }, (_, i) => i),
        shape: [4, 1, 32],
      });
      for (const [name, value] of Object.entries(goodAttributes)) {
        data.create_attribute(name, value, [], typeof value === "number" ? "<d" : null);
      }
      const mask = Uint8Array.from({ length: 128 }, (_, i) => (flagged.has(i) ? 1 : 0));
      file.create_dataset({ name: "mask", data: mask, shape: [...shape], chunks: [1, 1, 16] });
    });
    const source = await openHdf5(path);
    const whole = await source.read();
    expect([...whole.data]).toEqual(
      Array.from({ length: 128 }, (_, i) => (fits && flagged.has(i) ? Number.NaN : i)),
    );
    const part = await source.read({ rowStart: 1, rowStop: 3, channelStart: 1, channelStop: 8 });
    expect(part.data[0]).toBe(fits ? Number.NaN : 33);
    expect(part.data[12]).toBe(fits ? Number.NaN : 70);
    await source.close();
  }
});
