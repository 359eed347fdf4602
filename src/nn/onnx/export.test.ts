import * as web from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import { createGraph } from "../graph.ts";
import type { Graph, Value } from "../op.ts";
import { relu, sigmoid, silu } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { batchNorm } from "../ops/batch-norm.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { conv2d } from "../ops/conv2d.ts";
import { dropPath } from "../ops/drop-path.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { multiply } from "../ops/multiply.ts";
import { flatten } from "../ops/reshape.ts";
import { buffer, parameter } from "../ops/weight.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { runReference } from "../testing/reference.ts";
import { seeded, values } from "../testing/rows.ts";
import { exportOnnx } from "./export.ts";
import { decodeOnnx } from "./protobuf.ts";
import { describeOnnx } from "./read.ts";
import { scoreOnnx } from "./session.node.ts";
import { openOnnxSession } from "./session.ts";

const zero = { kind: "constant", value: 0 } as const;
const metadata = { modelName: "test", lodestoneVersion: "1.2.3" };

const weight = (graph: Graph, name: string, shape: number[]) =>
  parameter(graph, name, shape, { init: zero, decay: true });

function norm(x: Value, name: string): Value {
  const { graph, shape } = x;
  const c = [shape[1]!];
  return batchNorm(
    x,
    {
      weight: weight(graph, `${name}.weight`, c),
      bias: weight(graph, `${name}.bias`, c),
      runningMean: buffer(graph, `${name}.running_mean`, c, 0),
      runningVar: buffer(graph, `${name}.running_var`, c, 1),
    },
    { eps: 1e-3 },
  );
}

/** One block of each kind that an EfficientNet has, in small. */
function blockNet(batch: number) {
  const graph = createGraph();
  const image = input(graph, "image", [batch, 3, 9, 7]);
  const stem = conv2d(image, weight(graph, "conv_stem.weight", [6, 3, 3, 3]), { stride: 2, padding: 1 });
  let x = silu(norm(stem, "bn1"));
  graph.scope("blocks.0", () => {
    const y = silu(
      norm(conv2d(x, weight(graph, "conv_dw.weight", [6, 1, 5, 5]), { padding: 2, groups: 6 }), "bn2"),
    );
    const reduced = conv2d(globalAvgPool(y), weight(graph, "se.reduce.weight", [2, 6, 1, 1]), {
      bias: weight(graph, "se.reduce.bias", [2]),
    });
    const gate = conv2d(silu(reduced), weight(graph, "se.expand.weight", [6, 2, 1, 1]), {
      bias: weight(graph, "se.expand.bias", [6]),
    });
    const gated = multiply(y, sigmoid(gate));
    x = add(dropPath(norm(conv2d(gated, weight(graph, "conv_pwl.weight", [6, 6, 1, 1])), "bn3"), 0.3), x);
  });
  const pooled = flatten(globalAvgPool(relu(norm(x, "bn4"))));
  const logits = linear(
    pooled,
    weight(graph, "classifier.weight", [5, 6]),
    weight(graph, "classifier.bias", [5]),
  );
  return { graph, logits };
}

function expectClose(actual: ArrayLike<number>, expected: Float64Array, tolerance = 2e-6): void {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  expect(worst / size).toBeLessThan(tolerance);
}

describe("a small network", () => {
  const { graph, logits } = blockNet(1);
  const weights = goldenWeights(graph);
  const bytes = exportOnnx({
    output: logits,
    weights,
    metadata: { ...metadata, classNames: ["a", "b", "c", "d", "e"], preprocessing: { kind: "standardise" } },
  });

  const scored = [1, 3].map((batch) => {
    const { graph, logits } = blockNet(batch);
    const images = values(seeded(batch), batch * 3 * 9 * 7);
    return {
      batch,
      images,
      expected: runReference(graph, { weights, inputs: { image: images } }).of(logits),
    };
  });

  test.each(scored)(
    "gives the reference's logits in Node, batch $batch",
    async ({ batch, images, expected }) => {
      const { data, shape } = await scoreOnnx(bytes, images);
      expect(shape).toEqual([batch, 5]);
      expectClose(data, expected);
    },
  );

  test("gives them on the browser's runtime too", async () => {
    web.env.wasm.numThreads = 1;
    const session = await openOnnxSession(web, bytes);
    for (const { images, expected } of scored) expectClose((await session.score(images)).data, expected);
    await session.close();
  });

  test("says what it is", () => {
    expect(describeOnnx(bytes)).toEqual({
      input: { name: "image", shape: ["batch", 3, 9, 7] },
      output: { name: "logits", shape: ["batch", 5] },
      modelName: "test",
      preprocessing: { kind: "standardise" },
      classNames: ["a", "b", "c", "d", "e"],
      lodestoneVersion: "1.2.3",
      properties: new Map([
        ["model_name", "test"],
        ["input_shape", "[3,9,7]"],
        ["preprocessing", '{"kind":"standardise"}'],
        ["class_names", '["a","b","c","d","e"]'],
        ["lodestone_version", "1.2.3"],
      ]),
    });
  });

  test("holds folded weights and a shape alone, but for the norm that follows no convolution", () => {
    const { graph: model, producerName, producerVersion } = decodeOnnx(bytes, "");
    expect([producerName, producerVersion]).toEqual(["lodestone", "1.2.3"]);
    const operators = model!.node.map(({ opType }) => opType).join(" ");
    expect(operators.match(/BatchNormalization/g)).toHaveLength(1);
    expect(operators.match(/Conv/g)).toHaveLength(5);
    const names = model!.initializer.map(({ name }) => name).sort();
    expect(names).toEqual([
      ...[
        "bn4.bias",
        "bn4.running_mean",
        "bn4.running_var",
        "bn4.weight",
        "classifier.bias",
        "classifier.weight",
      ],
      ...[
        "conv_dw.bias",
        "conv_dw.weight",
        "conv_pwl.bias",
        "conv_pwl.weight",
        "conv_stem.bias",
        "conv_stem.weight",
      ],
      ...["se.expand.bias", "se.expand.weight", "se.reduce.bias", "se.reduce.weight", "shape"],
    ]);
    const node = model!.node.find(({ name }) => name === "conv_pwl")!;
    expect(node.input.slice(1)).toEqual(["conv_pwl.weight", "conv_pwl.bias"]);
    expect(new Set(model!.node.map(({ name }) => name)).size).toBe(model!.node.length);
  });

  test("is folded in float64 and rounded once", () => {
    const { graph: model } = decodeOnnx(bytes, "");
    const stem = model!.initializer.find(({ name }) => name === "conv_stem.weight")!;
    const folded = new Float32Array(stem.rawData!.slice().buffer);
    const of = (name: string) => weights.get(name)!;
    folded.forEach((value, i) => {
      const channel = Math.floor(i / 27);
      const scale = of("bn1.weight")[channel]! / Math.sqrt(of("bn1.running_var")[channel]! + 1e-3);
      expect(value).toBe(Math.fround(of("conv_stem.weight")[i]! * scale));
    });
  });
});

