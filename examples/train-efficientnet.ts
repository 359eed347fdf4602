/** Trains EfficientNet-B0 on made-up cadences until the loss has fallen, saves and exports it, and scores with ONNX Runtime. */
import * as lodestone from "lodestone";

const [batch, height, width] = [8, 64, 64];
const model = lodestone.createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
const { graph, logits } = model.build({ batch, height, width });
const loss = lodestone.ops.bceWithLogits(logits, lodestone.ops.input(graph, "targets", logits.shape));
let drawn = 0;
const random = () => (Math.sin(++drawn) * 1e4 + 1e4) % 1;

/** Noise in six panels; in every second cadence a line drifts through the ON panels: the first, third and fifth. */
function madeUpCadences() {
  const image = Float32Array.from({ length: batch * 6 * height * width }, () => random() - 0.5);
  for (let cadence = 1; cadence < batch; cadence += 2) {
    const [start, slope] = [random(), (random() - 0.5) / 300];
    for (let row = 0; row < 6 * height; row++) {
      const column = Math.floor((start + 10 + slope * row) * width) % width;
      if (Math.floor(row / height) % 2 === 0) image[(cadence * 6 * height + row) * width + column]! += 4;
    }
  }
  return { image, targets: Float32Array.from({ length: batch }, (_, cadence) => cadence % 2) };
}

const engine = await lodestone.createEngine();
let weights = lodestone.initWeights(graph, 1);
const trainer = lodestone.createTrainer({ graph, logits, loss }, engine, { weights });
let mean = 0.7;
while (mean > 0.01 && trainer.batches < 300) {
  mean = 0.9 * mean + 0.1 * (await trainer.step(madeUpCadences())).loss;
  if (trainer.batches % 10 === 0) console.log(`step ${trainer.batches}: loss ${mean.toFixed(3)}`);
}
console.log(`The loss ${mean > 0.01 ? "has not fallen" : "has fallen"} to 0.01.`);
weights = await trainer.weights();
await engine.close();
await lodestone.writeSafetensors("b0.safetensors", lodestone.checkpointTensors(graph, weights));
await lodestone.writeOnnx("b0.onnx", { output: logits, weights, metadata: { modelName: model.name } });
const { image, targets } = madeUpCadences();
const { data } = await lodestone.scoreOnnx("b0.onnx", image);
for (const [i, target] of targets.entries()) console.log(`target ${target}: logit ${data[i]!.toFixed(2)}`);
