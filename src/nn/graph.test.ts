import { expect, test } from "vitest";
import { createGraph, describe as nameOf } from "./graph.ts";
import { relu } from "./ops/activation.ts";
import { add } from "./ops/add.ts";
import { conv2d } from "./ops/conv2d.ts";
import { input } from "./ops/input.ts";
import { buffer, parameter } from "./ops/weight.ts";

const zero = { kind: "constant", value: 0 } as const;

test("a graph holds its values in order, and its weights by name", () => {
  const graph = createGraph();
  const x = input(graph, "x", [1, 2, 3, 3]);
  const weight = parameter(graph, "conv.weight", [4, 2, 3, 3], { init: zero, decay: true });
  const y = relu(conv2d(x, weight, { padding: 1 }));
  buffer(graph, "conv.count", [1], 7);
  expect(y.shape).toEqual([1, 4, 3, 3]);
  expect(graph.values.map(({ op }) => op.name)).toEqual(["input", "weight", "conv2d", "relu", "weight"]);
  expect(graph.values.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect([...graph.weights.keys()]).toEqual(["conv.weight", "conv.count"]);
  expect(graph.weights.get("conv.count")).toMatchObject({
    trainable: false,
    decay: false,
    init: { value: 7 },
  });
});

test("two weights of one name are refused", () => {
  const graph = createGraph();
  buffer(graph, "w", [1], 0);
  expect(() => buffer(graph, "w", [2], 0)).toThrow("The network has two tensors named w.");
});

test("values know the scope that they were made in, and errors tell it", () => {
  const graph = createGraph();
  const x = input(graph, "x", [1, 2]);
  const y = graph.scope("outer", () => {
    const inner = graph.scope("outer.inner", () => relu(x));
    expect(inner.scope).toBe("outer.inner");
    return add(inner, x);
  });
  expect(nameOf(y)).toBe("add in outer");
  const wrong = () => graph.scope("block", () => add(x, input(graph, "other", [2, 2])));
  expect(wrong).toThrow("add in block: both inputs need one shape. The inputs' shapes are [1, 2], [2, 2].");
  expect(relu(x).scope).toBe("");
});
