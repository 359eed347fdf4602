/** A number that is none must reach the loss or a gradient, whatever it goes through: only there is it looked for. */

import { expect, test } from "vitest";
import { normLayer, squeezeExcite } from "../layers.ts";
import type { Value } from "../op.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { endIn, imageOf, learned, mixed } from "../testing/small-networks.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer } from "../trainer.ts";
import { relu, sigmoid, silu } from "./activation.ts";
import { avgPool } from "./avg-pool.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { dropout } from "./dropout.ts";
import { gemPool } from "./gem-pool.ts";
import { globalAvgPool } from "./global-avg-pool.ts";
import { maxPool } from "./max-pool.ts";
import { flatten } from "./reshape.ts";

const machines = testMachines();

const ops: Record<string, (x: Value) => Value> = {
  relu,
  sigmoid,
  silu,
  "relu of a sum": (x) => relu(mixed(x, "more")),
  "relu read by a convolution": (x) => mixed(relu(x), "more"),
  "relu read by a depthwise convolution": (x) =>
    conv2d(relu(x), learned(x, "dw", [3, 1, 3, 3]), { groups: 3, padding: 1 }),
  maxPool: (x) => maxPool(relu(x), { kernel: 2 }),
  avgPool: (x) => avgPool(x, { kernel: 2 }),
  globalAvgPool: (x) => globalAvgPool(relu(x)),
  gemPool: (x) => gemPool(x, learned(x, "p", [1])),
  "batch norm": (x) => relu(normLayer(x, "bn")),
  "squeeze-excite": (x) => squeezeExcite(x, "se", 2),
  concat: (x) => concat([x, x]),
  dropout: (x) => dropout(x, 0),
  flatten,
};

test.each([Number.NaN, Number.POSITIVE_INFINITY])("%d is not lost", async (number) => {
  for (const { engine } of machines) {
    for (const [name, op] of Object.entries(ops)) {
      const parts = endIn(op(mixed(imageOf([1, 3, 4, 6]))));
      const count = parts.logits.shape.reduce((product, size) => product * size, 1);
      const weights = goldenWeights(parts.graph);
      const trainer = createTrainer(parts, engine, { weights });
      // All pixels, as dropout and maxima may leave out any one; infinity times weights of both signs.
      const image = new Float32Array(72).fill(number);
      const step = trainer.step({ image, targets: new Float32Array(count) });
      await expect(step, name).rejects.toThrow(/^Step 0: the (loss|gradient's norm) is/);
    }
  }
});
