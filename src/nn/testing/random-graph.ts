/** Small networks drawn at random: any op may read any value before it. */

import * as fc from "fast-check";
import type { TrainingParts } from "../compile/training.ts";
import { createGraph } from "../graph.ts";
import { convLayer, normLayer, squeezeExcite } from "../layers.ts";
import type { Value } from "../op.ts";
import { relu, sigmoid, silu } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { avgPool } from "../ops/avg-pool.ts";
import { concat } from "../ops/concat.ts";
import { convTranspose2d } from "../ops/conv-transpose2d.ts";
import { dropPath } from "../ops/drop-path.ts";
import { dropout } from "../ops/dropout.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { maxPool } from "../ops/max-pool.ts";
import { mse } from "../ops/mse.ts";
import { multiply } from "../ops/multiply.ts";
import { flatten, reshape } from "../ops/reshape.ts";
import { learned, mixed } from "./small-networks.ts";

const nat = fc.nat(1000);

/** What `randomGraph` builds of. */
export const graphChoices = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }), size(), size()),
  steps: fc.array(fc.record({ op: nat, a: nat, b: nat, k: nat }), { minLength: 3, maxLength: 14 }),
});

export type GraphChoices = typeof graphChoices extends fc.Arbitrary<infer T> ? T : never;

interface Step {
  /** Makes the weights' names differ. */
  readonly name: string;
  readonly a: Value;
  /** Any other value. */
  readonly b: Value;
  /** A value of a's shape: b, or what a convolution makes of one of a's height and width. */
  readonly like: Value;
  readonly k: number;
}

const ops: readonly ((step: Step) => Value)[] = [
  ({ a, name, k }) => mixed(a, name, 1 + (k % 5)),
  ({ a, name, k }) => convLayer(a, name, 1 + (k % 6), { kernel: 3, stride: 1 + (k % 2) }),
  ({ a, name }) => convLayer(a, name, a.shape[1]!, { kernel: 3, groups: a.shape[1]! }),
  ({ a, name }) => normLayer(a, name),
  ({ a, name }) => normLayer(convLayer(a, `${name}.conv`, a.shape[1]!, { kernel: 3 }), name),
  ({ a, name }) => silu(normLayer(mixed(a, `${name}.conv`), name)),
  ({ a }) => relu(a),
  ({ a }) => silu(a),
  ({ a }) => sigmoid(a),
  ({ a, like }) => add(a, like),
  ({ a, like }) => add(like, a),
  ({ a, like }) => multiply(a, like),
  ({ a, b, name }) => multiply(a, sigmoid(mixed(globalAvgPool(b), name, a.shape[1]!))),
  ({ a, name }) => squeezeExcite(a, name, 2),
  ({ a, like }) => concat([a, like]),
  ({ a }) => maxPool(a, { kernel: 3, stride: 1, padding: 1 }),
  ({ a }) => avgPool(a, { kernel: [2, 3], stride: 1, padding: 1 }),
  ({ a, k }) => dropPath(k % 2 ? a : silu(a), 0),
  ({ a }) => dropout(a, 0),
  ({ a }) => reshape(a, [a.shape[3]!, a.shape[1]!, a.shape[2]!]),
  ({ a, name }) =>
    convTranspose2d(a, learned(a, `${name}.weight`, [a.shape[1]!, 3, 2, 2]), {
      bias: learned(a, `${name}.bias`, [3]),
      padding: a.shape[2]! > 1 && a.shape[3]! > 1 ? 1 : 0,
    }),
];

/** Values that nothing reads are averaged, and a linear layer makes two numbers of them all. `scoped`: each step is a block of its own. */
export function randomGraph({ shape, steps }: GraphChoices, { scoped = false } = {}): TrainingParts {
  const graph = createGraph();
  const image = input(graph, "image", shape);
  const made: Value[] = [image, mixed(image, "first")];
  steps.forEach(({ op, a, b, k }, i) => {
    const build = () => made.push(stepOf(made, { op, a, b, k }, `step${i}`));
    if (scoped) graph.scope(`step${i}`, build);
    else build();
  });
  const read = new Set(graph.values.flatMap(({ inputs }) => inputs));
  const ends = made.filter((value) => value !== image && !read.has(value));
  const logits = mixed(concat(ends.map((value) => flatten(globalAvgPool(value)))), "fc", 2);
  return { graph, logits, loss: mse(logits, input(graph, "targets", logits.shape)) };
}

function stepOf(made: readonly Value[], { op, a, b, k }: GraphChoices["steps"][number], name: string): Value {
  // Often the newest value, so that long chains are drawn too.
  const first = k % 3 ? made.at(-1)! : made[a % made.length]!;
  const [, c, h, w] = first.shape;
  const fitting = made.filter(({ shape }) => shape[2] === h && shape[3] === w);
  const other = fitting[b % fitting.length]!;
  const step: Step = {
    name,
    a: first,
    b: made[b % made.length]!,
    get like() {
      return other.shape[1] === c ? other : mixed(other, `${name}.like`, c);
    },
    k,
  };
  const norms = op % ops.length >= 3 && op % ops.length <= 5;
  // A batch norm over a few numbers is no function that finite differences or float32 get right.
  if (norms && first.shape[0]! * h! * w! < 12) return silu(first);
  return ops[op % ops.length]!(step);
}

function size() {
  return fc.integer({ min: 2, max: 6 });
}