describe("convolutions", () => {
  const cases = [
    { c: 4, k: 6, kernel: [3, 2], options: { stride: [2, 1], padding: [2, 1], dilation: [1, 2], groups: 2 } },
    { c: 5, k: 5, kernel: [1, 3], options: { padding: [0, 2], groups: 5, stride: [1, 3] } },
    { c: 1, k: 7, kernel: [5, 5], options: { padding: 5 } },
    { c: 8, k: 3, kernel: [1, 1], options: {} },
  ] as const;

  test.each(cases)("$c to $k channels, kernel $kernel, $options", async ({ c, k, kernel, options }) => {
    const graph = createGraph();
    const image = input(graph, "image", [2, c, 8, 11]);
    const groups = "groups" in options ? options.groups : 1;
    const w = weight(graph, "conv.weight", [k, c / groups, ...kernel]);
    const y = norm(conv2d(image, w, { ...options, bias: weight(graph, "conv.bias", [k]) }), "bn");
    const weights = goldenWeights(graph);
    const images = values(seeded(k), 2 * c * 88);
    const { data } = await scoreOnnx(exportOnnx({ output: y, weights, metadata }), images);
    expectClose(data, runReference(graph, { weights, inputs: { image: images } }).of(y));
  });

  test("keep what is read elsewhere: an output before the norm, a weight used twice", async () => {
    const graph = createGraph();
    const image = input(graph, "image", [1, 3, 5, 5]);
    const w = weight(graph, "shared.weight", [3, 3, 3, 3]);
    const first = conv2d(image, w, { padding: 1 });
    const second = conv2d(norm(first, "bn1"), w, { padding: 1 });
    const y = add(first, norm(second, "bn2"));
    const weights = goldenWeights(graph);
    const images = values(seeded(1), 75);
    const bytes = exportOnnx({ output: y, weights, metadata });
    const { data } = await scoreOnnx(bytes, images);
    expectClose(data, runReference(graph, { weights, inputs: { image: images } }).of(y));
    const names = decodeOnnx(bytes, "").graph!.initializer.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("bn1")).sort()).toEqual([
      "shared.bias",
      "shared.weight",
      "shared.weight.folded1",
    ]);
  });
});

test("an output that no node makes is copied", async () => {
  const graph = createGraph();
  const y = dropPath(input(graph, "image", [1, 2]), 0.5);
  const { data } = await scoreOnnx(
    exportOnnx({ output: y, weights: new Map(), metadata }),
    Float32Array.of(1, 2, 3, 4),
  );
  expect([...data]).toEqual([1, 2, 3, 4]);
});

describe("refusals", () => {
  test("every weight that is missing, misshapen or not finite is named", () => {
    const { graph, logits } = blockNet(1);
    const weights = goldenWeights(graph);
    weights.delete("bn1.bias");
    weights.set("bn2.running_mean", new Float32Array(7));
    weights.get("classifier.weight")![12] = Number.NaN;
    expect(() => exportOnnx({ output: logits, weights, metadata })).toThrow(
      "These weights can't be exported: bn1.bias is missing; bn2.running_mean has 7 numbers, and its shape [6] needs 6; classifier.weight holds NaN at 12.",
    );
  });

  test("a negative variance is named", () => {
    const { graph, logits } = blockNet(1);
    const weights = goldenWeights(graph);
    weights.get("bn3.running_var")![4] = -1;
    expect(() => exportOnnx({ output: logits, weights, metadata })).toThrow(
      "bn3.running_var is -1 for channel 4",
    );
  });

  test("a loss", () => {
    const { graph, logits } = blockNet(1);
    const loss = bceWithLogits(logits, input(graph, "targets", [1, 5]));
    expect(() => exportOnnx({ output: loss, weights: goldenWeights(graph), metadata })).toThrow(
      "An exported network has one input; this output needs image, targets. Export the logits, not the loss.",
    );
    const alone = bceWithLogits(logits, logits);
    expect(() => exportOnnx({ output: alone, weights: goldenWeights(graph), metadata })).toThrow(
      "bceWithLogits has no form in ONNX.",
    );
  });
});
