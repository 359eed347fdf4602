/** Five training steps of a small network with everything that an EfficientNet has: the same in Node and in a browser. */

import type { Engine } from "../engines/engine.ts";
import { createModel } from "../models/model.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { input } from "../ops/input.ts";
import { adamW } from "../optimizers.ts";
import { cosineSchedule } from "../schedules.ts";
import { createTrainer } from "../trainer.ts";
import { initWeights } from "../weights.ts";
import { goldenBatch } from "./golden-weights.ts";

export interface FiveSteps {
  readonly losses: readonly number[];
  /** Scores of the last batch afterwards. */
  readonly logits: readonly number[];
  /** A sum over all weights that any changed bit changes. */
  readonly check: number;
}

export async function fiveSteps(engine: Engine): Promise<FiveSteps> {
  const shape = [4, 6, 65, 64] as const;
  const model = createModel("efficientnet_b0", { inChannels: 6, numClasses: 1, stem: "tutorial" });
  const { graph, logits } = model.build({ batch: shape[0], height: shape[2], width: shape[3] });
  const loss = bceWithLogits(logits, input(graph, "targets", logits.shape));
  const trainer = createTrainer({ graph, logits, loss }, engine, {
    weights: initWeights(graph, 1),
    optimizer: adamW(),
    schedule: cosineSchedule({ learningRate: 1e-3, totalSteps: 5, warmupSteps: 1 }),
    clipNorm: 5,
    emaDecay: 0.9,
    seed: 3,
  });
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    const { images, targets } = goldenBatch(step, shape);
    losses.push((await trainer.step({ image: images, targets })).loss);
  }
  const scores = await trainer.evaluate({ image: goldenBatch(4, shape).images });
  let check = 0;
  for (const weight of (await trainer.weights()).values()) {
    for (const word of new Uint32Array(weight.buffer)) check = (Math.imul(check, 31) + word) | 0;
  }
  return { losses, logits: [...scores], check };
}
