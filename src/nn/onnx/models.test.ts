/** Whole networks in ONNX Runtime against PyTorch's logits, from the golden files. */

import * as web from "onnxruntime-web";
import { expect, test } from "vitest";
import { createEngine } from "../engines/wasm/engine.node.ts";
import golden from "../golden/efficientnet-b0-1000-classes.json" with { type: "json" };
import { createModel } from "../models/model.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { input } from "../ops/input.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { goldenBatch } from "../testing/golden-weights.ts";
import { runReference } from "../testing/reference.ts";
import { createTrainer } from "../trainer.ts";
import { exportOnnx } from "./export.ts";
import { decodeOnnx } from "./protobuf.ts";
import { scoreOnnx } from "./session.node.ts";
import { openOnnxSession } from "./session.ts";

test("EfficientNet-B0, running statistics and all", async () => {
  const [{ model, shape, inferenceLogits }] = golden.cases as [(typeof golden.cases)[number]];
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const { graph, logits } = createModel(model).build({ batch: 1, height, width });
  const metadata = { modelName: model, lodestoneVersion: "0" };
  const bytes = exportOnnx({ output: logits, weights: goldenWeights(graph), metadata });
  expect(decodeOnnx(bytes, "").graph!.node.some(({ opType }) => opType === "BatchNormalization")).toBe(false);

  const { images } = goldenBatch(0, [batch, channels, height, width]);
  web.env.wasm.numThreads = 1;
  const browser = await openOnnxSession(web, bytes);
  for (const { data, shape } of [await scoreOnnx(bytes, images), await browser.score(images)]) {
    expect(shape).toEqual([batch, 1000]);
    const worst = Math.max(...inferenceLogits.map((logit, i) => Math.abs(logit - data[i]!)));
    expect(worst).toBeLessThan(2e-6);
  }
  await browser.close();
});

test.each([
  ["efficientnet_b0", { stem: "tutorial", pool: "gem", dropout: 0.3 }],
  ["resnet18", { stemStride: [1, 2] }],
] as const)(
  "%s with %j, for any batch",
  async (name, options) => {
    const size = { height: 19, width: 17 };
    const model = createModel(name, { inChannels: 6, numClasses: 2, ...options });
    const { graph, logits } = model.build({ batch: 1, ...size });
    const weights = goldenWeights(graph, { statistics: false });
    if (weights.has("global_pool.p")) weights.set("global_pool.p", Float32Array.of(3));
    const bytes = exportOnnx({
      output: logits,
      weights,
      metadata: { modelName: name, lodestoneVersion: "0" },
    });

    const { images } = goldenBatch(0, [2, 6, 19, 17]);
    const two = model.build({ batch: 2, ...size });
    const expected = runReference(two.graph, { weights, inputs: { image: images }, output: two.logits }).of(
      two.logits,
    );
    const { data, shape } = await scoreOnnx(bytes, images);
    expect(shape).toEqual([2, 2]);
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((logit, i) => {
      expect(Math.abs(data[i]! - logit)).toBeLessThan(1e-5 * largest);
    });
  },
  60_000,
);

test("gives the engine's own logits after a few steps of training", async () => {
  const batch = 4;
  const model = createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
  const { graph, logits } = model.build({ batch, height: 65, width: 64 });
  const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
  const engine = await createEngine({ threads: 2 });
  try {
    const weights = goldenWeights(graph, { statistics: false });
    const trainer = createTrainer({ graph, logits, loss }, engine, { weights });
    const shape = [batch, 6, 65, 64] as const;
    for (let step = 0; step < 3; step++) {
      const { images: image, targets } = goldenBatch(step, shape);
      await trainer.step({ image, targets });
    }
    const { images: image, targets } = goldenBatch(9, shape);
    const expected = await trainer.evaluate({ image, targets });
    const trained = await trainer.weights();
    const bytes = exportOnnx({
      output: logits,
      weights: trained,
      metadata: { modelName: "b0", lodestoneVersion: "0" },
    });
    const { data } = await scoreOnnx(bytes, image);
    expect(new Set(expected).size).toBe(batch);
    for (let i = 0; i < batch; i++) expect(Math.abs(data[i]! - expected[i]!)).toBeLessThan(1e-5);
  } finally {
    await engine.close();
  }
});
