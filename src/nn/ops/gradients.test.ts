/** Every op against the float64 reference: its value, and its gradients against finite differences, over shapes drawn from a seed. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TrainingParts } from "../compile/training.ts";
import { createGraph } from "../graph.ts";
import { normLayer } from "../layers.ts";
import type { Shape, Value } from "../op.ts";
import { type CheckOptions, checkGraph, randomInputs } from "../testing/check-graph.ts";
import { seeded } from "../testing/rows.ts";
import { endIn, imageOf, learned, mixed } from "../testing/small-networks.ts";
import { testMachines } from "../testing/test-engines.ts";
import { relu, sigmoid, silu } from "./activation.ts";
import { add } from "./add.ts";
import { avgPool } from "./avg-pool.ts";
import { bceWithLogits } from "./bce-with-logits.ts";
import { concat } from "./concat.ts";
import { convTranspose2d } from "./conv-transpose2d.ts";
import { conv2d } from "./conv2d.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { dropPath } from "./drop-path.ts";
import { dropout } from "./dropout.ts";
import { focal } from "./focal.ts";
import { gemPool } from "./gem-pool.ts";
import { globalAvgPool } from "./global-avg-pool.ts";
import { input } from "./input.ts";
import { linear } from "./linear.ts";
import { maxPool } from "./max-pool.ts";
import { mse } from "./mse.ts";
import { multiply } from "./multiply.ts";
import { flatten, reshape } from "./reshape.ts";
import { sumLosses } from "./sum-losses.ts";

const machines = testMachines();

const image = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 1, max: 9 }),
);
const size = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

/** Checks the networks that `build` makes of the drawn numbers. */
function holds<T>(
  drawn: fc.Arbitrary<T>,
  build: (drawn: T) => TrainingParts,
  { numRuns = 8, ...options }: CheckOptions & { readonly numRuns?: number } = {},
): Promise<void> {
  const property = fc.asyncProperty(drawn, (numbers) => checkGraph(machines, build(numbers), options));
  return fc.assert(property, { seed: 20, numRuns, endOnFailure: false });
}

describe("elementwise", () => {
  test.each([
    { op: "relu", of: relu },
    { op: "silu", of: silu },
    { op: "sigmoid", of: sigmoid },
  ])("$op", ({ of }) => holds(image, (shape) => endIn(of(mixed(imageOf(shape))))));

  test("an activation on an activation", () =>
    holds(image, (shape) => endIn(silu(sigmoid(mixed(imageOf(shape)))))));

  test("add", () =>
    holds(image, (shape) => {
      const x = imageOf(shape);
      return endIn(add(silu(mixed(x, "a")), mixed(x, "b")));
    }));

  test("multiply", () =>
    holds(image, (shape) => {
      const x = imageOf(shape);
      return endIn(multiply(silu(mixed(x, "a")), mixed(x, "b")));
    }));

  test("a value added to and multiplied with itself", () =>
    holds(image, (shape) => {
      const x = mixed(imageOf(shape));
      return endIn(add(multiply(x, x), add(x, x)));
    }));

  test("a gate over all pixels", () =>
    holds(image, (shape) => {
      const x = mixed(imageOf(shape), "x");
      return endIn(multiply(x, sigmoid(mixed(globalAvgPool(x), "gate"))));
    }));

  test("a path that is never dropped", () =>
    holds(image, (shape) => {
      const x = imageOf(shape);
      return endIn(add(dropPath(silu(mixed(x, "a")), 0), mixed(x, "b")));
    }));
});

describe("shapes", () => {
  test("reshape", () =>
    holds(
      image.filter(([, c, h, w]) => c * h * w > 1),
      ([n, c, h, w]) => endIn(reshape(silu(mixed(imageOf([n, c, h, w]))), [w, h, c])),
    ));

  test("flatten", () => holds(image, (shape) => endIn(flatten(mixed(imageOf(shape))))));

  test("from features to an image", () =>
    holds(image, ([n, c, h, w]) => endIn(reshape(mixed(imageOf([n, 5]), "x", c * h * w), [c, h, w]))));

  test("concat", () =>
    holds(fc.tuple(image, size(7)), ([shape, [a, b]]) => {
      const x = imageOf(shape);
      return endIn(concat([mixed(x, "a", a), x, silu(mixed(x, "b", b))]));
    }));

  test("concat of features", () =>
    holds(size(7), ([a, b]) => {
      const x = imageOf([3, 4]);
      return endIn(concat([mixed(x, "a", a), mixed(x, "b", b)]));
    }));
});

