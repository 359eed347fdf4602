import { describe, expect, test } from "vitest";
import { createGraph } from "../graph.ts";
import { relu, silu } from "../ops/activation.ts";
import { batchNorm } from "../ops/batch-norm.ts";
import { conv2d } from "../ops/conv2d.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { multiply } from "../ops/multiply.ts";
import { buffer, parameter } from "../ops/weight.ts";
import { finiteDifferences, runReference } from "./reference.ts";
import { referenceLosses } from "./reference-losses.ts";
import { referenceOps } from "./reference-ops.ts";

const init = { kind: "constant", value: 0 } as const;

describe("by hand", () => {
  test("a convolution with stride, padding and two groups", () => {
    const graph = createGraph();
    const x = input(graph, "image", [1, 2, 2, 3]);
    const weight = parameter(graph, "w", [2, 1, 2, 2], { init, decay: true });
    const bias = parameter(graph, "b", [2], { init, decay: false });
    const y = conv2d(x, weight, { bias, stride: [1, 2], padding: [1, 0], groups: 2 });
    expect(y.shape).toEqual([1, 2, 3, 1]);
    const weights = new Map([
      ["w", [1, 2, 3, 4, 1, 0, 0, -1]],
      ["b", [0, 10]],
    ]);
    const image = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6];
    expect([...runReference(graph, { weights, inputs: { image } }).of(y)]).toEqual([
      3 * 1 + 4 * 2,
      1 * 1 + 2 * 2 + 3 * 4 + 4 * 5,
      1 * 4 + 2 * 5,
      10 - 2,
      10 + 1 - 5,
      10 + 4,
    ]);
  });

  test("batch norm in training, and where its running statistics go", () => {
    const graph = createGraph();
    const x = input(graph, "image", [2, 1, 1, 2]);
    const y = batchNorm(
      x,
      {
        weight: parameter(graph, "weight", [1], { init, decay: false }),
        bias: parameter(graph, "bias", [1], { init, decay: false }),
        runningMean: buffer(graph, "mean", [1], 0),
        runningVar: buffer(graph, "var", [1], 1),
      },
      // So small that 1 + eps is 1.
      { eps: 1e-30, momentum: 0.5 },
    );
    const weights = new Map([
      ["weight", [2]],
      ["bias", [1]],
      ["mean", [4]],
      ["var", [4]],
    ]);
    const inputs = { image: [1, 1, 3, 3] };
    const trained = runReference(graph, { weights, inputs, training: true });
    expect([...trained.of(y)]).toEqual([-1, -1, 3, 3]);
    expect(trained.updated).toEqual(
      new Map([
        ["mean", Float64Array.of(3)],
        ["var", Float64Array.of((4 + 4 / 3) / 2)],
      ]),
    );
    const inferred = runReference(graph, { weights, inputs });
    expect([...inferred.of(y)]).toEqual([-2, -2, 0, 0]);
    expect(inferred.updated.size).toBe(0);
  });

  test("a linear layer's gradients are its input and its weight", () => {
    const graph = createGraph();
    const x = input(graph, "x", [1, 3]);
    const y = linear(x, parameter(graph, "w", [1, 3], { init, decay: true }));
    const run = { weights: new Map([["w", [0.5, -2, 3]]]), inputs: { x: [7, 8, 9] } };
    const close = (numbers: Float64Array, expected: number[]) =>
      numbers.forEach((number, i) => {
        expect(number).toBeCloseTo(expected[i]!, 8);
      });
    close(finiteDifferences(y, run, "w"), [7, 8, 9]);
    close(finiteDifferences(y, run, "x"), [0.5, -2, 3]);
    close(finiteDifferences(y, run, "x", { elements: [2] }), [3]);
  });

  test("squeeze-excite's gate goes over all pixels of its channel", () => {
    const graph = createGraph();
    const x = input(graph, "x", [1, 2, 1, 2]);
    const y = multiply(x, relu(globalAvgPool(x)));
    const { of } = runReference(graph, { weights: new Map(), inputs: { x: [1, 3, -4, -6] }, output: y });
    expect([...of(y)]).toEqual([2, 6, -0, -0]);
    expect(() => of(silu(x))).toThrow("did not compute");
  });
});

