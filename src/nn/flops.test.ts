import { expect, test } from "vitest";
import { countMultiplyAdds } from "./flops.ts";
import { createGraph } from "./graph.ts";
import * as ops from "./ops/index.ts";

const decay = { init: { kind: "constant", value: 0 }, decay: true } as const;

test("what is learned has a gradient of its own, and what lies above it one of its input", () => {
  const graph = createGraph();
  const x = ops.input(graph, "image", [2, 3, 8, 8]);
  const first = ops.conv2d(x, ops.parameter(graph, "a", [4, 3, 3, 3], decay), { padding: 1 });
  const second = ops.conv2d(ops.relu(first), ops.parameter(graph, "b", [6, 2, 2, 2], decay), {
    stride: 2,
    groups: 2,
  });
  const up = ops.convTranspose2d(second, ops.parameter(graph, "c", [6, 5, 3, 3], decay), { stride: 2 });
  ops.linear(ops.flatten(up), ops.parameter(graph, "d", [7, 5 * 81], decay));
  const forward = [2 * 64 * 4 * 27, 2 * 16 * 6 * 8, 2 * 16 * 6 * 45, 2 * 7 * 405];
  const total = forward.reduce((sum, count) => sum + count);
  expect(countMultiplyAdds(graph)).toEqual({ forward: total, backward: 2 * total - forward[0]! });
});

test("what is not learned has none", () => {
  const graph = createGraph();
  const x = ops.input(graph, "image", [1, 1, 4, 4]);
  const fixed = ops.conv2d(x, ops.buffer(graph, "blur", [1, 1, 3, 3], 1 / 9));
  expect(countMultiplyAdds(graph)).toEqual({ forward: 4 * 9, backward: 0 });
  const learned = ops.conv2d(fixed, ops.parameter(graph, "a", [1, 1, 1, 1], decay));
  ops.conv2d(learned, ops.buffer(graph, "again", [1, 1, 2, 2], 1));
  expect(countMultiplyAdds(graph)).toEqual({ forward: 36 + 4 + 4, backward: 4 + 4 });
});
