/** Trains EfficientNet-B0 on made-up cadences until the loss falls, saves and exports it, and scores with ONNX Runtime. */
import * as lodestone from "lodestone";

const shape = { batch: 8, height: 96, width: 64 };
const model = lodestone.createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
const { graph, logits } = model.build(shape);
const loss = lodestone.ops.bceWithLogits(logits, lodestone.ops.input(graph, "targets", logits.shape));

/** Noise in six panels; in every second cadence a line drifts through the ON panels: the first, third and fifth. */
function madeUpCadences() {
  const { batch, height, width } = shape;
  const image = Float32Array.from({ length: batch * 6 * height * width }, () => Math.random() - 0.5);
  for (let cadence = 1; cadence < batch; cadence += 2) {
    const [start, slope] = [Math.random(), (Math.random() - 0.5) / 300];
    for (let row = 0; row < 6 * height; row++) {
      const column = Math.floor((start + 10 + slope * row) * width) % width;
      if (Math.floor(row / height) % 2 === 0) image[(cadence * 6 * height + row) * width + column]! += 2;
    }
  }
  return { image, targets: Float32Array.from({ length: batch }, (_, cadence) => cadence % 2) };
}

const engine = await lodestone.createEngine();
const weights = lodestone.initWeights(graph, 1);
const schedule = lodestone.cosineSchedule({ learningRate: 1e-3, totalSteps: 100 });
const trainer = lodestone.createTrainer({ graph, logits, loss }, engine, { weights, schedule });
while (trainer.batches < 100) {
  const report = await trainer.step(madeUpCadences());
  if (trainer.batches % 10 === 0) console.log(`step ${trainer.batches}: loss ${report.loss.toFixed(4)}`);
}
const trained = await trainer.weights();
await engine.close();
await lodestone.writeSafetensors("b0.safetensors", lodestone.checkpointTensors(graph, trained));
const metadata = { modelName: model.name, lodestoneVersion: "0.1.0" };
await lodestone.writeOnnx("b0.onnx", { output: logits, weights: trained, metadata });

const { image, targets } = madeUpCadences();
const { data } = await lodestone.scoreOnnx("b0.onnx", image);
for (const [i, target] of targets.entries()) console.log(`target ${target}: logit ${data[i]!.toFixed(2)}`);
