import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileError, InputError, UsageError } from "../signal/errors.ts";
import { encodeFloat16 } from "../signal/float16.ts";
import { bytesSource } from "./byte-source.ts";
import golden from "./golden/npy.json" with { type: "json" };
import { encodeNpy, encodeNpyHeader, type NdData, openNpy } from "./npy.ts";
import { BLOCK_BYTES } from "./strided-read.ts";
import { sparseSource, watched } from "./testing/watched-source.ts";

const open = (bytes: Uint8Array) => openNpy(bytesSource("test.npy", bytes));
const decode = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

/** A file with any header text, which NumPy would pad. */
function makeNpy(header: string, data: Uint8Array | number = 0, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const at = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(at + text.length + body.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, at);
  bytes.set(body, at + text.length);
  return bytes;
}

describe("files from NumPy", () => {
  const named = golden.cases.map((c) => ({
    ...c,
    title: `${c.descr} [${c.shape}] v${c.version}${c.fortranOrder ? " F" : ""}`,
  }));
  test.each(named)("$title", async ({ base64, descr, shape, fortranOrder, values }) => {
    const file = await open(decode(base64));
    expect(file.dtype.descr).toBe(descr);
    expect(file.shape).toEqual(shape);
    expect(file.fortranOrder).toBe(fortranOrder);
    const { data } = await file.read();
    const number = (text: string) => Number(text.replace("inf", "Infinity"));
    const wanted = /8$/.test(descr) && !/f/.test(descr) ? values.map(BigInt) : values.map(number);
    expect(data).toHaveLength(values.length);
    wanted.forEach((value, i) => {
      expect(data[i]).toBe(data instanceof Float32Array ? Math.fround(value as number) : value);
    });
  });

  test("the values' arrays keep their types", async () => {
    const types = new Map<string, string>();
    for (const { base64, descr } of golden.cases) {
      types.set(descr.slice(1), (await (await open(decode(base64))).read()).data.constructor.name);
    }
    expect(Object.fromEntries(types)).toEqual({
      f2: "Float32Array",
      f4: "Float32Array",
      f8: "Float64Array",
      i1: "Int8Array",
      i2: "Int16Array",
      i4: "Int32Array",
      i8: "BigInt64Array",
      u1: "Uint8Array",
      u2: "Uint16Array",
      u4: "Uint32Array",
      u8: "BigUint64Array",
      b1: "Uint8Array",
    });
  });
});