describe("pooling", () => {
  const windows = fc
    .record({ shape: image, kernel: size(4), stride: size(3), pad: size(3) })
    .map(({ shape, kernel, stride, pad }) => ({
      shape,
      kernel,
      stride,
      padding: [Math.min(pad[0] - 1, kernel[0] >> 1), Math.min(pad[1] - 1, kernel[1] >> 1)] as const,
    }))
    .filter(({ shape, kernel, padding }) =>
      [0, 1].every((i) => shape[i + 2]! + 2 * padding[i]! >= kernel[i]!),
    );

  test("globalAvgPool", () => holds(image, (shape) => endIn(globalAvgPool(silu(mixed(imageOf(shape)))))));

  test("maxPool", () =>
    holds(windows, ({ shape, ...window }) => endIn(maxPool(mixed(imageOf(shape)), window)), { numRuns: 16 }));

  test("avgPool", () =>
    holds(
      fc.tuple(windows, fc.boolean()),
      ([{ shape, ...window }, countIncludePad]) =>
        endIn(avgPool(silu(mixed(imageOf(shape))), { ...window, countIncludePad })),
      { numRuns: 16 },
    ));

  test.each([1, 2.5, 4])("gemPool with p = %d", (p) =>
    holds(
      image,
      (shape) => {
        const x = mixed(imageOf(shape));
        return endIn(gemPool(sigmoid(x), learned(x, "p", [1])));
      },
      { weights: { p: [p] } },
    ),
  );

  test("gemPool where numbers lie below its floor", () =>
    holds(
      image.filter(([, , h, w]) => h * w > 9),
      (shape) => {
        const x = mixed(imageOf(shape));
        return endIn(gemPool(x, learned(x, "p", [1])));
      },
      { weights: { p: [3] }, numRuns: 4 },
    ));
});

