/**
 * A training that can be killed: a program that keeps a checkpoint after every step and goes on from it. Prints a line a step, and at
 * the end a digest of the weights.
 *
 *     node killable-training.node.ts CHECKPOINT STEPS
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { checkpointContent, readCheckpoint } from "../checkpoint.ts";
import { createEngine } from "../engines/wasm/engine.node.ts";
import { createModel } from "../models/model.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { input } from "../ops/input.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.node.ts";
import { oneCycleSchedule } from "../schedules.ts";
import { createTrainer } from "../trainer.ts";
import { initWeights } from "../weights.ts";
import { goldenBatch } from "./golden-weights.ts";

const [path = "", steps = "0"] = process.argv.slice(2);
const shape = [2, 3, 33, 31] as const;
const model = createModel("efficientnet", { phi: -6, inChannels: 3, numClasses: 1, dropPath: 0.5 });
const { graph, logits } = model.build({ batch: shape[0], height: shape[2], width: shape[3] });
const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
const engine = await createEngine({ threads: 2 });
const trainer = createTrainer({ graph, logits, loss }, engine, {
  weights: initWeights(graph, 1),
  schedule: oneCycleSchedule({ learningRate: 1e-2, totalSteps: Number(steps) }),
});
if (existsSync(path)) await trainer.restore(readCheckpoint(await readSafetensors(path), path).state);

while (trainer.batches < Number(steps)) {
  const { images, targets } = goldenBatch(trainer.batches, shape);
  await trainer.step({ image: images, targets });
  console.log(`step ${trainer.batches}`);
  const { tensors, metadata } = await checkpointContent(trainer);
  await writeSafetensors(path, tensors, { metadata });
}
const hash = createHash("sha256");
for (const [name, data] of await trainer.weights()) hash.update(name).update(data);
console.log(`weights ${hash.digest("hex")}`);
await engine.close();