describe("slices", () => {
  const axis = fc.record({ length: fc.integer({ min: 1, max: 6 }), a: fc.nat(999), b: fc.nat(999) });

  test("any slice is what counting through the whole array gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { maxLength: 4 }),
        fc.constantFrom(
          "|u1",
          "<u2",
          ">u2",
          "<u4",
          ">u4",
          "<u8",
          ">u8",
          "<f4",
          ">f4",
          "<f8",
          ">f8",
          "<f2",
          ">f2",
        ),
        fc.boolean(),
        async (axes, descr, fortran) => {
          const shape = axes.map((x) => x.length);
          const start = axes.map((x) => Math.floor((x.a / 1000) * (x.length + 1)));
          const stop = axes.map((x, i) => start[i]! + Math.floor((x.b / 1000) * (x.length - start[i]! + 1)));
          const total = shape.reduce((product, n) => product * n, 1);

          // Element (i, j, k) holds its number in C order; the file has it at its place in the file's order.
          const size = Number(descr[2]);
          const bytes = new Uint8Array(total * size);
          const view = new DataView(bytes.buffer);
          const little = descr[0] !== ">";
          const wanted: number[] = [];
          for (let n = 0; n < total; n++) {
            const index: number[] = [];
            for (let i = shape.length - 1, left = n; i >= 0; i--) {
              index[i] = left % shape[i]!;
              left = Math.floor(left / shape[i]!);
            }
            let place = 0;
            const order = shape.map((_, i) => (fortran ? shape.length - 1 - i : i));
            for (const i of order) place = place * shape[i]! + index[i]!;
            const at = place * size;
            if (descr.endsWith("f2")) view.setUint16(at, encodeFloat16(n), little);
            else if (descr.endsWith("f4")) view.setFloat32(at, n, little);
            else if (descr.endsWith("f8")) view.setFloat64(at, n, little);
            else if (size === 1) view.setUint8(at, n);
            else if (size === 2) view.setUint16(at, n, little);
            else if (size === 4) view.setUint32(at, n, little);
            else view.setBigUint64(at, BigInt(n), little);
            if (index.every((x, i) => x >= start[i]! && x < stop[i]!)) wanted.push(n);
          }

          const dims = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
          const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${dims}, }\n`;
          const file = await open(makeNpy(header, bytes));
          const slice = await file.read(start, stop);
          expect(slice.shape).toEqual(stop.map((end, i) => end - start[i]!));
          expect(Array.from(slice.data as ArrayLike<number | bigint>, Number)).toEqual(wanted);

          const floats = new Float32Array(wanted.length);
          await file.readFloat32(start, stop, floats);
          if (!fortran) expect([...floats]).toEqual(wanted);
          expect([...floats].sort((a, b) => a - b)).toEqual(wanted);
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  test("a small slice of a large file reads little of it, in bounded pieces", async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (100, 2000, 1000000)}";
    const head = makeNpy(header);
    const source = watched(sparseSource("large.npy", head.length + 4 * 100 * 2000 * 1e6, head));
    const file = await openNpy(source);
    source.reads.length = 0;
    const { shape, data } = await file.read([3, 5, 999_990], [5, 10, 1_000_000]);
    expect(shape).toEqual([2, 5, 10]);
    expect(data).toHaveLength(100);
    expect(source.reads.reduce((sum, read) => sum + read.length, 0)).toBe(400);
    expect(source.reads[0]!.offset).toBe(head.length + 4 * ((3 * 2000 + 5) * 1e6 + 999_990));

    source.reads.length = 0;
    await file.read([50, 7, 0], [51, 17, 1_000_000]);
    expect(Math.max(...source.reads.map((read) => read.length))).toBeLessThanOrEqual(BLOCK_BYTES);
  });

  test("a slice that isn't there, or is larger than memory, is a UsageError", async () => {
    const file = await open(makeNpy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 24));
    for (const [start, stop] of [
      [[0], [2]],
      [
        [0, 0],
        [3, 3],
      ],
      [
        [-1, 0],
        [2, 3],
      ],
      [
        [1, 0],
        [0, 3],
      ],
      [
        [0, 0.5],
        [2, 3],
      ],
    ] as const) {
      await expect(file.read(start, stop)).rejects.toThrow(UsageError);
    }
    const head = makeNpy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}");
    const huge = await openNpy(sparseSource("huge.npy", head.length + 8e12, head));
    await expect(huge.read()).rejects.toThrow(/more than memory holds/);
  });
});

describe("headers", () => {
  test.each([
    ["NumPy's own", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n"],
    ["another order of keys", "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}"],
    ["double quotes, no spaces", '{"descr":"<f4","fortran_order":False,"shape":(2,3)}'],
    ["much space", "  { 'descr' :\t'<f4' , 'fortran_order' : False ,\n 'shape' : ( 2 , 3 , ) , }  "],
    ["Python 2's long integers", "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}"],
    ["the machine's own byte order", "{'descr': '=f4', 'fortran_order': False, 'shape': (2, 3)}"],
    ["no byte order", "{'descr': 'f4', 'fortran_order': False, 'shape': (2, 3)}"],
  ])("%s", async (_, header) => {
    for (const version of [1, 2, 3]) expect((await open(makeNpy(header, 24, version))).shape).toEqual([2, 3]);
  });

  test("a tuple of one, and of none", async () => {
    const one = (shape: string) =>
      open(makeNpy(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}}`, 4));
    expect((await one("(1,)")).shape).toEqual([1]);
    expect((await one("(1L,)")).shape).toEqual([1]);
    expect((await one("()")).shape).toEqual([]);
  });

  const whole = (changes: Partial<Record<"descr" | "fortran_order" | "shape", string>>) => {
    const fields = { descr: "'<f4'", fortran_order: "False", shape: "(2, 3)", ...changes };
    return `{${Object.entries(fields).map(([key, value]) => `'${key}': ${value}`)}}`;
  };
  const cases: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /the file is empty/],
    ["another kind of file", new TextEncoder().encode("HEADER_START"), /no \.npy file/],
    ["a file of a few bytes", makeNpy(whole({}), 24).subarray(0, 9), /ends within its header/],
    ["a header cut short", makeNpy(whole({}), 24).subarray(0, 40), /ends within its header/],
    ["version 4", makeNpy(whole({}), 24, 4), /version is 4\.0/],
    [
      "data cut short",
      makeNpy(whole({}), 23),
      /shape \(2, 3\) of <f4, so 24 bytes of data; the file holds 23\. It was cut short/,
    ],
    [
      "data too long",
      makeNpy(whole({}), 25),
      /the file holds 25\. The header is wrong, or more was appended/,
    ],
    [
      "a shape of absurd size",
      makeNpy(whole({ shape: "(4294967296, 4294967296)" }), 24),
      /larger than an array can be/,
    ],
    [
      "a shape beyond numbers",
      makeNpy(whole({ shape: `(${"99999999999999999999, ".repeat(60)})` }), 24),
      /larger than/,
    ],
    [
      "an absurd shape without elements",
      makeNpy(whole({ shape: "(0, 99999999999999999999)" })),
      /larger than/,
    ],
    ["too many axes", makeNpy(whole({ shape: `(${"1, ".repeat(65)})` }), 4), /larger than an array can be/],
    ["a negative axis", makeNpy(whole({ shape: "(-2, 3)" }), 24), /no tuple of whole numbers/],
    ["a broken axis", makeNpy(whole({ shape: "(2.5, 3)" }), 24), /no tuple of whole numbers/],
    ["a number for a tuple", makeNpy(whole({ shape: "(6)" }), 24), /no tuple of whole numbers/],
    ["an open tuple", makeNpy(whole({ shape: "(2, 3" }), 24), /no tuple of whole numbers/],
    ["a list for a tuple", makeNpy(whole({ shape: "[2, 3]" }), 24), /no tuple of whole numbers/],
    [
      "code for a shape",
      makeNpy(whole({ shape: "__import__('os').getcwd()" }), 24),
      /no tuple of whole numbers/,
    ],
    ["Python objects", makeNpy(whole({ descr: "'|O'" }), 24), /Python objects/],
    ["several fields", makeNpy(whole({ descr: "[('a', '<f4')]" }), 24), /several fields/],
    ["complex numbers", makeNpy(whole({ descr: "'<c8'" }), 48), /element type is "<c8"/],
    ["text", makeNpy(whole({ descr: "'<U5'" }), 120), /element type is "<U5"/],
    ["floats of 16 bytes", makeNpy(whole({ descr: "'<f16'" }), 96), /element type is "<f16"/],
    ["integers of 3 bytes", makeNpy(whole({ descr: "'<i3'" }), 18), /element type is "<i3"/],
    ["a float of one byte", makeNpy(whole({ descr: "'<f1'" }), 6), /element type is "<f1"/],
    ["neither True nor False", makeNpy(whole({ fortran_order: "0" }), 24), /neither True nor False/],
    ["a field missing", makeNpy("{'descr': '<f4', 'shape': (2, 3)}", 24), /fortran_order is missing/],
    ["a field too many", makeNpy("{'descr': '<f4', 'color': 1}", 24), /"color" is no field/],
    ["a field twice", makeNpy("{'descr': '<f4', 'descr': '<f8'}", 24), /descr stands twice/],
    ["more after the end", makeNpy(`${whole({})} + {}`, 24), /"\+ \{\}" follows its end/],
    ["no braces", makeNpy("'descr'", 24), /doesn't begin with \{/],
    ["an open brace", makeNpy("{'descr': '<f4'", 24), /breaks off/],
    ["an empty header", makeNpy("", 24), /doesn't begin with \{/],
  ];
  test.each(cases)("%s", async (_, bytes, message) => {
    const source = watched(bytesSource("test.npy", bytes));
    const opening = openNpy(source);
    await expect(opening).rejects.toThrow(FileError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(/^test\.npy: /);
    expect(source.closed).toBe(1);
  });

  test("a length that claims gigabytes is refused before it is read", async () => {
    const bytes = makeNpy("{}", 24, 2);
    new DataView(bytes.buffer).setUint32(8, 0xfffffff0, true);
    await expect(open(bytes)).rejects.toThrow(/claims 4,294,967,280 bytes/);
  });
});

