import { describe, expect, it } from "vitest";
import { createGraph } from "./graph.ts";
import { convLayer, linearLayer, normLayer } from "./layers.ts";
import { createModel } from "./models/model.ts";
import type { Graph } from "./op.ts";
import { globalAvgPool } from "./ops/global-avg-pool.ts";
import { input } from "./ops/input.ts";
import { flatten } from "./ops/reshape.ts";
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from "./safetensors.ts";
import {
  adaptFirstConv,
  checkpointTensors,
  initWeights,
  loadPretrained,
  loadWeights,
  type Weights,
} from "./weights.ts";

function small({ channels = 3, classes = 4, stem = false } = {}): Graph {
  const graph = createGraph();
  let x = input(graph, "image", [1, channels, 8, 8]);
  if (stem) x = convLayer(x, "stem", 3, { kernel: 3 });
  const y = normLayer(convLayer(x, "conv1", 5, { kernel: 3 }), "bn1");
  linearLayer(flatten(globalAvgPool(y)), "fc", classes);
  return graph;
}

/** Through a file and back. */
function saved(graph: Graph, weights: Weights): ReadonlyMap<string, SafeTensor> {
  return decodeSafetensors(encodeSafetensors(checkpointTensors(graph, weights))).tensors;
}

describe("first values", () => {
  const { graph } = createModel("efficientnet_b0", { inChannels: 6, stem: "tutorial" }).build({
    batch: 1,
    height: 64,
    width: 64,
  });
  const weights = initWeights(graph, 7);

  function spread(name: string) {
    const values = weights.get(name)!;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return {
      mean,
      deviation: Math.sqrt(variance),
      largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    };
  }

  it.each([
    ["conv_stem.weight", 2 / (9 * 32)],
    ["blocks.5.0.conv_pw.weight", 2 / 672],
    ["blocks.5.0.conv_dw.weight", 2 / 25],
    ["blocks.5.0.se.conv_reduce.weight", 2 / 28],
    ["conv_head.weight", 2 / 1280],
  ])("%s are normal with variance 2 / fan-out", (name, variance) => {
    const { mean, deviation, largest } = spread(name);
    const count = weights.get(name)!.length;
    expect(Math.abs(deviation ** 2 / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(mean / deviation)).toBeLessThan(5 / Math.sqrt(count));
    expect(largest / deviation).toBeGreaterThan(2.5);
  });

  it.each([
    ["classifier.weight", 1 / Math.sqrt(1280)],
    ["stem.weight", 1 / Math.sqrt(54)],
  ])("%s are uniform within 1 / sqrt(fan-in)", (name, bound) => {
    const { mean, deviation, largest } = spread(name);
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(0.95 * bound);
    expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.1);
    expect(Math.abs(mean)).toBeLessThan(0.2 * bound);
  });

  it("of norms and biases are one and zero", () => {
    const constant: Record<string, number> = { running_var: 1, running_mean: 0, bias: 0 };
    for (const [name, values] of weights) {
      const isNorm = /bn\d\.weight$/.test(name);
      const value = isNorm ? 1 : constant[name.slice(name.lastIndexOf(".") + 1)];
      if (value !== undefined) expect(values.every((number) => number === value)).toBe(true);
      else expect(values[0]).not.toBe(values[1]);
    }
  });

  it("follow from the seed and the name alone", () => {
    const plain = initWeights(small(), 7);
    expect(initWeights(small(), 7)).toEqual(plain);
    expect(initWeights(small(), 8).get("conv1.weight")).not.toEqual(plain.get("conv1.weight"));
    expect(initWeights(small({ stem: true, channels: 6 }), 7).get("conv1.weight")).toEqual(
      plain.get("conv1.weight"),
    );
    const [one, two] = [1, 2].map((block) => weights.get(`blocks.3.${block}.conv_dw.weight`));
    expect(one).not.toEqual(two);
  });
});

