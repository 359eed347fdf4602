/**
 * A program that trains a small network with the installed package, compiled against its types and run by try-package.ts, without
 * onnxruntime-node and with it.
 */

import {
  createEngine,
  createGraph,
  createTrainer,
  InputError,
  initWeights,
  type OnnxScores,
  ops,
  readSafetensors,
  scoreOnnx,
  writeOnnx,
  writeSafetensors,
} from "lodestone";

const graph = createGraph();
const images = ops.input(graph, "image", [4, 3, 9, 8]);
const init = { kind: "uniform", bound: 0.3 } as const;
const kernel = ops.parameter(graph, "conv.weight", [8, 3, 3, 3], { init, decay: true });
const features = ops.flatten(ops.globalAvgPool(ops.silu(ops.conv2d(images, kernel, { padding: 1 }))));
const logits = ops.linear(features, ops.parameter(graph, "fc.weight", [1, 8], { init, decay: true }));
const loss = ops.bceWithLogits(logits, ops.input(graph, "targets", logits.shape));

const batch = {
  image: Float32Array.from({ length: 4 * 3 * 9 * 8 }, (_, i) => Math.sin(i * i)),
  targets: Float32Array.of(0, 1, 0, 1),
};
const engine = await createEngine({ threads: 2 });
const trainer = createTrainer({ graph, logits, loss }, engine, { weights: initWeights(graph, 1) });
const losses = [(await trainer.step(batch)).loss, (await trainer.step(batch)).loss];
if (!(losses[1]! < losses[0]!)) throw new Error(`the loss does not fall: ${losses.join(", ")}`);
const weights = await trainer.weights();
const expected = await trainer.evaluate(batch);
await engine.close();

const shapes = [...graph.weights].map(
  ([name, { shape }]) => [name, { shape, data: weights.get(name)! }] as const,
);
await writeSafetensors("trained.safetensors", new Map(shapes));
const { tensors } = await readSafetensors("trained.safetensors");
if (tensors.get("fc.weight")?.data[7] !== weights.get("fc.weight")![7])
  throw new Error("weights change on disk");
await writeOnnx("trained.onnx", {
  output: logits,
  weights,
  metadata: { modelName: "small", lodestoneVersion: "0" },
});

const scored = await scoreOnnx("trained.onnx", batch.image).catch((error: unknown) => error);
if (scored instanceof InputError && scored.message.includes("npm install onnxruntime-node")) {
  console.log("Two steps on two threads work, and scoring asks for onnxruntime-node.");
} else {
  if (scored instanceof Error) throw scored;
  const { data } = scored as OnnxScores;
  const worst = Math.max(...expected.map((logit, i) => Math.abs(logit - data[i]!)));
  if (!(worst < 1e-5)) throw new Error(`ONNX Runtime's scores are off by ${worst}`);
  console.log("ONNX Runtime gives the engine's scores.");
}
