import fc from "fast-check";
import { describe, expect, it } from "vitest";
import goldenB0 from "../golden/efficientnet-b0-137x128.json" with { type: "json" };
import golden from "../golden/efficientnet-b0-1000-classes.json" with { type: "json" };
import goldenB3 from "../golden/efficientnet-b3-137x128.json" with { type: "json" };
import type { Value } from "../op.ts";
import { goldenBatch, goldenParameter } from "../testing/golden-weights.ts";
import { runReference } from "../testing/reference.ts";
import { compoundScale } from "./efficientnet.ts";
import { roundChannels } from "./inverted-residual.ts";
import { countParameters, createModel } from "./model.ts";

const size = { batch: 1, height: 64, width: 64 };

describe("EfficientNet", () => {
  it.each([
    [0, 5_288_548, 224, 0.2],
    [1, 7_794_184, 240, 0.2],
    [2, 9_109_994, 260, 0.3],
    [3, 12_233_232, 300, 0.3],
    [4, 19_341_616, 380, 0.4],
    [5, 30_389_784, 456, 0.4],
    [6, 43_040_704, 528, 0.5],
    [7, 66_347_960, 600, 0.5],
  ])("B%i learns %i numbers", (number, count, resolution, dropout) => {
    const model = createModel(`efficientnet_b${number}`);
    expect(countParameters(model.build(size).graph)).toBe(count);
    expect(model.resolution).toBe(resolution);
    expect(model.config).toMatchObject({ dropout, dropPath: 0.2 });
  });

  it.each([
    ["efficientnet_b0", goldenB0],
    ["efficientnet_b3", goldenB3],
  ])("%s has the names and shapes of PyTorch's, with the stem", (name, { cases: [file] }) => {
    const options = { inChannels: 6, numClasses: 1, stem: "tutorial" } as const;
    const { weights } = createModel(name, options).build({ batch: 2, height: 137, width: 128 }).graph;
    const learned = [...weights.values()].filter(({ trainable }) => trainable);
    expect(Object.fromEntries(learned.map((weight) => [weight.name, weight.shape]))).toEqual(
      file!.parameters,
    );
    const kept = [...weights.values()].filter(({ trainable }) => !trainable);
    expect(kept.map((weight) => weight.name).sort()).toEqual(Object.keys(file!.statistics));
  });

  it("computes PyTorch's logits", () => {
    const [file] = golden.cases;
    const [batch, channels, height, width] = file!.shape as [number, number, number, number];
    const { graph, logits } = createModel(file!.model).build({ batch, height, width });
    const weights = new Map(
      [...graph.weights.values()].map(({ name, shape }) => [name, goldenParameter(name, shape)]),
    );
    const { images } = goldenBatch(0, [batch, channels, height, width]);
    const found = runReference(graph, { weights, inputs: { image: images } }).of(logits);
    const expected = file!.inferenceLogits;
    const error = Math.sqrt(expected.reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0));
    expect(error / Math.hypot(...expected)).toBeLessThan(1e-8);
  }, 60_000);

  it("puts each block in a scope of its own and lets drop path grow over all blocks from 0", () => {
    const { graph } = createModel("efficientnet_b0", { dropPath: 0.32 }).build(size);
    const rates = graph.values
      .filter(({ op }) => op.name === "dropPath")
      .map(({ scope, attributes }) => [scope, (attributes as { p: number }).p]);
    expect(rates).toEqual([
      ["blocks.1.1", 0.32 * (2 / 16)],
      ["blocks.2.1", 0.32 * (4 / 16)],
      ["blocks.3.1", 0.32 * (6 / 16)],
      ["blocks.3.2", 0.32 * (7 / 16)],
      ["blocks.4.1", 0.32 * (9 / 16)],
      ["blocks.4.2", 0.32 * (10 / 16)],
      ["blocks.5.1", 0.32 * (12 / 16)],
      ["blocks.5.2", 0.32 * (13 / 16)],
      ["blocks.5.3", 0.32 * (14 / 16)],
    ]);
    const inBlocks = graph.values.filter(({ scope }) => scope !== "");
    for (const { op, scope, attributes } of inBlocks) {
      if (op.name === "weight") expect((attributes as { name: string }).name).toContain(`${scope}.`);
    }
    expect(new Set(inBlocks.map(({ scope }) => scope)).size).toBe(16);
  });

  it("leaves features out before the classifier", () => {
    const rates = (name: string, options = {}) =>
      createModel(name, options)
        .build(size)
        .graph.values.filter(({ op }) => op.name === "dropout")
        .map(({ attributes, inputs }) => [(attributes as { p: number }).p, inputs[0]!.shape]);
    expect(rates("efficientnet_b2")).toEqual([[0.3, [1, 1408]]]);
    expect(rates("efficientnet_b2", { dropout: 0.125 })).toEqual([[0.125, [1, 1408]]]);
    expect(rates("efficientnet_b2", { dropout: 0 })).toEqual([]);
  });

  it("takes any channels, classes, stride and stem", () => {
    const { graph, images, features, logits } = createModel("efficientnet_b0", {
      inChannels: 2,
      numClasses: 1,
      stemStride: [4, 1],
    }).build({ batch: 3, height: 273, width: 67 });
    expect(images.shape).toEqual([3, 2, 273, 67]);
    expect(features.shape).toEqual([3, 1280]);
    expect(logits.shape).toEqual([3, 1]);
    expect(graph.weights.get("conv_stem.weight")!.shape).toEqual([32, 2, 3, 3]);
    const first = graph.values.find(({ op }) => op.name === "conv2d") as Value;
    expect(first.shape).toEqual([3, 32, 69, 67]);

    const stem = createModel("efficientnet_b1", { inChannels: 6, stem: "tutorial" }).build(size);
    expect(stem.graph.weights.get("stem.weight")!.shape).toEqual([3, 6, 3, 3]);
    expect(stem.graph.weights.get("conv_stem.weight")!.shape).toEqual([32, 3, 3, 3]);
    expect(stem.graph.values.find(({ op }) => op.name === "conv2d")!.shape).toEqual([1, 3, 68, 68]);
  });

  it("rounds channels to the nearest 8, at least 8 and nine tenths of what was asked for", () => {
    expect([1, 11.9, 12, 33, 35.2, 36, 44].map(roundChannels)).toEqual([8, 16, 16, 32, 32, 40, 48]);
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 5000, noNaN: true }), (wanted) => {
        const rounded = roundChannels(wanted);
        expect(rounded % 8).toBe(0);
        expect(rounded).toBeGreaterThanOrEqual(Math.max(8, 0.9 * wanted));
        expect(rounded - wanted).toBeLessThanOrEqual(8);
      }),
      { seed: 3 },
    );
  });

  it("grows with the compound coefficient", () => {
    const count = (phi: number) => countParameters(createModel("efficientnet", { phi }).build(size).graph);
    expect([0.02, 1, 1.9, 3.53].map(count)).toEqual([7_794_184, 9_109_994, 12_233_232, 19_341_616]);
    expect(count(0.5)).toBe(8_441_486);
    const counts = [-4, -2, 0, 0.5, 1, 1.7, 2.5, 4].map(count);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect([0, 1, 2, 3, 4, 5, 6, 7, -1, 9].map((phi) => compoundScale(phi).dropout)).toEqual([
      0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.2, 0.5,
    ]);
    expect(createModel("efficientnet", { phi: 0 }).resolution).toBe(224);
  });

  it("is asked for in words that it knows", () => {
    const make = (name: string, options: object) => () => createModel(name, options);
    expect(make("efficientnet_b8", {})).toThrow(/no model named efficientnet_b8.*efficientnet_b7/);
    expect(make("efficientnet_b0", { inChanels: 3 })).toThrow(/no option inChanels.*inChannels/);
    expect(make("efficientnet_b0", { phi: 1 })).toThrow("phi must be left out");
    expect(make("efficientnet", {})).toThrow("phi must be a number from -6 to 12");
    expect(make("efficientnet", { phi: Number.NaN })).toThrow("phi must be");
    expect(make("efficientnet_b0", { numClasses: 0 })).toThrow("numClasses must be a whole number from 1");
    expect(make("efficientnet_b0", { dropout: 1 })).toThrow("dropout must be at least 0 and below 1");
    expect(make("efficientnet_b0", { dropPath: Number.NaN })).toThrow("dropPath must be");
    expect(make("efficientnet_b0", { stem: "large" })).toThrow("stem must be plain or tutorial");
    expect(make("efficientnet_b0", { pool: "max" })).toThrow("pool must be avg or gem");
    expect(make("efficientnet_b0", { stemStride: [2] })).toThrow("stemStride must be");
    expect(make("efficientnet_b0", { stemStride: 1.5 })).toThrow("stemStride must be a whole number");
    const model = createModel("efficientnet_b0");
    expect(() => model.build({ batch: 0, height: 64, width: 64 })).toThrow("batch must be");
    expect(() => model.build(undefined as never)).toThrow(
      "efficientnet_b0: batch must be a whole number from 1",
    );
    expect(model.build({ batch: 1, height: 1, width: 1 }).features.shape).toEqual([1, 1280]);
  });

  it("is made again from its configuration", () => {
    for (const [name, options] of [
      ["efficientnet_b2", { inChannels: 6, stem: "tutorial", stemStride: [2, 1], dropout: 0.1 }],
      ["efficientnet", { phi: 1.25, pool: "gem" }],
    ] as const) {
      const { config } = createModel(name, options);
      expect(createModel(config.name, JSON.parse(JSON.stringify(config))).config).toEqual(config);
    }
  });
});
