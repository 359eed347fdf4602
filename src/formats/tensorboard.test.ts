import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import golden from "./golden/tensorboard.json" with { type: "json" };
import { encodeEventRecord, type GraphNode, type TensorBoardEvent } from "./tensorboard.ts";
import { openTensorBoardWriter } from "./tensorboard-writer.node.ts";
import { readEventFile } from "./testing/event-file.ts";

describe("an event's record", () => {
  it("is the bytes that TensorBoard's own writer gives", () => {
    const attributes = { bias: false, eps: 0.001, groups: 3, mode: "same", stride: [2, 1] };
    const nodes: GraphNode[] = [
      { name: "image", op: "input", inputs: [], shape: [-1, 6] },
      { name: "a/b", op: "conv2d", inputs: ["image"], attributes, shape: [2, 4] },
    ];
    const hex = (event: TensorBoardEvent) => Buffer.from(encodeEventRecord(event)).toString("hex");
    expect({
      file: hex({ kind: "file", wallTimeS: 1.5, step: 0 }),
      scalars: hex({ kind: "scalars", wallTimeS: 1.5, step: 7, values: { "loss/train": 0.25, auc: -1e-3 } }),
      start: hex({ kind: "start", wallTimeS: 1.5, step: 2 ** 40 }),
      graph: hex({ kind: "graph", wallTimeS: 1.5, step: 0, nodes }),
    }).toEqual(golden);
  });

  it("holds any scalars, as floats", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, unit: "grapheme" }), fc.double()),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (values, step, wallTimeS) => {
          const [event] = readEventFile(encodeEventRecord({ kind: "scalars", step, wallTimeS, values }));
          const floats = Object.entries(values).map(([name, value]) => [name, Math.fround(value)]);
          expect(event).toEqual({ step, wallTimeS, scalars: Object.fromEntries(floats) });
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  it("holds a graph's nodes", () => {
    const nodes: GraphNode[] = [
      { name: "image", op: "input", inputs: [], attributes: {}, shape: [-1, 6, 273, 256] },
      {
        name: "blocks/0/conv",
        op: "conv2d",
        inputs: ["image", "blocks/0/weight"],
        attributes: {
          stride: [2, -1, 300],
          groups: -3,
          eps: 0.5,
          halves: [0.5, 2],
          mode: "ünder",
          bias: false,
          on: true,
        },
        shape: [],
      },
      { name: "empty", op: "x", inputs: [], attributes: { none: [] } },
    ];
    const [event] = readEventFile(encodeEventRecord({ kind: "graph", step: 0, wallTimeS: 2, nodes }));
    expect(event).toEqual({ step: 0, wallTimeS: 2, graph: nodes });
  });
});

describe("the writer", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lodestone-tensorboard-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("makes its folder and a file that can be read after every call, in the calls' order", async () => {
    const writer = await openTensorBoardWriter(join(folder, "run", "fold-0"));
    const read = async () => readEventFile(await readFile(writer.path));
    expect(await read()).toMatchObject([{ fileVersion: "brain.Event:2" }]);
    await writer.scalars(1, { loss: 0.5 }, 100.25);
    expect((await read())[1]).toEqual({ step: 1, wallTimeS: 100.25, scalars: { loss: 0.5 } });
    const steps = Array.from({ length: 20 }, (_, i) => i + 2);
    await Promise.all(steps.map((step) => writer.scalars(step, { loss: step, auc: 1 / step })));
    await writer.close();
    await writer.close();
    expect((await read()).map(({ step }) => step)).toEqual([0, 1, ...steps]);
  });

  it("gives a file that follows those of the folder by name, and says where the run goes on", async () => {
    await writeFile(join(folder, "events.out.tfevents.5000000000.host"), "");
    const first = await openTensorBoardWriter(folder);
    await first.close();
    const second = await openTensorBoardWriter(folder, { resumeAtStep: 30 });
    await second.close();
    expect((await readdir(folder)).sort().map((name) => join(folder, name))).toEqual([
      join(folder, "events.out.tfevents.5000000000.host"),
      first.path,
      second.path,
    ]);
    expect(readEventFile(await readFile(second.path))[1]).toMatchObject({ step: 30, starts: true });
  });

  it("tells a failure once closed, and a folder that can't be", async () => {
    const writer = await openTensorBoardWriter(folder);
    await writer.close();
    await expect(writer.scalars(1, { loss: 1 })).rejects.toThrow(writer.path);
    await expect(openTensorBoardWriter(join(writer.path, "below"))).rejects.toThrow("not a folder");
  });
});