describe("writing", () => {
  test("what is written is read back, every type", async () => {
    const arrays: NdData[] = [
      new Float32Array([0, -1.5, Infinity, 1e-40]),
      new Float64Array([Math.PI, -0, Number.NaN, 1e300]),
      new Int8Array([-128, 127, 0, 1]),
      new Uint8Array([0, 255, 1, 2]),
      new Int16Array([-32768, 32767, 0, 1]),
      new Uint16Array([0, 65535, 1, 2]),
      new Int32Array([-(2 ** 31), 2 ** 31 - 1, 0, 1]),
      new Uint32Array([0, 2 ** 32 - 1, 1, 2]),
      new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n]),
      new BigUint64Array([0n, 2n ** 64n - 1n, 1n, 2n]),
    ];
    for (const data of arrays) {
      for (const shape of [[4], [2, 2], [1, 4, 1]]) {
        const back = await (await open(encodeNpy({ shape, data }))).read();
        expect(back).toEqual({ shape, data });
      }
    }
  });

  test("the bytes are NumPy's, but for the padding", () => {
    const theirs = golden.cases.find((c) => c.descr === "<f4" && c.shape.length === 3)!;
    const values = new Float32Array(theirs.values.map((v) => Number(v.replace("inf", "Infinity"))));
    const ours = encodeNpy({ shape: theirs.shape, data: values });
    const plain = (bytes: Uint8Array) =>
      Buffer.from(bytes).toString("latin1").replace(/ +\n/, "\n").slice(10);
    expect(plain(ours)).toBe(plain(decode(theirs.base64)));
    expect((ours.length - values.byteLength) % 64).toBe(0);
    expect(encodeNpyHeader("<f4", Array(12).fill(1_000_000)).length % 64).toBe(0);
  });

  test("float16 rounds floats and leaves integers alone", async () => {
    const read = async (data: NdData) =>
      (await open(encodeNpy({ shape: [data.length], data }, { float16: true }))).read();
    expect((await read(new Float32Array([1 / 3, 65519, 1e-8]))).data).toEqual(
      new Float32Array([0.333251953125, 65504, 0]),
    );
    expect((await read(new Int16Array([12345]))).data).toEqual(new Int16Array([12345]));
  });

  test("a shape that doesn't fit is a UsageError", () => {
    expect(() => encodeNpy({ shape: [2, 3], data: new Float32Array(5) })).toThrow(UsageError);
  });
});