describe("convolutions", () => {
  const convs = fc
    .record({
      shape: image,
      k: fc.integer({ min: 1, max: 10 }),
      kernel: size(5),
      stride: size(3),
      padding: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
      dilation: size(2),
    })
    .filter(({ shape, kernel, padding, dilation }) =>
      [0, 1].every((i) => shape[i + 2]! + 2 * padding[i]! > dilation[i]! * (kernel[i]! - 1)),
    );

  test("conv2d", () =>
    holds(
      convs,
      ({ shape, k, kernel, ...options }) => {
        const x = mixed(imageOf(shape));
        const weight = learned(x, "conv.weight", [k, shape[1], ...kernel]);
        return endIn(conv2d(x, weight, { bias: learned(x, "conv.bias", [k]), ...options }));
      },
      { numRuns: 20 },
    ));

  test("conv2d in groups", () =>
    holds(
      fc.tuple(convs, fc.integer({ min: 2, max: 4 }), size(3), fc.boolean()),
      ([{ shape, kernel, k, ...options }, groups, [cg, kg], wide]) => {
        const [n, , h, w] = shape;
        const times = wide ? 4 : 1;
        const x = silu(mixed(imageOf([n, 3, h, w]), "mix", groups * cg * times));
        const weight = learned(x, "conv.weight", [groups * kg * times, cg * times, ...kernel]);
        return endIn(conv2d(x, weight, { groups, ...options }));
      },
      { numRuns: 16 },
    ));

  test("conv2d, depthwise", () =>
    holds(
      convs.filter(({ shape }) => shape[1] > 1),
      ({ shape, kernel, k, ...options }) => {
        const [, c] = shape;
        const x = silu(mixed(imageOf(shape)));
        const weight = learned(x, "conv.weight", [c, 1, ...kernel]);
        return endIn(conv2d(x, weight, { bias: learned(x, "conv.bias", [c]), groups: c, ...options }));
      },
      { numRuns: 20 },
    ));

  const transposed = fc
    .record({
      shape: image,
      kernel: size(4),
      stride: size(3),
      padding: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      dilation: size(2),
      more: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    })
    .map(({ more, ...rest }) => {
      const most = (i: 0 | 1) => Math.max(rest.stride[i], rest.dilation[i]) - 1;
      return { ...rest, outputPadding: [Math.min(more[0], most(0)), Math.min(more[1], most(1))] as const };
    })
    .filter(({ shape, kernel, stride, padding, dilation, outputPadding }) =>
      ([0, 1] as const).every(
        (i) =>
          (shape[i === 0 ? 2 : 3] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + outputPadding[i] + 1 >
          2 * padding[i],
      ),
    );

  test("convTranspose2d", () =>
    holds(
      fc.tuple(transposed, fc.integer({ min: 1, max: 9 })),
      ([{ shape, kernel, ...options }, k]) => {
        const x = silu(mixed(imageOf(shape)));
        const weight = learned(x, "up.weight", [shape[1], k, ...kernel]);
        return endIn(convTranspose2d(x, weight, { bias: learned(x, "up.bias", [k]), ...options }));
      },
      { numRuns: 20 },
    ));

  test("convTranspose2d in groups, read by a batch norm", () =>
    holds(
      fc
        .tuple(transposed, fc.integer({ min: 2, max: 3 }), size(4))
        .filter(([{ shape }]) => shape[0] * shape[2] * shape[3] >= 6),
      ([{ shape, kernel, padding, ...options }, groups, [cg, kg]]) => {
        const [n, , h, w] = shape;
        const x = mixed(imageOf([n, 2, h, w]), "mix", groups * cg);
        const weight = learned(x, "up.weight", [groups * cg, kg, ...kernel]);
        const bias = learned(x, "up.bias", [groups * kg]);
        return endIn(relu(normLayer(convTranspose2d(x, weight, { bias, groups, ...options }), "bn")));
      },
      { numRuns: 10 },
    ));

  test("linear", () =>
    holds(fc.tuple(size(9), size(9)), ([[n, c], [features]]) =>
      endIn(mixed(silu(mixed(imageOf([n, c]), "first")), "second", features)),
    ));

  test("linear without bias", () =>
    holds(size(9), ([c, features]) => {
      const x = mixed(imageOf([2, c]));
      return endIn(linear(x, learned(x, "weight", [features, c])));
    }));
});

describe("batch norm", () => {
  const enough = image.filter(([n, , h, w]) => n * h * w >= 6);

  test("of a convolution", () => holds(enough, (shape) => endIn(normLayer(mixed(imageOf(shape)), "bn"))));

  test("of the input itself", () => holds(enough, (shape) => endIn(normLayer(imageOf(shape), "bn"))));

  test("of an activation", () =>
    holds(enough, (shape) => endIn(normLayer(silu(mixed(imageOf(shape))), "bn"))));

  test("of a batch norm", () =>
    holds(enough, (shape) => endIn(normLayer(normLayer(mixed(imageOf(shape)), "bn1"), "bn2"))));
});

describe("losses", () => {
  const logits = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 6 }));
  const features = (shape: Shape): Value => mixed(imageOf(shape));

  test("bceWithLogits", () =>
    holds(logits, (shape) => {
      const x = features(shape);
      return { graph: x.graph, logits: x, loss: bceWithLogits(x, input(x.graph, "targets", shape)) };
    }));

  test("bceWithLogits with weights of the positives", () =>
    holds(logits, (shape) => {
      const x = features(shape);
      const weight = input(x.graph, "weight", [1, shape[1]]);
      return { graph: x.graph, logits: x, loss: bceWithLogits(x, input(x.graph, "targets", shape), weight) };
    }));

  /** From 0 to 1, some 0: what weights may be. */
  const weightsOf = (count: number, seed: number) => {
    const random = seeded(seed);
    return Float32Array.from({ length: count }, (_, i) => (i % 3 === 1 ? 0 : 0.1 + random()));
  };

  test.each([false, true])("bceWithLogits with weights of all terms, and of the positives: %s", (both) =>
    fc.assert(
      fc.asyncProperty(logits, async ([n, f]) => {
        const x = features([n, f]);
        const { graph } = x;
        const ofPositives = both ? input(graph, "posWeight", [1, f]) : undefined;
        const loss = bceWithLogits(
          x,
          input(graph, "targets", [n, f]),
          ofPositives,
          input(graph, "weight", [n, f]),
        );
        const inputs = { weight: weightsOf(n * f, 3), ...(both && { posWeight: weightsOf(f, 4) }) };
        await checkGraph(machines, { graph, logits: x, loss }, { inputs });
      }),
      { seed: 22, numRuns: 8 },
    ),
  );

  test("sumLosses: of several, of one twice, of a sum, and of weight 0", () =>
    holds(logits, (shape) => {
      const x = features(shape);
      const { graph } = x;
      const y = silu(mixed(x, "y"));
      const targets = input(graph, "targets", shape);
      const one = bceWithLogits(x, targets);
      const other = mse(y, input(graph, "wanted", shape));
      const never = focal(y, targets);
      const inner = sumLosses([
        { loss: other, weight: 0.5 },
        { loss: one, weight: 3 },
        { loss: never, weight: 0 },
      ]);
      const loss = sumLosses([
        { loss: one, weight: 1 },
        { loss: inner, weight: 0.7 },
        { loss: one, weight: 0.25 },
      ]);
      return { graph, logits: x, loss };
    }));

  test.each([
    { gamma: 2, alpha: 0.25 },
    { gamma: 0, alpha: -1 },
    { gamma: 1.5, alpha: 0.6 },
  ])("focal, gamma $gamma, alpha $alpha", (options) =>
    holds(logits, (shape) => {
      const x = features(shape);
      return { graph: x.graph, logits: x, loss: focal(x, input(x.graph, "targets", shape), options) };
    }),
  );

  test.each([0, 0.1])("crossEntropy with label smoothing %d", (labelSmoothing) =>
    fc.assert(
      fc.asyncProperty(logits, async ([n, classes]) => {
        const x = features([n, classes]);
        const loss = crossEntropy(x, input(x.graph, "classes", [n]), { labelSmoothing });
        const numbers = Float32Array.from({ length: n }, (_, i) => (i * 5) % classes);
        await checkGraph(machines, { graph: x.graph, logits: x, loss }, { inputs: { classes: numbers } });
      }),
      { seed: 21, numRuns: 8 },
    ),
  );

  test("targets that are learned are refused", () => {
    const x = mixed(imageOf([2, 3]), "a");
    const parts = { graph: x.graph, logits: x, loss: mse(x, mixed(x, "b")) };
    return expect(checkGraph(machines, parts)).rejects.toThrow("gradients do not go to targets");
  });

  test("large logits stay finite", async () => {
    const x = features([2, 2]);
    const loss = bceWithLogits(x, input(x.graph, "targets", [2, 2]));
    const inputs = { ...randomInputs(x.graph), image: Float32Array.of(900, -900, 60, -60) };
    await checkGraph(machines, { graph: x.graph, logits: x, loss }, { inputs });
  });
});

