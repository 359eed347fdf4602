import { describe, expect, it } from "vitest";
import golden from "../golden/resnet.json" with { type: "json" };
import { countParameters, createModel } from "./model.ts";

const size = { batch: 1, height: 64, width: 64 };

describe("ResNet", () => {
  it.each([
    ["resnet18", 11_689_512, 512],
    ["resnet34", 21_797_672, 512],
    ["resnet50", 25_557_032, 2048],
  ])("%s learns %i numbers", (name, count, features) => {
    const model = createModel(name);
    const built = model.build(size);
    expect(countParameters(built.graph)).toBe(count);
    expect(built.features.shape).toEqual([1, features]);
    expect(model.config).toMatchObject({ dropout: 0, dropPath: 0 });
  });

  it.each(golden.cases.map((file) => [file.model, file] as const))("%s has PyTorch's names", (name, file) => {
    const { weights } = createModel(name, { inChannels: 6, numClasses: 1 }).build(size).graph;
    const learned = [...weights.values()].filter(({ trainable }) => trainable);
    expect(Object.fromEntries(learned.map((weight) => [weight.name, weight.shape]))).toEqual(file.parameters);
    const kept = [...weights.values()].filter(({ trainable }) => !trainable);
    expect(kept.map((weight) => weight.name).sort()).toEqual(Object.keys(file.statistics));
  });

  it("has its blocks in scopes, with drop path from 0 to the whole rate", () => {
    const { graph } = createModel("resnet18", { dropPath: 0.7 }).build(size);
    const rates = graph.values
      .filter(({ op }) => op.name === "dropPath")
      .map(({ scope, attributes }) => [scope, (attributes as { p: number }).p]);
    expect(rates).toHaveLength(7);
    expect(rates[0]).toEqual(["layer1.1", 0.7 / 7]);
    expect(rates.at(-1)).toEqual(["layer4.1", 0.7]);
  });

  it("halves the image five times", () => {
    const { graph } = createModel("resnet50", { stemStride: [2, 1], pool: "gem" }).build({
      batch: 2,
      height: 131,
      width: 64,
    });
    const sums = graph.values.filter(({ op }) => op.name === "add").map(({ shape }) => shape);
    expect(sums[0]).toEqual([2, 256, 33, 32]);
    expect(sums.at(-1)).toEqual([2, 2048, 5, 4]);
    expect(graph.weights.get("global_pool.p")).toMatchObject({ shape: [1], trainable: true, decay: false });
  });

  it("has no compound coefficient", () => {
    expect(() => createModel("resnet18", { phi: 1 })).toThrow("resnet18: phi must be left out");
  });
});
