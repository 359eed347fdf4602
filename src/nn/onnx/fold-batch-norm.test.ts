import { expect, test } from "vitest";
import type { OnnxAttribute } from "../op.ts";
import { goldenParameter } from "../testing/golden-weights.ts";
import { seeded, values } from "../testing/rows.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { dropUnusedConstants, type OnnxGraph } from "./onnx-graph.ts";
import { encodeOnnx } from "./protobuf.ts";
import { scoreOnnx } from "./session.node.ts";

const constant = (name: string, ...shape: number[]) =>
  [name, { shape, data: goldenParameter(name, shape) }] as const;

/** A norm of 6 channels after one other node, made by hand. */
function normAfter(operator: string, inputs: string[], attributes: Record<string, OnnxAttribute>): OnnxGraph {
  const norm = ["y", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"];
  const [h, w] = operator === "Conv" ? [3, 5] : [9, 7];
  return dropUnusedConstants({
    nodes: [
      { operator, name: "first", inputs: ["image", ...inputs], outputs: ["y"], attributes },
      {
        operator: "BatchNormalization",
        name: "norm",
        inputs: norm,
        outputs: ["logits"],
        attributes: { epsilon: { float: 1e-2 } },
      },
    ],
    constants: new Map([
      ...norm.slice(1).map((name) => constant(name, 6)),
      constant("conv.weight", 6, 2, 3, 2),
      constant("up.weight", 4, 3, 3, 2),
      constant("conv.bias", 6),
    ]),
    input: { name: "image", shape: [1, 4, 5, 6] },
    output: { name: "logits", shape: [1, 6, h!, w!] },
  });
}

const encode = (graph: OnnxGraph) =>
  encodeOnnx(graph, { name: "", producerVersion: "", metadata: new Map() });
const window = { strides: [2, 1], pads: [1, 0, 1, 0], group: 2 };

test.each([
  ["Conv", ["conv.weight"]],
  ["Conv", ["conv.weight", "conv.bias"]],
  ["ConvTranspose", ["up.weight"]],
  ["ConvTranspose", ["up.weight", "conv.bias"]],
])("%s with %j gives what the two nodes gave", async (operator, inputs) => {
  const graph = normAfter(operator, inputs, window);
  const folded = foldBatchNorm(graph);
  expect(folded.nodes.map((node) => [node.operator, node.outputs])).toEqual([[operator, ["logits"]]]);
  expect([...folded.constants.keys()].sort()).toEqual([...folded.nodes[0]!.inputs].slice(1).sort());
  const images = values(seeded(1), 2 * 120);
  const [before, after] = [await scoreOnnx(encode(graph), images), await scoreOnnx(encode(folded), images)];
  expect(after.shape).toEqual(before.shape);
  after.data.forEach((value, i) => {
    expect(Math.abs(value - before.data[i]!)).toBeLessThan(1e-5);
  });
});

test("a norm after anything else stays", () => {
  const graph = normAfter("Relu", [], {});
  expect(foldBatchNorm(graph).nodes).toEqual(graph.nodes);
});
