import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../signal/errors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.node.ts";
import { decodeSafetensors, encodeSafetensors, type WritableTensor } from "./safetensors.ts";

/** A file of a header as given and so many bytes of data, each its own number. */
function fileOf(header: unknown, dataBytes: number, { headerBytes = -1 } = {}): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(headerBytes < 0 ? json.length : headerBytes));
  return new Uint8Array(
    Buffer.concat([start, json, Buffer.from(Array.from({ length: dataBytes }, (_, i) => i))]),
  );
}

const entry = (begin: number, end: number, shape: number[], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const tensors = new Map<string, WritableTensor>([
  ["10", { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, Number.NaN, -Infinity, 1e-45) }],
  ["bn1.num_batches_tracked", { shape: [], data: BigInt64Array.of(-7n) }],
  ['néedle "1"\\', { shape: [2, 0], data: new Float32Array(0) }],
  ["2", { shape: [1], data: Float32Array.of(3) }],
]);

function expectSame(found: ReturnType<typeof decodeSafetensors>): void {
  expect([...found.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
  for (const [name, { shape, data }] of tensors) {
    expect(found.tensors.get(name)).toEqual({ shape, data: Float32Array.from(data, Number) });
  }
  expect(found.metadata).toEqual({ format: "pt", model: "efficientnet_b0" });
}

describe("safetensors in memory", () => {
  const bytes = encodeSafetensors(tensors, { metadata: { format: "pt", model: "efficientnet_b0" } });

  it("reads back what it writes, wherever the bytes lie", () => {
    for (const shift of [0, 1, 4]) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      expectSame(decodeSafetensors(moved.subarray(shift)));
    }
  });

  it("writes a header as the reference does: padded to 8 bytes, the widest type first, then as given", () => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt","model":"efficientnet_b0"},' +
        '"bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
        '"10":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},' +
        '"néedle \\"1\\"\\\\":{"dtype":"F32","shape":[2,0],"data_offsets":[32,32]},' +
        '"2":{"dtype":"F32","shape":[1],"data_offsets":[32,36]}}',
    );
    expect(bytes.length).toBe(8 + length + 36);
  });

  it("reads every float type", () => {
    const data = Buffer.alloc(28);
    data.writeDoubleLE(-2.5, 0);
    data.writeUInt16LE(0xc020, 8); // BF16 -2.5
    data.writeUInt16LE(0x7f80, 10); // BF16 infinity
    for (const [i, half] of [0x3c00, 0x0001, 0xfbff, 0xfc00, 0x7e00, 0x8000].entries()) {
      data.writeUInt16LE(half, 12 + 2 * i);
    }
    data.writeFloatLE(0.1, 24);
    const file = fileOf(
      {
        b: entry(8, 12, [2], "BF16"),
        a: entry(0, 8, [1], "F64"),
        d: entry(24, 28, [], "F32"),
        c: entry(12, 24, [3, 2], "F16"),
      },
      28,
    );
    file.set(data, file.length - 28);
    const found = decodeSafetensors(file).tensors;
    expect(found.get("a")!.data).toEqual(Float32Array.of(-2.5));
    expect(found.get("b")!.data).toEqual(Float32Array.of(-2.5, Infinity));
    expect(found.get("c")!.data).toEqual(Float32Array.of(1, 2 ** -24, -65504, -Infinity, Number.NaN, -0));
    expect(found.get("d")!.data).toEqual(Float32Array.of(0.1));
  });

  it("does not write what no reader would understand", () => {
    const data = Float32Array.of(1, 2);
    expect(() => encodeSafetensors(new Map([["a", { shape: [3], data }]]))).toThrow("a has the shape [3]");
    expect(() => encodeSafetensors(new Map([["__metadata__", { shape: [2], data }]]))).toThrow(
      "can't be named",
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /has 0 bytes/],
    ["a long header", fileOf("{}", 0, { headerBytes: 100_000_001 }), /isn't a safetensors file/],
    ["a cut header", fileOf("{}", 0, { headerBytes: 3 }), /too short/],
    ["no JSON", fileOf("{", 0), /isn't JSON/],
    ["bad UTF-8", fileOf("{}", 2, { headerBytes: 4 }).map((b, i) => (i === 9 ? 0xff : b)), /isn't JSON/],
    ["a list", fileOf([], 0), /isn't a JSON object/],
    ["null", fileOf("null", 0), /isn't a JSON object/],
    ["odd metadata", fileOf({ __metadata__: { a: 1 } }, 0), /__metadata__/],
    ["an entry that is a number", fileOf({ a: 1 }, 0), /a has no dtype/],
    ["a shape below zero", fileOf({ a: entry(0, 4, [-1, -1]) }, 4), /no shape/],
    ["a broken shape", fileOf({ a: entry(0, 4, [0.5, 2]) }, 4), /no shape/],
    ["an offset below zero", fileOf({ a: entry(-4, 0, [1]) }, 4), /no data_offsets/],
    ["three offsets", fileOf({ a: { ...entry(0, 4, [1]), data_offsets: [0, 4, 8] } }, 4), /no data_offsets/],
    [
      "an unknown type",
      fileOf({ a: entry(0, 1, [1], "F8_E4M3") }, 1),
      /type F8_E4M3.*F64, F32, F16, BF16, I64/,
    ],
    ["a type of Object's", fileOf({ a: entry(0, 1, [1], "toString") }, 1), /type toString/],
    ["a place past the end", fileOf({ a: entry(0, 8, [2]) }, 4), /a lies at bytes 0 to 8 of 4/],
    ["a place backwards", fileOf({ a: entry(4, 0, [1]) }, 4), /a lies at bytes 4 to 0/],
    ["a shape that needs more", fileOf({ a: entry(0, 4, [2 ** 50]) }, 4), /needs 4503599627370496 bytes/],
    ["a shape past all numbers", fileOf({ a: entry(0, 4, Array(99).fill(2 ** 50)) }, 4), /needs Infinity/],
    ["an overlap", fileOf({ a: entry(0, 8, [2]), b: entry(4, 12, [2]) }, 12), /b overlaps/],
    ["two in one place", fileOf({ a: entry(0, 4, [1]), b: entry(0, 4, [1]) }, 4), /b overlaps/],
    ["a gap", fileOf({ a: entry(0, 4, [1]), b: entry(8, 12, [1]) }, 12), /4 bytes before b/],
    ["bytes at the end", fileOf({ a: entry(0, 4, [1]) }, 6), /last 2 bytes/],
    [
      "a name twice",
      fileOf(`{"a":${JSON.stringify(entry(0, 4, [1]))}, "\\u0061" :${JSON.stringify(entry(0, 4, [1]))}}`, 4),
      /says "a" twice/,
    ],
    [
      "a field twice",
      fileOf('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /"dtype" twice/,
    ],
  ])("refuses %s", (_, file, message) => {
    const read = () => decodeSafetensors(file, "x.safetensors");
    expect(read).toThrow(FileError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^x\.safetensors: /);
  });

  it("takes names that JavaScript knows for names", () => {
    const file = fileOf(
      '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"constructor":{"dtype":"I64","shape":[0],"data_offsets":[0,0]}}',
      4,
    );
    expect([...decodeSafetensors(file).tensors.keys()].sort()).toEqual(["__proto__", "constructor"]);
  });

  it("gives whole tensors or a FileError for any damage", () => {
    const edit = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
    let refused = 0;
    let read = 0;
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 4 }), fc.nat(bytes.length + 8), (edits, length) => {
        const damaged = new Uint8Array(length < bytes.length ? length : bytes.length);
        damaged.set(bytes.subarray(0, damaged.length));
        for (const { at, value } of edits) if (at < damaged.length) damaged[at] = value;
        for (const file of [
          damaged,
          Uint8Array.from(bytes, (byte, i) => edits.find(({ at }) => at === i)?.value ?? byte),
        ]) {
          try {
            for (const { shape, data } of decodeSafetensors(file).tensors.values()) {
              expect(shape.reduce((product, size) => product * size, 1)).toBe(data.length);
            }
            read++;
          } catch (error) {
            if (!(error instanceof FileError)) throw error;
            refused++;
          }
        }
      }),
      { seed: 11, numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("safetensors on disk", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "safetensors-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("are what is encoded in memory, in place of what was there", async () => {
    const path = join(folder, "a.safetensors");
    const options = { metadata: { format: "pt", model: "efficientnet_b0" } };
    await writeFile(path, "older");
    await writeSafetensors(path, tensors, options);
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(tensors, options));
    expectSame(await readSafetensors(path));
    await truncate(path, 100);
    await expect(readSafetensors(path)).rejects.toThrow(/a\.safetensors: it is too short/);
    await truncate(path, 3);
    await expect(readSafetensors(path)).rejects.toThrow(/has 3 bytes/);
  });

  it("are left as they were where writing fails", async () => {
    const path = join(folder, "b.safetensors");
    await writeFile(path, "older");
    const broken = new Map([["a", { shape: [3], data: Float32Array.of(1) }]]);
    await expect(writeSafetensors(path, broken)).rejects.toThrow("a has the shape [3]");
    expect(await readFile(path, "utf8")).toBe("older");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    await expect(writeSafetensors(join(folder, "no", "b"), tensors)).rejects.toThrow(/folder doesn't exist/);
    await expect(writeSafetensors(folder, tensors)).rejects.toThrow(FileError);
    await expect(readSafetensors(join(folder, "c"))).rejects.toThrow(
      /c: it can't be read: there is no such file/,
    );
    await expect(readSafetensors(folder)).rejects.toThrow(FileError);
  });
});
