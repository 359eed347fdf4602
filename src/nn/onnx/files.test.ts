import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileError, InputError } from "../../signal/errors.ts";
import { createGraph } from "../graph.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { parameter } from "../ops/weight.ts";
import { exportOnnx } from "./export.ts";
import { writeOnnx } from "./onnx.node.ts";
import { decodeOnnx } from "./protobuf.ts";
import { describeOnnx } from "./read.ts";
import { openOnnx, scoreOnnx } from "./session.node.ts";

const graph = createGraph();
const init = { kind: "constant", value: 0 } as const;
const output = linear(input(graph, "x", [1, 2]), parameter(graph, "w", [1, 2], { init, decay: true }));
const weights = new Map([["w", Float32Array.of(3, 5)]]);
const options = { output, weights, metadata: { modelName: "sum", lodestoneVersion: "0" } };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("files", () => {
  test("are written whole, in place of what was there, and scored by path", async () => {
    const path = join(folder, "sum.onnx");
    await writeFile(path, "old");
    await writeOnnx(path, options);
    expect(await readdir(folder)).toEqual(["sum.onnx"]);
    expect(new Uint8Array(await readFile(path))).toEqual(exportOnnx(options));
    const { data, shape } = await scoreOnnx(path, Float32Array.of(1, 1, 2, 0), { threads: 1 });
    expect([[...data], [...shape]]).toEqual([
      [8, 6],
      [2, 1],
    ]);
  });

  test("that can't be written or read are named", async () => {
    const missing = join(folder, "none", "sum.onnx");
    await expect(writeOnnx(missing, options)).rejects.toThrow(`${missing}: its folder doesn't exist.`);
    await expect(openOnnx(missing)).rejects.toThrow(`${missing}: the model can't be read (ENOENT)`);
    await expect(openOnnx(folder)).rejects.toThrow(FileError);
  });
});

describe("what is no model", () => {
  test("of other kinds of file", async () => {
    expect(() => describeOnnx(new Uint8Array(), "a.onnx")).toThrow(
      "a.onnx: this is not an ONNX model: it has no nodes",
    );
    const text = new TextEncoder().encode("id,target\n1,0\n");
    expect(() => describeOnnx(text, "a.csv")).toThrow("a.csv: this is not an ONNX model");
    await expect(openOnnx(text)).rejects.toThrow("The ONNX model: this is not an ONNX model");
  });

  test("damaged anywhere: a FileError or a description, nothing else", () => {
    const bytes = exportOnnx(options);
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.integer({ min: 1, max: bytes.length }), (changes, length) => {
        const damaged = bytes.slice(0, length);
        for (const [at, byte] of changes) if (at < length) damaged[at] = byte;
        try {
          expect(describeOnnx(damaged).input.name).toBeTypeOf("string");
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
      { seed: 3, numRuns: 3000 },
    );
  });

  test("an operator that ONNX Runtime doesn't know", async () => {
    const bytes = exportOnnx(options);
    const at = new TextDecoder("latin1").decode(bytes).indexOf("\x04Gemm") + 1;
    bytes.set(new TextEncoder().encode("Gimm"), at);
    await expect(openOnnx(bytes)).rejects.toThrow(
      /^The ONNX model: ONNX Runtime can't run this model: .*Gimm/s,
    );
  });
});

test("a closed model says that it was closed, and closes but once", async () => {
  const session = await openOnnx(exportOnnx(options));
  await Promise.all([session.close(), session.close()]);
  await session.close();
  await expect(session.score(Float32Array.of(1, 2))).rejects.toThrow(InputError);
  await expect(session.score(Float32Array.of(1, 2))).rejects.toThrow(
    "The ONNX model was closed and scores no more. Open it again.",
  );
});

test("a model says which version of this program made it, if it isn't told another", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  const bytes = exportOnnx({ output, weights, metadata: { modelName: "sum" } });
  expect(describeOnnx(bytes).lodestoneVersion).toBe(version);
  expect(decodeOnnx(bytes, "").producerVersion).toBe(version);
  expect(describeOnnx(exportOnnx(options)).lodestoneVersion).toBe("0");
});

test("class names are one for each logit", () => {
  const named = (classNames: string[]) =>
    exportOnnx({ output, weights, metadata: { modelName: "sum", classNames } });
  expect(describeOnnx(named(["needle"])).classNames).toEqual(["needle"]);
  for (const wrong of [[], ["noise", "needle"]]) {
    expect(() => named(wrong)).toThrow(InputError);
    expect(() => named(wrong)).toThrow(`gives 1 logits an image, and ${wrong.length} class names were given`);
  }
});

test("numbers that are no whole images are refused", async () => {
  const session = await openOnnx(exportOnnx(options));
  const asked = session.score(new Float32Array(3));
  await expect(asked).rejects.toThrow(
    "takes images of 2 = 2 numbers; 3 numbers are no whole number of images",
  );
  await expect(session.score(new Float32Array(0))).rejects.toThrow(InputError);
  await session.close();
});
