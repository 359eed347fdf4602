import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { memorySource } from "../signal/memory-source.ts";
import type { ObservationHeader, SpectrogramRange, SpectrogramSource } from "../signal/spectrogram.ts";
import { openFileSource } from "./byte-source.node.ts";
import { bytesSource } from "./byte-source.ts";
import { powerBlocks } from "./power-blocks.ts";
import { openSigproc } from "./sigproc.ts";
import { angleFromSigproc, angleToSigproc } from "./sigproc-keywords.ts";
import { writeSigproc } from "./sigproc-write.node.ts";
import { makeFil, plainFields } from "./testing/sigproc-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-fil-"));
  path = join(folder, "out.fil");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const header: ObservationHeader = {
  source_name: "Voyager1",
  rawdatafile: "guppi_57650_67573_Voyager1_0002.0000.raw",
  telescope_id: 6,
  machine_id: 20,
  data_type: 1,
  src_raj: 17.167773333333333,
  src_dej: -0.5,
  az_start: 120.25,
  za_start: 30.5,
  nbeams: 1,
  ibeam: -1,
};

const spectrogram = (
  power: ArrayLike<number>,
  nchans: number,
  more: ObservationHeader = {},
): SpectrogramSource =>
  memorySource({
    data: Float32Array.from(power),
    time: { tstartMjd: 57650.78209490741, tsampS: 18.253611008, nsamples: power.length / nchans },
    frequency: { fch1MHz: 8421.386717353016, foffMHz: -2.7939677238464355e-6, nchans },
    header: { ...header, ...more },
    source: "test",
  });

/** Any number of IFs: power is row, IF and channel in one number. */
function countingSource(nsamples: number, nifs: number, nchans: number): SpectrogramSource {
  const one = memorySource({
    data: new Float32Array(0),
    time: { tstartMjd: 0, tsampS: 1, nsamples },
    frequency: { fch1MHz: 1, foffMHz: 1, nchans },
    header: {},
    source: "counting",
  });
  return {
    ...one,
    nifs,
    async read(
      { rowStart = 0, rowStop = nsamples, channelStart = 0, channelStop = nchans, ifIndex = 0 } = {},
      into,
    ) {
      const width = channelStop - channelStart;
      const data = into ?? new Float32Array((rowStop - rowStart) * width);
      expect(data.length).toBe((rowStop - rowStart) * width);
      for (let i = 0; i < data.length; i++) {
        data[i] = ((rowStart + Math.floor(i / width)) * nifs + ifIndex) * nchans + channelStart + (i % width);
      }
      return { data, time: one.time, frequency: one.frequency, header: {}, source: "counting" };
    },
  };
}

test("a round trip keeps power, axes and header to the last bit", async () => {
  const power = [1.5, -0, 3.4e38, 1e-45, Number.NaN, Infinity, 7, 8];
  const source = spectrogram(power, 4);
  await writeSigproc(path, source);
  const back = await openSigproc(await openFileSource(path));
  expect(back.time).toEqual(source.time);
  expect(back.frequency).toEqual(source.frequency);
  const { src_raj, src_dej, ...rest } = back.header;
  expect(rest).toEqual({ ...header, nbits: 32, src_raj: undefined, src_dej: undefined });
  expect(src_raj).toBeCloseTo(header.src_raj!, 12);
  expect(src_dej).toBe(-0.5);
  expect((await back.read()).data).toEqual(Float32Array.from(power));
  await back.close();
  expect(readdirSync(folder)).toEqual(["out.fil"]);
});

test("all IFs of a range are written, row by row, and one on request", async () => {
  const source = countingSource(5, 3, 7);
  const range = { rowStart: 1, rowStop: 4, channelStart: 2, channelStop: 6 };
  await writeSigproc(path, source, { range });
  const back = await openSigproc(bytesSource(path, readFileSync(path)));
  expect(back).toMatchObject({ nifs: 3, time: { nsamples: 3 }, frequency: { fch1MHz: 3, nchans: 4 } });
  for (let ifIndex = 0; ifIndex < 3; ifIndex++) {
    expect((await back.read({ ifIndex })).data).toEqual((await source.read({ ...range, ifIndex })).data);
  }
  await writeSigproc(path, source, { range: { ...range, ifIndex: 2 } });
  const one = await openSigproc(bytesSource(path, readFileSync(path)));
  expect(one.nifs).toBe(1);
  expect((await one.read()).data).toEqual((await source.read({ ...range, ifIndex: 2 })).data);
});

