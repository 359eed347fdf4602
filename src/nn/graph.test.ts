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

test("values of another graph, and what is no value, are refused", () => {
  const [x, y] = [input(createGraph(), "x", [1, 2]), input(createGraph(), "y", [1, 2])];
  expect(() => add(x, y)).toThrow("add: its input 2 is input y, which belongs to another graph.");
  expect(() => add(x, undefined as unknown as typeof x)).toThrow("add: its input 2 is no value of a graph.");
  expect(() => add(3 as unknown as typeof x, x)).toThrow("add: its input 1 is no value of a graph.");
  expect(() => relu(undefined as unknown as typeof x)).toThrow(
    "relu: none of its inputs is a value of a graph.",
  );
});

test("two inputs of one name are one input, of one shape", () => {
  const graph = createGraph();
  const x = input(graph, "x", [1, 2]);
  expect(add(x, input(graph, "x", [1, 2])).shape).toEqual([1, 2]);
  expect(() => input(graph, "x", [1, 3])).toThrow(
    "The network has an input x of shape [1, 2] already; the one of shape [1, 3] needs another name.",
  );
});