describe("shapes that don't fit", () => {
  const graph = createGraph();
  const x = input(graph, "x", [2, 3, 4, 4]);
  const y = input(graph, "y", [2, 4, 4, 4]);
  const f = input(graph, "f", [2, 3]);
  const p = learned(x, "p", [2]);
  const weight = learned(x, "w", [4, 2, 3, 3]);
  test.each<[string, () => Value, string]>([
    [
      "add",
      () => add(x, y),
      "add: both inputs need one shape. The inputs' shapes are [2, 3, 4, 4], [2, 4, 4, 4].",
    ],
    ["multiply", () => multiply(f, x), "both inputs need one shape"],
    [
      "conv2d",
      () => conv2d(x, weight),
      "conv2d of w: the weight is for 2 channels in 1 groups, the input has 3.",
    ],
    ["conv2d", () => conv2d(f, weight), "need four sizes"],
    ["linear", () => linear(f, weight), "need two sizes"],
    [
      "convTranspose2d",
      () => convTranspose2d(x, weight),
      "convTranspose2d of w: the weight is for 4 channels",
    ],
    [
      "convTranspose2d",
      () => convTranspose2d(y, weight, { outputPadding: 1 }),
      "output padding must be below",
    ],
    ["dropout", () => dropout(x, -0.1), "at least 0"],
    ["maxPool", () => maxPool(x, { kernel: 2, padding: 2 }), "at most half the kernel"],
    ["maxPool", () => maxPool(x, { kernel: 9 }), "every size must be 1 or more"],
    ["avgPool", () => avgPool(f, { kernel: 2 }), "four sizes"],
    ["gemPool", () => gemPool(x, p), "the power needs the shape [1]"],
    ["concat", () => concat([x, f]), "channels alone"],
    ["reshape", () => reshape(x, [7]), "[2, 7] holds 14 numbers, the input 96"],
    ["dropPath", () => dropPath(x, 1), "below 1"],
    ["bceWithLogits", () => bceWithLogits(f, input(graph, "t", [2, 3, 1, 1])), "need one shape"],
    [
      "bceWithLogits",
      () => bceWithLogits(f, f, undefined, x),
      "the weight of each logit needs the logits' shape",
    ],
    ["sumLosses", () => sumLosses([{ loss: mse(f, f), weight: -1 }]), "the weights must be 0 or more"],
    ["crossEntropy", () => crossEntropy(f, f), "need the shape [2]"],
    ["mse", () => mse(x, y), "need one shape"],
  ])("%s %#", (_, build, message) => {
    expect(build).toThrow(message);
  });
});