test.each([
  [1, 1, 2 ** 22 + 5],
  [2, 2, 2 ** 21 - 1],
  [3000, 2, 700],
])("%i rows, %i IFs, %i channels go by in order, in blocks of 8 MB", async (rows, ifs, nchans) => {
  let next = 0;
  let wrong = 0;
  let fraction = 0;
  for await (const { data, fractionDone } of powerBlocks(countingSource(rows, ifs, nchans))) {
    expect(data.byteLength).toBeLessThanOrEqual(2 ** 23);
    for (let i = 0; i < data.length; i++) if (data[i] !== next++) wrong++;
    expect(fractionDone).toBeGreaterThan(fraction);
    fraction = fractionDone;
  }
  expect([next, wrong, fraction]).toEqual([rows * ifs * nchans, 0, 1]);
});

test.each([
  { rows: 40, ifs: 1, channels: 90_000, blockChannels: 30_000 },
  { rows: 18, ifs: 2, channels: 1_100_000, blockChannels: 1 << 20 },
  { rows: 1, ifs: 1, channels: 2 ** 21 + 9, blockChannels: 2 ** 25 },
  { rows: 9000, ifs: 1, channels: 600, blockChannels: 1 },
])(
  "what is packed $blockChannels channels together is read in tiles that end where packs end, and lands in its place: %o",
  async (shape) => {
    const { rows, ifs, channels, blockChannels } = shape;
    const asked: Required<SpectrogramRange>[] = [];
    const plain = countingSource(rows, ifs, channels);
    const source: SpectrogramSource = {
      ...plain,
      blockChannels,
      read(range, into) {
        asked.push(range as Required<SpectrogramRange>);
        return plain.read(range, into);
      },
    };
    const range = {
      rowStart: Math.min(3, rows - 1),
      rowStop: rows,
      channelStart: 5,
      channelStop: channels - 2,
    };
    const width = range.channelStop - range.channelStart;
    const seen = new Uint8Array((rows - range.rowStart) * ifs * width);
    let wrong = 0;
    let last = 0;
    for await (const { data, first, runLength, stride, fractionDone } of powerBlocks(source, range)) {
      expect(data.byteLength).toBeLessThanOrEqual(2 ** 26);
      for (let i = 0; i < data.length; i++) {
        const place = first + Math.floor(i / runLength) * stride + (i % runLength);
        const rowAndIf = range.rowStart * ifs + Math.floor(place / width);
        if (data[i] !== Math.fround(rowAndIf * channels + range.channelStart + (place % width))) wrong++;
        seen[place]!++;
      }
      last = fractionDone;
    }
    expect([wrong, seen.every((times) => times === 1), last]).toEqual([0, true, 1]);
    const cuts = asked.map(({ channelStop }) => channelStop).filter((stop) => stop < range.channelStop);
    const cell = Math.min(blockChannels, 2 ** 24);
    expect(cuts.filter((stop) => stop % cell !== 0)).toEqual([]);
  },
);

test("a chunk of many rows is unpacked once, and the file is the same", async () => {
  const plain = countingSource(16, 2, 200_000);
  let reads = 0;
  const packed: SpectrogramSource = {
    ...plain,
    blockChannels: 200_000,
    read(range, into) {
      reads++;
      return plain.read(range, into);
    },
  };
  await writeSigproc(path, plain);
  const bytes = readFileSync(path);
  await writeSigproc(path, packed);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(reads).toBe(2);
});

