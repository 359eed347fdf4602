import { expect, test } from "vitest";
import { createGraph } from "../graph.ts";
import type { Graph, Value } from "../op.ts";
import { avgPool } from "../ops/avg-pool.ts";
import { concat } from "../ops/concat.ts";
import { convTranspose2d } from "../ops/conv-transpose2d.ts";
import { dropPath } from "../ops/drop-path.ts";
import { dropout } from "../ops/dropout.ts";
import { gemPool } from "../ops/gem-pool.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { maxPool } from "../ops/max-pool.ts";
import { multiply } from "../ops/multiply.ts";
import { flatten, reshape } from "../ops/reshape.ts";
import { parameter } from "../ops/weight.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { runReference } from "../testing/reference.ts";
import { seeded, values } from "../testing/rows.ts";
import { exportOnnx } from "./export.ts";
import { openOnnx } from "./session.node.ts";

const zero = { kind: "constant", value: 0 } as const;
const weight = (graph: Graph, name: string, shape: number[]) =>
  parameter(graph, name, shape, { init: zero, decay: true });

const ops: Record<string, (x: Value) => Value> = {
  maxPool: (x) => maxPool(x, { kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
  "avgPool with its padding": (x) => avgPool(x, { kernel: 3, stride: 2, padding: 1 }),
  "avgPool without its padding": (x) =>
    avgPool(x, { kernel: [2, 3], padding: [1, 1], countIncludePad: false }),
  gemPool: (x) => gemPool(x, weight(x.graph, "p", [1])),
  concat: (x) => concat([x, maxPool(x, { kernel: 1 }), x]),
  "multiply in one shape": (x) => multiply(x, x),
  reshape: (x) => reshape(x, [2, 14, 9]),
  convTranspose2d: (x) =>
    convTranspose2d(x, weight(x.graph, "up.weight", [4, 3, 3, 2]), {
      bias: weight(x.graph, "up.bias", [6]),
      stride: [2, 3],
      padding: [1, 0],
      outputPadding: [1, 0],
      dilation: [1, 2],
      groups: 2,
    }),
  "dropout and drop path": (x) => dropPath(dropout(x, 0.5), 0.5),
  "flatten and linear": (x) => linear(flatten(x), weight(x.graph, "fc.weight", [3, 252])),
};

test.each(Object.entries(ops))("%s", async (_, op) => {
  const build = (batch: number) => {
    const graph = createGraph();
    return { graph, y: op(input(graph, "image", [batch, 4, 7, 9])) };
  };
  const one = build(1);
  const weights = goldenWeights(one.graph);
  if (weights.has("p")) weights.set("p", Float32Array.of(2.5));
  const session = await openOnnx(
    exportOnnx({ output: one.y, weights, metadata: { modelName: "op", lodestoneVersion: "0" } }),
  );
  for (const batch of [1, 3]) {
    const { graph, y } = build(batch);
    const images = values(seeded(batch), batch * 252);
    const { data, shape } = await session.score(images);
    const expected = runReference(graph, { weights, inputs: { image: images } }).of(y);
    expect(shape).toEqual(y.shape);
    expected.forEach((value, i) => {
      expect(Math.abs(data[i]! - value)).toBeLessThan(1e-5);
    });
  }
  await session.close();
});
