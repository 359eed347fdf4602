import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileError, InputError, UsageError } from "../signal/errors.ts";
import { bytesSource } from "./byte-source.ts";
import golden from "./golden/sigproc.json" with { type: "json" };
import { openSigproc } from "./sigproc.ts";
import { BLOCK_BYTES } from "./strided-read.ts";
import { makeFil, plainFields } from "./testing/sigproc-file.ts";
import { sparseSource, watched } from "./testing/watched-source.ts";

const open = (bytes: Uint8Array, options = {}) => openSigproc(bytesSource("test.fil", bytes), options);
const bytesOfCase = (name: string) =>
  new Uint8Array(Buffer.from(golden.cases.find((c) => c.name === name)!.base64, "base64"));

describe("files from another writer", () => {
  test.each(golden.cases)("$name", async ({ base64, rows, nchans, nifs, nbits, foff, values }) => {
    const source = await open(new Uint8Array(Buffer.from(base64, "base64")));
    expect(source.nifs).toBe(nifs);
    expect(source.time).toEqual({ tstartMjd: 58543.75, tsampS: 0.0625, nsamples: rows });
    expect(source.frequency).toEqual({ fch1MHz: 1500.25, foffMHz: foff, nchans });
    expect(source.header).toMatchObject({ source_name: "Golden", nbits });
    for (let ifIndex = 0; ifIndex < nifs; ifIndex++) {
      const { data } = await source.read({ ifIndex });
      const wanted = values.filter((_, i) => Math.floor(i / nchans) % nifs === ifIndex);
      expect([...data]).toEqual(wanted);
    }
  });

  test("every standard keyword comes through, angles as hours and degrees, the last rawdatafile", async () => {
    const { header } = await open(bytesOfCase("every keyword"));
    const { src_raj, src_dej, ...rest } = header;
    expect(src_raj).toBeCloseTo(17 + 10 / 60 + 3.984 / 3600, 12);
    expect(src_dej).toBeCloseTo(-(30 / 60 + 45.5 / 3600), 12);
    expect(rest).toEqual({
      source_name: "Golden",
      rawdatafile: "guppi_57650_67573_Voyager1_0002.0000.raw",
      nbits: 8,
      telescope_id: 6,
      machine_id: 20,
      data_type: 1,
      barycentric: 0,
      pulsarcentric: 1,
      az_start: 123.5,
      za_start: 45.25,
      refdm: 56.75,
      period: 0.0333,
      nbeams: 13,
      ibeam: 2,
      nbins: 64,
      npuls: 9,
    });
  });
});