test("8 and 16 bits hold whole numbers, and refuse what they can't", async () => {
  for (const [nbits, most] of [
    [8, 255],
    [16, 65535],
  ] as const) {
    await writeSigproc(path, spectrogram([0, 1, most, 7], 2), { nbits });
    const back = await openSigproc(bytesSource(path, readFileSync(path)));
    expect(back.header.nbits).toBe(nbits);
    expect([...(await back.read()).data]).toEqual([0, 1, most, 7]);
    for (const wrong of [0.5, -1, most + 1, Number.NaN]) {
      const writing = writeSigproc(path, spectrogram([0, 1, wrong, 7], 2), { nbits });
      await expect(writing).rejects.toThrow(UsageError);
      await expect(writing).rejects.toThrow(`Power ${wrong} can't be kept in ${nbits} bits`);
    }
    expect([...(await back.read()).data]).toEqual([0, 1, most, 7]);
  }
});

test("keywords that blimpy stops at are left out", async () => {
  await writeSigproc(
    path,
    spectrogram([1, 2], 2, { nbins: 64, npuls: 9, signed: 1, refdm: 3.5, barycentric: 1 }),
  );
  const back = await openSigproc(bytesSource(path, readFileSync(path)));
  expect(back.header).toMatchObject({ refdm: 3.5, barycentric: 1 });
  for (const keyword of ["nbins", "npuls", "signed"]) expect(back.header[keyword]).toBeUndefined();
});

test("signed samples become float32 or nothing: a file's signed keyword isn't copied", async () => {
  const fields = [...plainFields(), ["signed", "byte", 1] as const];
  const source = await openSigproc(bytesSource("signed.fil", makeFil(fields, new Uint8Array(8).fill(255))));
  await writeSigproc(path, source);
  const back = await openSigproc(bytesSource(path, readFileSync(path)));
  expect(back.header.signed).toBeUndefined();
  expect([...(await back.read()).data]).toEqual(Array(8).fill(-1));
});

test("names are made fit for SIGPROC's 80 bytes of ASCII, unknown keywords are left out, the needed ones are there", async () => {
  const long = `${"folder/".repeat(20)}scan.raw`;
  await writeSigproc(
    path,
    spectrogram([1, 2], 2, { rawdatafile: long, source_name: "étoile", DIMENSION_LABELS: "x" }),
  );
  const back = await openSigproc(bytesSource(path, readFileSync(path)));
  expect(back.header.rawdatafile).toBe(long.slice(-79));
  expect(back.header.source_name).toBe("?toile");
  expect(back.header.DIMENSION_LABELS).toBeUndefined();

  await writeSigproc(path, countingSource(1, 1, 2));
  expect((await openSigproc(bytesSource(path, readFileSync(path)))).header).toEqual({
    source_name: "unknown",
    machine_id: 0,
    telescope_id: 0,
    data_type: 1,
    src_raj: 0,
    src_dej: 0,
    nbits: 32,
  });
});

test("a failing source or an abort leaves nothing behind", async () => {
  const failing: SpectrogramSource = {
    ...countingSource(2, 1, 4),
    read: () => Promise.reject(new Error("read failed")),
  };
  await expect(writeSigproc(path, failing)).rejects.toThrow("read failed");
  const controller = new AbortController();
  const writing = writeSigproc(path, countingSource(6000, 1, 1000), {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(writing).rejects.toMatchObject({ name: "AbortError" });
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test("angles pack as hhmmss.s and ddmmss.s, and come back", () => {
  expect(angleToSigproc(17.167773333333333)).toBeCloseTo(171003.984, 6);
  expect(angleToSigproc(-0.5)).toBe(-3000);
  expect(angleToSigproc(-(12 + 59 / 60 + 59.9999999999 / 3600))).toBe(-130000);
  expect(angleFromSigproc(-3000)).toBe(-0.5);
  expect(angleFromSigproc(-45.5)).toBeCloseTo(-45.5 / 3600, 15);
  expect(angleFromSigproc(235959.5)).toBeCloseTo(24 - 0.5 / 3600, 12);
  fc.assert(
    fc.property(fc.double({ min: -90, max: 90, noNaN: true }), (angle) => {
      expect(Math.abs(angleFromSigproc(angleToSigproc(angle)) - angle)).toBeLessThan(1e-11);
    }),
    { seed: 7 },
  );
});