test("mutated files are read or refused in words, in memory bounded by their size", async () => {
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...golden.cases.filter((_, i) => i % 5 === 0)),
      fc.array(
        fc.record({
          kind: fc.constantFrom("flip", "cut", "insert", "shape", "length"),
          at: fc.nat(9999).map((n) => n / 10_000),
          value: fc.integer({ min: 0, max: 255 }),
          text: fc.constantFrom(
            "9",
            "999999999999",
            "-1",
            "(",
            ")",
            ",",
            "L",
            "'",
            "{",
            "True",
            "\0",
            "1e9",
            "0",
          ),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      async ({ base64 }, mutations) => {
        let bytes = decode(base64);
        for (const { kind, at, value, text } of mutations) {
          const place = Math.floor(at * bytes.length);
          if (kind === "flip" && bytes.length > 0) bytes[place] = bytes[place]! ^ (value || 1);
          if (kind === "cut") bytes = bytes.slice(0, place);
          if (kind === "insert")
            bytes = Uint8Array.of(...bytes.subarray(0, place), value, ...bytes.subarray(place));
          if (kind === "length" && bytes.length > 11) bytes[8 + (value % 4)] = place & 255;
          if (kind === "shape") {
            const header = Buffer.from(bytes).toString("latin1");
            const into = header.indexOf("(") + 1 + Math.floor(at * 8);
            const changed = header.slice(0, into) + text + header.slice(into);
            bytes = new Uint8Array(Buffer.from(changed.replace(" ".repeat(text.length), ""), "latin1"));
          }
        }
        const source = watched(bytesSource("fuzz.npy", bytes));
        try {
          const file = await openNpy(source);
          const { shape, data } = await file.read();
          expect(data.length).toBe(shape.reduce((product, n) => product * n, 1));
          expect(data.byteLength).toBeLessThanOrEqual(2 * bytes.length);
          outcomes.read++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^fuzz\.npy: .{20,600}$/s);
          outcomes.refused++;
        }
      },
    ),
    { seed: 6, numRuns: 3000 },
  );
  expect(outcomes.read).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(300);
});
