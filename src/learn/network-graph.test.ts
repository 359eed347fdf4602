import { describe, expect, it } from "vitest";
import { createGraph } from "../nn/graph.ts";
import { convLayer, normSilu } from "../nn/layers.ts";
import { createModel } from "../nn/models/model.ts";
import { add } from "../nn/ops/add.ts";
import { input } from "../nn/ops/input.ts";
import { networkNodes } from "./network-graph.ts";

function block() {
  const graph = createGraph();
  const x = input(graph, "image", [2, 3, 8, 8]);
  const y = graph.scope("blocks.0", () => {
    const inner = normSilu(convLayer(x, "blocks.0.conv", 3, { kernel: 3 }), "blocks.0.bn");
    return add(add(inner, x), x);
  });
  convLayer(y, "unread", 5);
  return networkNodes(y);
}

describe("the nodes of a network", () => {
  it("stand in boxes as the weights' names and the scopes say", () => {
    expect(block().map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ["image"],
      ["blocks/0/conv/weight"],
      ["blocks/0/conv/conv2d", "image", "blocks/0/conv/weight"],
      ["blocks/0/bn/weight"],
      ["blocks/0/bn/bias"],
      ["blocks/0/bn/running_mean"],
      ["blocks/0/bn/running_var"],
      [
        "blocks/0/bn/batchNorm",
        "blocks/0/conv/conv2d",
        ...block()
          .slice(3, 7)
          .map(({ name }) => name),
      ],
      ["blocks/0/silu", "blocks/0/bn/batchNorm"],
      ["blocks/0/add", "blocks/0/silu", "image"],
      ["blocks/0/add_1", "blocks/0/add", "image"],
    ]);
  });

  it("tell shapes and attributes, and mark weights as constants", () => {
    const nodes = new Map(block().map((node) => [node.name, node]));
    expect(nodes.get("blocks/0/conv/conv2d")).toMatchObject({
      op: "conv2d",
      attributes: { stride: [1, 1], padding: [1, 1], groups: 1 },
      shape: [2, 3, 8, 8],
    });
    expect(nodes.get("blocks/0/conv/weight")).toMatchObject({
      op: "Const",
      attributes: { trainable: true, decay: true },
      shape: [3, 3, 3, 3],
    });
    expect(nodes.get("blocks/0/bn/running_var")!.attributes).toEqual({ trainable: false, decay: false });
  });

  it("of an EfficientNet have names of their own, which TensorFlow allows, and read only nodes before them", () => {
    const model = createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
    const { logits, graph } = model.build({ batch: 2, height: 64, width: 64 });
    const nodes = networkNodes(logits);
    const seen = new Set<string>();
    for (const { name, inputs } of nodes) {
      expect(name).toMatch(/^[A-Za-z0-9.][\w.\-/]*$/);
      expect(seen.has(name)).toBe(false);
      for (const input of inputs) expect(seen.has(input)).toBe(true);
      seen.add(name);
    }
    expect(nodes.filter(({ op }) => op === "Const")).toHaveLength(graph.weights.size);
    const inside = (box: string) => [...seen].filter((name) => name.startsWith(`${box}/`));
    expect(inside("blocks/6/0/se").filter((name) => !/weight|bias/.test(name))).toEqual([
      "blocks/6/0/se/conv_reduce/conv2d",
      "blocks/6/0/se/silu",
      "blocks/6/0/se/conv_expand/conv2d",
      "blocks/6/0/se/sigmoid",
    ]);
    expect(seen.has("blocks/6/0/globalAvgPool")).toBe(true);
    expect(seen.has("blocks/6/0/multiply")).toBe(true);
    expect(new Set(nodes.map(({ name }) => name.split("/")[0]))).toEqual(
      new Set([
        "image",
        "stem",
        "conv_stem",
        "bn1",
        "silu",
        "blocks",
        "conv_head",
        "bn2",
        "silu_1",
        "globalAvgPool",
        "reshape",
        "dropout",
        "classifier",
      ]),
    );
  });
});