describe("ops by name", () => {
  const of = (data: number[], shape: number[]) => ({ data: Float64Array.from(data), shape });
  const run = (
    name: string,
    inputs: ReturnType<typeof of>[],
    attributes: object,
    shape: number[],
    training = false,
  ) => [
    ...{ ...referenceOps, ...referenceLosses }[name]!(inputs, attributes as never, {
      training,
      shape,
      update: () => {},
    }),
  ];
  const window = { kernel: [2, 2], stride: [2, 2], padding: [1, 1] };
  const square = of([1, 2, 3, -4, 5, -6, 7, 8, 9], [1, 1, 3, 3]);

  test("pooling", () => {
    expect(run("maxPool", [square], window, [1, 1, 2, 2])).toEqual([1, 3, 7, 9]);
    expect(run("avgPool", [square], { ...window, countIncludePad: true }, [1, 1, 2, 2])).toEqual([
      1 / 4,
      5 / 4,
      3 / 4,
      16 / 4,
    ]);
    const counted = { ...window, countIncludePad: false };
    expect(run("avgPool", [square], counted, [1, 1, 2, 2])).toEqual([1, 5 / 2, 3 / 2, 16 / 4]);
    const [gem] = run(
      "gemPool",
      [of([1, 2, -3, 3], [1, 1, 2, 2]), of([3], [1])],
      { eps: 1e-6 },
      [1, 1, 1, 1],
    );
    expect(gem).toBeCloseTo((36 / 4) ** (1 / 3), 12);
  });

  test("a transposed convolution is the convolution's adjoint", () => {
    const attributes = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };
    const x = of(
      Array.from({ length: 60 }, (_, i) => Math.sin(i)),
      [1, 4, 5, 3],
    );
    const weight = of(
      Array.from({ length: 72 }, (_, i) => Math.cos(3 * i)),
      [6, 2, 3, 2],
    );
    const g = of(
      Array.from({ length: 90 }, (_, i) => Math.sin(i * i)),
      [1, 6, 3, 5],
    );
    const dot = (a: number[], b: Float64Array) => a.reduce((total, value, i) => total + value * b[i]!, 0);
    const y = run("conv2d", [x, weight], attributes, [1, 6, 3, 5]);
    const back = run("convTranspose2d", [g, weight], attributes, [1, 4, 5, 3]);
    expect(dot(y, g.data)).toBeCloseTo(dot(back, x.data), 10);
  });

  test("concat, and chance", () => {
    const parts = [of([1, 2, 3, 4], [2, 2]), of([5, 6], [2, 1])];
    expect(run("concat", parts, {}, [2, 3])).toEqual([1, 2, 5, 3, 4, 6]);
    expect(run("dropout", [square], { p: 0.5 }, [1, 1, 3, 3])).toEqual([...square.data]);
    expect(() => run("dropPath", [square], { p: 0.5 }, [1, 1, 3, 3], true)).toThrow("p = 0");
  });

  test("losses", () => {
    const logits = of([0, 0], [1, 2]);
    const [ln2] = [Math.log(2)];
    expect(run("bceWithLogits", [logits, of([1, 0], [1, 2])], { optional: [] }, [1])[0]).toBeCloseTo(ln2, 12);
    const weighted = [logits, of([1, 0], [1, 2]), of([3, 1], [2])];
    expect(run("bceWithLogits", weighted, { optional: ["posWeight"] }, [1])[0]).toBeCloseTo(2 * ln2, 12);
    expect(run("bceWithLogits", [of([-800], [1, 1]), of([1], [1, 1])], { optional: [] }, [1])).toEqual([800]);
    const focal = run("focal", [logits, of([1, 0], [1, 2])], { gamma: 2, alpha: 0.25 }, [1]);
    expect(focal[0]).toBeCloseTo(ln2 / 8, 12);
    const two = of([0, Math.log(3)], [1, 2]);
    expect(run("crossEntropy", [two, of([1], [1])], { labelSmoothing: 0 }, [1])[0]).toBeCloseTo(
      Math.log(4 / 3),
      12,
    );
    const smooth = run("crossEntropy", [two, of([1], [1])], { labelSmoothing: 0.2 }, [1])[0];
    expect(smooth).toBeCloseTo(0.9 * Math.log(4 / 3) + 0.1 * Math.log(4), 12);
    expect(run("mse", [of([1, 2], [1, 2]), of([3, 3], [1, 2])], {}, [1])).toEqual([2.5]);
  });
});
