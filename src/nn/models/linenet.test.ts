import { describe, expect, it } from "vitest";
import { UsageError } from "../../signal/errors.ts";
import { exportOnnx } from "../onnx/export.ts";
import { scoreOnnx } from "../onnx/session.node.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { input } from "../ops/input.ts";
import { flatten } from "../ops/reshape.ts";
import { sumLosses } from "../ops/sum-losses.ts";
import { adam } from "../optimizers.ts";
import { constantSchedule } from "../schedules.ts";
import { checkGraph } from "../testing/check-graph.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { goldenBatch } from "../testing/golden-weights.ts";
import { runReference } from "../testing/reference.ts";
import { seeded } from "../testing/rows.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer } from "../trainer.ts";
import { initWeights } from "../weights.ts";
import { countParameters, createModel } from "./model.ts";

const machines = testMachines();
const lines = { inChannels: 52, numClasses: 1 };
const size = { batch: 2, height: 12, width: 256 };
const variants = [{}, { stemStride: [1, 2] }] as const;

describe("LineNet", () => {
  it.each([
    [{}, 409_287, [48, 52, 1, 1]],
    [{ stemStride: [1, 2] }, 414_279, [48, 52, 1, 3]],
    [{ width: 0.5 }, 125_513, [24, 52, 1, 1]],
  ] as const)("with %j learns %i numbers", (options, count, first) => {
    const model = createModel("linenet", { ...lines, ...options });
    const { graph, features, logits, places } = model.build(size);
    expect(countParameters(graph)).toBe(count);
    expect(graph.weights.get(model.firstConv)!.shape).toEqual(first);
    expect(logits.shape).toEqual([2, 1]);
    expect(features.shape[1]! % 2).toBe(1);
    expect(places!.shape).toEqual([2, 1, 12 / model.placeSize![0], 256 / model.placeSize![1]]);
  });

  it("starts with logits of places about as large as the cadence's", () => {
    const { graph } = createModel("linenet", lines).build(size);
    const drawn = initWeights(graph, 1).get("places.weight")!;
    expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(96));
    expect(Math.hypot(...drawn)).toBeGreaterThan(0.4);
  });

  it("has ten blocks, in scopes of their own, with drop path growing where there is a shortcut", () => {
    const { graph } = createModel("linenet", { ...lines, dropPath: 0.2 }).build(size);
    const scopes = new Set(graph.values.map(({ scope }) => scope).filter((scope) => scope !== ""));
    expect([...scopes]).toEqual([0, 1, 2, 3, 4].flatMap((s) => [`blocks.${s}.0`, `blocks.${s}.1`]));
    const drops = graph.values.filter(({ op }) => op.name === "dropPath");
    expect(drops.map(({ scope, attributes }) => [scope, (attributes as { p: number }).p])).toEqual([
      ["blocks.0.1", expect.closeTo(0.02)],
      ["blocks.1.1", expect.closeTo(0.06)],
      ["blocks.2.1", expect.closeTo(0.1)],
      ["blocks.3.1", expect.closeTo(0.14)],
      ["blocks.4.1", expect.closeTo(0.18)],
    ]);
  });

  it.each(variants)(
    "with %j has the reference's gradients, by the image's loss and the places'",
    async (options) => {
      const model = createModel("linenet", {
        ...{ inChannels: 3, numClasses: 1, width: 0.125, dropout: 0, dropPath: 0, ...options },
      });
      const { graph, logits, places } = model.build({ batch: 2, height: 8, width: 32 });
      const cells = flatten(places!);
      const known = input(graph, "known", cells.shape);
      const loss = sumLosses([
        { loss: bceWithLogits(logits, input(graph, "wanted", logits.shape)), weight: 1 },
        { loss: bceWithLogits(cells, input(graph, "targets", cells.shape), undefined, known), weight: 1.5 },
      ]);
      const inputs = { wanted: Float32Array.of(0, 1), known: Float32Array.of(1, 0, 1, 1, 1, 1, 0, 1) };
      const gradientsOf = [
        "conv_stem.weight",
        "blocks.2.0.conv_dw.weight",
        "places.weight",
        "classifier.weight",
      ];
      await checkGraph(machines, { graph, logits, loss }, { inputs, gradientsOf });
    },
    30_000,
  );

  it.each(variants)("with %j gives the same scores in ONNX Runtime", async (options) => {
    const model = createModel("linenet", { ...lines, width: 0.5, ...options });
    const shape = { height: 12, width: 64 };
    const { graph, logits } = model.build({ batch: 1, ...shape });
    const weights = goldenWeights(graph, { statistics: false });
    const metadata = { modelName: "linenet", lodestoneVersion: "0" };
    const bytes = exportOnnx({ output: logits, weights, metadata });
    const { images } = goldenBatch(0, [3, 52, 12, 64]);
    const three = model.build({ batch: 3, ...shape });
    const run = { weights, inputs: { image: images }, output: three.logits };
    const expected = runReference(three.graph, run).of(three.logits);
    const { data, shape: found } = await scoreOnnx(bytes, images);
    expect(found).toEqual([3, 1]);
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((logit, i) => {
      expect(Math.abs(data[i]! - logit)).toBeLessThan(1e-5 * largest);
    });
  });

  it("learns to say where something is", async () => {
    const [batch, height, width] = [16, 8, 64];
    const model = createModel("linenet", { inChannels: 2, numClasses: 1, width: 0.25, dropPath: 0 });
    const { graph, places } = model.build({ batch, height, width });
    const logits = flatten(places!);
    const [, cells] = logits.shape as [number, number];
    const known = input(graph, "known", logits.shape);
    const loss = bceWithLogits(logits, input(graph, "targets", logits.shape), undefined, known);
    const random = seeded(3);
    const draw = () => {
      const image = Float32Array.from({ length: batch * 2 * height * width }, () => random() - 0.5);
      const targets = new Float32Array(batch * cells);
      const at = Array.from({ length: batch }, () => Math.floor(random() * cells));
      for (const [b, cell] of at.entries()) {
        targets[b * cells + cell] = 1;
        const [row, column] = [Math.floor(cell / 4) * 4, (cell % 4) * 16];
        for (let y = row; y < row + 4; y++) {
          for (let x = column + 6; x < column + 9; x++) image[(b * 2 * height + y) * width + x]! += 2;
        }
      }
      return { image, targets, known: new Float32Array(batch * cells).fill(1), at };
    };
    const [{ engine }] = machines as [(typeof machines)[number]];
    const options = { weights: initWeights(graph, 1), optimizer: adam(), schedule: constantSchedule(0.01) };
    const trainer = createTrainer({ graph, logits, loss }, engine, options);
    for (let step = 0; step < 60; step++) {
      const { at, ...given } = draw();
      await trainer.step(given);
    }
    const { image, at } = draw();
    const scores = await trainer.evaluate({ image });
    const found = at.map((_, b) => {
      const own = scores.subarray(b * cells, (b + 1) * cells);
      return own.indexOf(Math.max(...own));
    });
    expect(found).toEqual(at);
  }, 30_000);

  it.each([
    [{ stem: "tutorial" }, "linenet: stem must be plain"],
    [{ pool: "gem" }, "linenet: pool must be left out"],
    [{ pool: "avg" }, "linenet: pool must be left out"],
    [{ phi: 0 }, "linenet: phi must be left out"],
    [{ stemStride: 2 }, "linenet: stemStride must be 1 or [1, 2]; it is 2."],
    [{ stemStride: [1, 4] }, "linenet: stemStride must be 1 or [1, 2]; it is [1,4]."],
    [{ width: 0 }, "linenet: width must be a number from 0.125 to 8; it is 0."],
    [{ width: "2" }, "linenet: width must be a number from 0.125 to 8"],
  ])("refuses %j", (options, message) => {
    const make = () => createModel("linenet", options as never);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  it("refuses images that don't fall into places, and width is its own", () => {
    const model = createModel("linenet", lines);
    expect(() => model.build({ ...size, height: 10 })).toThrow(
      "linenet takes images whose height divides by 4 and whose width divides by 16; these are 10 x 256.",
    );
    expect(() => model.build({ ...size, width: 250 })).toThrow("these are 12 x 250");
    expect(() => createModel("resnet18", { width: 2 })).toThrow(
      "resnet18: width must be left out (`linenet` takes one)",
    );
  });

  it("is made again from its configuration", () => {
    const { config } = createModel("linenet", { ...lines, stemStride: [1, 2], width: 1.5 });
    expect(createModel(config.name, JSON.parse(JSON.stringify(config))).config).toEqual(config);
  });
});