describe("weights from a checkpoint", () => {
  const graph = small();
  const weights = initWeights(graph, 1);
  weights.get("bn1.running_mean")!.fill(0.25);

  it("are what was saved", () => {
    const tensors = checkpointTensors(graph, weights, { batchesTracked: 12 });
    expect([...tensors.keys()]).toEqual([
      "conv1.weight",
      "bn1.weight",
      "bn1.bias",
      "bn1.running_mean",
      "bn1.running_var",
      "bn1.num_batches_tracked",
      "fc.weight",
      "fc.bias",
    ]);
    expect(tensors.get("bn1.num_batches_tracked")).toEqual({ shape: [], data: BigInt64Array.of(12n) });
    const loaded = loadWeights(small(), saved(graph, weights));
    expect(loaded).toEqual({ weights, fresh: [], adapted: [] });
    expect(() => checkpointTensors(graph, new Map())).toThrow("lack conv1.weight");
  });

  it("are copies", () => {
    const tensors = saved(graph, weights);
    loadWeights(graph, tensors).weights.get("conv1.weight")!.fill(9);
    expect(tensors.get("conv1.weight")!.data).toEqual(weights.get("conv1.weight"));
  });

  it("must fit; the error names every tensor that doesn't", () => {
    const tensors = new Map(saved(graph, weights));
    tensors.delete("bn1.weight");
    tensors.delete("bn1.running_var");
    tensors.set("extra.weight", { shape: [1], data: Float32Array.of(1) });
    tensors.set("extra.bias", { shape: [1], data: Float32Array.of(1) });
    tensors.set("fc.bias", { shape: [1, 4], data: new Float32Array(4) });
    tensors.set("conv1.weight", { shape: [5, 3, 3], data: new Float32Array(45) });
    tensors.set("bn1.bias", { shape: [5], data: Float32Array.of(1, 2, Number.NaN, 3, 4) });
    const load = () => loadWeights(graph, tensors, { source: "b0.safetensors", firstConv: "conv1.weight" });
    expect(load).toThrow(
      "b0.safetensors doesn't fit the network; is it of another model? " +
        "Missing: bn1.weight, bn1.running_var. Unexpected: extra.weight, extra.bias. " +
        "Of another shape: conv1.weight ([5, 3, 3], the network's is [5, 3, 3, 3]), " +
        "fc.bias ([1, 4], the network's is [4]). Not finite: bn1.bias.",
    );
  });

  it("are not adapted unless asked for", () => {
    const tensors = saved(graph, weights);
    expect(() => loadWeights(small({ channels: 6 }), tensors)).toThrow(/Of another shape: conv1.weight/);
    expect(() => loadWeights(small({ classes: 1 }), tensors)).toThrow(
      /Of another shape: fc.weight.*, fc.bias/,
    );
    expect(() => loadWeights(small({ stem: true, channels: 6 }), tensors)).toThrow("Missing: stem.weight.");
  });

  it("serve other channels, classes and a stem", () => {
    const tensors = saved(graph, weights);
    const options = { firstConv: "conv1.weight", fresh: ["fc", "stem"], seed: 5 };
    const wide = small({ channels: 6, classes: 1 });
    const loaded = loadWeights(wide, tensors, options);
    expect(loaded).toMatchObject({ fresh: ["fc.weight", "fc.bias"], adapted: ["conv1.weight"] });
    expect(loaded.weights.get("fc.weight")).toEqual(initWeights(wide, 5).get("fc.weight"));
    expect(loaded.weights.get("bn1.running_mean")).toEqual(new Float32Array(5).fill(0.25));
    const stemmed = loadWeights(small({ channels: 6, stem: true }), tensors, options);
    expect(stemmed).toMatchObject({ fresh: ["stem.weight"], adapted: [] });
    expect(stemmed.weights.get("conv1.weight")).toEqual(weights.get("conv1.weight"));
  });

  it("of a pretrained network start another one of its model", () => {
    const size = { batch: 1, height: 32, width: 32 };
    const pretrained = createModel("efficientnet_b0").build(size).graph;
    const tensors = saved(pretrained, initWeights(pretrained, 3));
    const model = createModel("efficientnet_b0", { inChannels: 6, numClasses: 1 });
    const { fresh, adapted } = loadPretrained(model, model.build(size).graph, tensors);
    expect(fresh).toEqual(["classifier.weight", "classifier.bias"]);
    expect(adapted).toEqual(["conv_stem.weight"]);
    const stem = createModel("efficientnet_b0", { inChannels: 6, stem: "tutorial" });
    expect(loadPretrained(stem, stem.build(size).graph, tensors)).toMatchObject({
      fresh: ["stem.weight"],
      adapted: [],
    });
    const other = createModel("efficientnet_b1");
    const load = () => loadPretrained(other, other.build(size).graph, tensors);
    expect(load).toThrow(
      /Missing: blocks\.0\.1\.conv_dw\.weight, .*\.se\.conv_reduce\.weight and 122 more\./,
    );
  });
});

describe("the first convolution", () => {
  const shape = [2, 3, 1, 2];
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

  it("is summed up for one channel", () => {
    expect(adaptFirstConv({ shape, data }, 1)).toEqual({
      shape: [2, 1, 1, 2],
      data: Float32Array.of(9, 12, 27, 30),
    });
  });

  it("is repeated and scaled for others", () => {
    expect(adaptFirstConv({ shape, data }, 2)).toEqual({
      shape: [2, 2, 1, 2],
      data: Float32Array.of(1.5, 3, 4.5, 6, 10.5, 12, 13.5, 15),
    });
    expect(adaptFirstConv({ shape, data }, 6).data.subarray(0, 12)).toEqual(
      Float32Array.of(0.5, 1, 1.5, 2, 2.5, 3, 0.5, 1, 1.5, 2, 2.5, 3),
    );
    expect(adaptFirstConv({ shape: [1, 1, 1, 1], data: Float32Array.of(4) }, 2).data).toEqual(
      Float32Array.of(2, 2),
    );
    expect(adaptFirstConv({ shape, data }, 3)).toEqual({ shape, data });
  });
});
