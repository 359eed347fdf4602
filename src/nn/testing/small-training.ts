/** A small network that can be trained in milliseconds, for tests of the trainer. */

import type { TrainingParts } from "../compile/training.ts";
import type { Engine } from "../engines/engine.ts";
import { convLayer, linearLayer, normSilu } from "../layers.ts";
import { silu } from "../ops/activation.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { flatten } from "../ops/reshape.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "../trainer.ts";
import { randomInputs } from "./check-graph.ts";
import { goldenWeights } from "./golden-graph.ts";
import { imageOf } from "./small-networks.ts";

/** Two convolutions and a linear layer over [n, 3, 6, 5]; with batch norm or without. Targets are [n, 2]. */
export function smallNetwork(n: number, { norm = true } = {}): TrainingParts {
  const x = imageOf([n, 3, 6, 5]);
  const first = convLayer(x, "conv1", 6, { kernel: 3, bias: !norm });
  const second = convLayer(norm ? normSilu(first, "bn1") : silu(first), "conv2", 4, { kernel: 3, stride: 2 });
  const logits = linearLayer(flatten(globalAvgPool(silu(second))), "fc", 2);
  return { graph: x.graph, logits, loss: bceWithLogits(logits, input(x.graph, "targets", [n, 2])) };
}

/** With the golden weights, unless told otherwise. */
export function smallTrainer(
  engine: Engine,
  parts: TrainingParts,
  options: Partial<TrainerOptions> = {},
): Trainer {
  return createTrainer(parts, engine, { weights: goldenWeights(parts.graph), ...options });
}

export function smallBatch(n: number, seed: number): Record<string, Float32Array> {
  return randomInputs(smallNetwork(n).graph, seed);
}