describe("ranges", () => {
  /** Sample by sample and bit by bit, written to be slow and plain. */
  function naive(data: Uint8Array, nbits: number, index: number): number {
    if (nbits === 32) return new DataView(data.buffer, data.byteOffset).getFloat32(index * 4, true);
    let value = 0;
    for (let bit = 0; bit < nbits; bit++) {
      const at = index * nbits + bit;
      if ((data[at >> 3]! >> (at & 7)) & 1) value += 2 ** bit;
    }
    return value;
  }

  test("any range of any file is what one by one reading gives", async () => {
    const shape = fc.record({
      nbits: fc.constantFrom(1, 2, 4, 8, 16, 32),
      nchans: fc.integer({ min: 8, max: 40 }),
      nifs: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 1, max: 6 }),
      name: fc.string({ maxLength: 5, unit: "grapheme-ascii" }),
      seed: fc.integer(),
    });
    const cut = fc.nat(999).map((n) => n / 1000);
    const cuts = fc.tuple(cut, cut, cut, cut, cut);
    await fc.assert(
      fc.asyncProperty(shape, cuts, async ({ nbits, nchans, nifs, rows, name, seed }, [a, b, c, d, e]) => {
        const bytes = Uint8Array.from({ length: Math.ceil((nchans * nifs * rows * nbits) / 8) }, (_, i) =>
          // Keeps float32 samples finite: the byte with the exponent stays below 64.
          nbits === 32 && i % 4 === 3 ? (i * 7) & 63 : Math.imul(i + seed, 2654435761) >>> 24,
        );
        const fields = plainFields({ source_name: name, nchans, nifs, nbits });
        const source = await open(makeFil(fields, bytes));
        const range = {
          rowStart: Math.floor(a * rows),
          rowStop: rows - Math.floor(b * (rows - Math.floor(a * rows))),
          channelStart: Math.floor(c * nchans),
          channelStop: nchans - Math.floor(d * (nchans - Math.floor(c * nchans))),
          ifIndex: Math.floor(e * nifs),
        };
        const width = range.channelStop - range.channelStart;
        const into = new Float32Array(new SharedArrayBuffer(4 * width * (range.rowStop - range.rowStart)));
        const part = await source.read(range, into);
        expect(part.data).toBe(into);
        const wanted = Array.from(into, (_, i) => {
          const row = range.rowStart + Math.floor(i / width);
          return naive(
            bytes,
            nbits,
            (row * nifs + range.ifIndex) * nchans + range.channelStart + (i % width),
          );
        });
        expect([...into]).toEqual(wanted);
        expect(part.frequency).toEqual({
          fch1MHz: 8421.5 - 0.25 * range.channelStart,
          foffMHz: -0.25,
          nchans: width,
        });
        expect(part.time.tstartMjd).toBeCloseTo(57650.5 + (2 * range.rowStart) / 86400, 9);
        expect((await source.read(range)).data).toEqual(new Float32Array(wanted));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("a narrow range reads little more than its own bytes", async () => {
    const head = makeFil(plainFields({ nchans: 2 ** 28, nbits: 32 }));
    const size = head.length + 10 * 2 ** 30;
    const source = watched(sparseSource("wide.fil", size, head));
    const opened = await openSigproc(source);
    expect(opened.time.nsamples).toBe(10);
    source.reads.length = 0;
    const { data } = await opened.read({ channelStart: 1e8, channelStop: 1e8 + 50 });
    expect(data).toHaveLength(500);
    expect(source.reads).toHaveLength(10);
    expect(source.reads.reduce((sum, read) => sum + read.length, 0)).toBe(2000);
    expect(source.reads[9]!.offset).toBe(head.length + 4 * (9 * 2 ** 28 + 1e8));
  });

  test.each([1, 8, 32])(
    "at %i bits scratch memory stays bounded, and close rows are read together",
    async (nbits) => {
      const nchans = 1000;
      const head = makeFil(plainFields({ nchans, nbits }));
      const rows = Math.ceil((20e6 * 8) / (nchans * nbits));
      const source = watched(sparseSource("long.fil", head.length + (rows * nchans * nbits) / 8, head));
      const opened = await openSigproc(source);
      source.reads.length = 0;
      const { data } = await opened.read({ channelStart: 500, channelStop: 503 });
      expect(data).toHaveLength(3 * rows);
      expect(source.reads.length).toBeLessThan(5);
      expect(Math.max(...source.reads.map((read) => read.length))).toBeLessThanOrEqual(BLOCK_BYTES);
    },
  );

  test("a range that isn't there, or is larger than memory, is a UsageError", async () => {
    const source = await open(makeFil(plainFields(), new Uint8Array(80)));
    for (const range of [
      { rowStop: 11 },
      { channelStart: -1 },
      { channelStart: 3, channelStop: 3 },
      { ifIndex: 1 },
    ]) {
      await expect(source.read(range)).rejects.toThrow(UsageError);
    }
    const head = makeFil(plainFields({ nchans: 2 ** 30, nbits: 1 }));
    const huge = await openSigproc(sparseSource("huge.fil", head.length + 2 ** 47, head));
    await expect(huge.read()).rejects.toThrow(/GB of memory/);
  });
});

describe("frequency tables", () => {
  const table = (frequencies: number[], changes = {}) =>
    makeFil(
      [
        ...plainFields({ fch1: 0, foff: 0, nchans: frequencies.length, ...changes }),
        ["FREQUENCY_START"],
        ...frequencies.map((f) => ["fchannel", "double", f] as const),
        ["FREQUENCY_END"],
      ],
      new Uint8Array(2 * frequencies.length),
    );

  test("an even table is an axis, rising or falling", async () => {
    for (const foff of [0.5, -0.5]) {
      const source = await open(table(Array.from({ length: 9 }, (_, i) => 1400 + i * foff)));
      expect(source.frequency).toEqual({ fch1MHz: 1400, foffMHz: foff, nchans: 9 });
    }
  });

  test("an uneven table is refused, naming the first odd channel", async () => {
    await expect(open(table([1400, 1401, 1402.5, 1403]))).rejects.toThrow(
      /uneven: channel 2 lies at 1402.5 MHz/,
    );
  });

  test("a table that doesn't fit nchans is refused", async () => {
    await expect(open(table([1400, 1401], { nchans: 3 }))).rejects.toThrow(
      /lists 2 channels, but nchans is 3/,
    );
  });

  test("one channel takes its width from foff", async () => {
    expect((await open(table([1400], { foff: 4 }))).frequency.foffMHz).toBe(4);
    await expect(open(table([1400]))).rejects.toThrow(/foff 0/);
  });
});

describe("sizes that disagree", () => {
  const cut = makeFil(plainFields({ nchans: 832 }), new Uint8Array(832 * 3 + 100));

  test("a last row cut short is told, and its whole rows are read on request", async () => {
    await expect(open(cut)).rejects.toThrow(
      "test.fil: header says a last row of 832 channels of 8 bits, so 3,328 bytes of data; the file holds 2,596. " +
        "It was cut short; pass --allow-truncated to read the 3 whole rows.",
    );
    const source = await open(cut, { allowTruncated: true });
    expect(source.time.nsamples).toBe(3);
    expect((await source.read()).data).toHaveLength(832 * 3);
  });

  test("nsamples helps to tell it, but the file's size rules", async () => {
    const fields = [...plainFields({ nchans: 832 }), ["nsamples", "int", 4096] as const];
    await expect(open(makeFil(fields, new Uint8Array(3_400_000)))).rejects.toThrow(
      "header says 4,096 rows of 832 channels of 8 bits, so 3,407,872 bytes of data; the file holds 3,400,000.",
    );
    expect((await open(makeFil(fields, new Uint8Array(832 * 5)))).time.nsamples).toBe(5);
  });

  test("not one row", async () => {
    const bytes = makeFil(plainFields({ nchans: 832 }), new Uint8Array(100));
    await expect(open(bytes, { allowTruncated: true })).rejects.toThrow(
      /832 bytes a row; the file holds 100 bytes .* not one row/,
    );
  });
});

describe("headers that can't be used", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /the file is empty/],
    [
      "another kind of file",
      new TextEncoder().encode("SIMPLE  =    T / FITS"),
      /doesn't begin with HEADER_START/,
    ],
    ["three bytes", new Uint8Array([12, 0, 0]), /doesn't begin with HEADER_START/],
    [
      "cut in a keyword",
      makeFil(plainFields()).subarray(0, 50),
      /ends in the middle of .*without HEADER_END/,
    ],
    ["cut in a value", makeFil(plainFields()).subarray(0, 50), /ends in the middle of nchans/],
    ["an unknown keyword", makeFil([["npols", "int", 2], ...plainFields()]), /keyword "npols" at byte 16/],
    [
      "a word of JavaScript's",
      makeFil([["constructor", "int", 2], ...plainFields()]),
      /keyword "constructor"/,
    ],
    [
      "noise for a keyword",
      makeFil([["\x01\x02", "int", 2], ...plainFields()]),
      /damaged: no keyword stands at byte 16/,
    ],
    ["no nchans", makeFil(plainFields({ nchans: null })), /has no nchans/],
    ["no nbits", makeFil(plainFields({ nbits: null })), /has no nbits/],
    ["no foff", makeFil(plainFields({ foff: null })), /has no foff/],
    ["no tsamp", makeFil(plainFields({ tsamp: null })), /has no tsamp/],
    ["nchans 0", makeFil(plainFields({ nchans: 0 })), /nchans 0; it must be at least 1/],
    ["nchans below 0", makeFil(plainFields({ nchans: -5 })), /nchans -5/],
    ["nifs 0", makeFil(plainFields({ nifs: 0 })), /nifs 0/],
    ["nbits 12", makeFil(plainFields({ nbits: 12 })), /nbits 12; it must be 1, 2, 4, 8, 16 or 32/],
    ["nbits 64", makeFil(plainFields({ nbits: 64 })), /nbits 64/],
    ["foff 0", makeFil(plainFields({ foff: 0 })), /foff 0/],
    ["foff NaN", makeFil(plainFields({ foff: Number.NaN })), /foff NaN/],
    ["fch1 infinite", makeFil(plainFields({ fch1: Infinity })), /fch1 Infinity/],
    ["tsamp below 0", makeFil(plainFields({ tsamp: -1 })), /tsamp -1/],
    ["tstart NaN", makeFil(plainFields({ tstart: Number.NaN })), /tstart NaN/],
    [
      "absurd sizes",
      makeFil(plainFields({ nchans: 2 ** 31 - 1, nifs: 2 ** 31 - 1, nbits: 32 })),
      /not one row/,
    ],
  ];
  test.each(cases)("%s", async (_, bytes, message) => {
    const source = watched(bytesSource("test.fil", bytes));
    const opening = openSigproc(source);
    await expect(opening).rejects.toThrow(FileError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(/^test\.fil: /);
    expect(source.closed).toBe(1);
  });

  test("bytes in the other order", async () => {
    const bytes = makeFil(plainFields(), new Uint8Array(8));
    bytes.set([0, 0, 0, 12]);
    await expect(open(bytes)).rejects.toThrow(/big-endian/);
  });

  test("absurd lengths of text", async () => {
    const bytes = makeFil(plainFields(), new Uint8Array(8));
    new DataView(bytes.buffer).setUint32(31, 0xfffffff0, true);
    await expect(open(bytes)).rejects.toThrow(/source_name at byte 31 is 4,294,967,280 bytes long/);
    new DataView(bytes.buffer).setUint32(16, 1000, true);
    await expect(open(bytes)).rejects.toThrow(/a keyword at byte 16 is 1,000 bytes long/);
  });

  test("a header without end stops", async () => {
    const bytes = new Uint8Array(2 ** 26);
    bytes.set(makeFil([]).subarray(0, 16));
    const field = makeFil([["nbits", "int", 8]]).subarray(16, 29);
    for (let at = 16; at + 13 <= bytes.length; at += 13) bytes.set(field, at);
    const source = watched(bytesSource("endless.fil", bytes));
    await expect(openSigproc(source)).rejects.toThrow(/no HEADER_END in the first 32 MiB/);
    expect(Math.max(...source.reads.map((read) => read.length))).toBeLessThan(2 ** 17);
  });
});

test("what is left out has a plain meaning: one IF, start unknown, unsigned", async () => {
  const source = await open(
    makeFil(plainFields({ nifs: null, tstart: null }), new Uint8Array([255, 0, 0, 0, 0, 0, 0, 1])),
  );
  expect(source.nifs).toBe(1);
  expect(source.time.tstartMjd).toBe(0);
  expect((await source.read()).data[0]).toBe(255);
});

test("a signed below 0 means unsigned, as SIGPROC writes it", async () => {
  const source = await open(makeFil([...plainFields(), ["signed", "byte", -1]], new Uint8Array(8).fill(255)));
  expect((await source.read()).data[0]).toBe(255);
});

test("closing closes the bytes", async () => {
  const bytes = watched(bytesSource("test.fil", makeFil(plainFields(), new Uint8Array(8))));
  await (await openSigproc(bytes)).close();
  expect(bytes.closed).toBe(1);
});

test("mutated files are read or refused in words, in memory bounded by their size", async () => {
  const originals = golden.cases.filter((_, i) => i % 3 === 0).concat(golden.cases.at(-1)!);
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(
        fc.record({
          kind: fc.constantFrom("flip", "cut", "insert", "length"),
          at: fc.nat(9999).map((n) => n / 10_000),
          early: fc.nat(3).map((n) => n === 0),
          value: fc.constantFrom(0, 1, 7, 255, 0x7fffffff, 0xffffffff, 0x80000000, 65536, 4096, 80),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      async ({ base64 }, mutations) => {
        let bytes = new Uint8Array(Buffer.from(base64, "base64"));
        for (const { kind, at, early, value } of mutations) {
          const place = Math.floor(at * (early ? Math.min(200, bytes.length) : bytes.length));
          if (kind === "flip" && bytes.length > 0) bytes[place] = bytes[place]! ^ (value & 255 || 1);
          if (kind === "cut") bytes = bytes.slice(0, place);
          if (kind === "insert")
            bytes = Uint8Array.of(...bytes.subarray(0, place), value & 255, ...bytes.subarray(place));
          if (kind === "length" && bytes.length >= 4) {
            new DataView(bytes.buffer).setUint32(Math.min(place, bytes.length - 4), value, true);
          }
        }
        const source = watched(bytesSource("fuzz.fil", bytes));
        try {
          const opened = await openSigproc(source, { allowTruncated: value31(bytes) });
          const { data } = await opened.read({ ifIndex: opened.nifs - 1 });
          expect(data.length).toBe(opened.time.nsamples * opened.frequency.nchans);
          expect(data.length).toBeLessThanOrEqual(8 * bytes.length);
          outcomes.read++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^fuzz\.fil: .{20,600}$/s);
          outcomes.refused++;
        }
      },
    ),
    { seed: 2, numRuns: 3000 },
  );
  expect(outcomes.read).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(300);
});

/** Some fixed property of the file, to try both ways of opening. */
const value31 = (bytes: Uint8Array): boolean => bytes.reduce((sum, byte) => sum + byte, 0) % 2 === 0;
