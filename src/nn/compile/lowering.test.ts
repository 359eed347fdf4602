/** Networks whose lowering is tricky, against the float64 reference. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convLayer, linearLayer, normLayer, normRelu, normSilu, squeezeExcite } from "../layers.ts";
import type { Value } from "../op.ts";
import { relu, sigmoid, silu } from "../ops/activation.ts";
import { add } from "../ops/add.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { concat } from "../ops/concat.ts";
import { convTranspose2d } from "../ops/conv-transpose2d.ts";
import { conv2d } from "../ops/conv2d.ts";
import { dropPath } from "../ops/drop-path.ts";
import { globalAvgPool } from "../ops/global-avg-pool.ts";
import { input } from "../ops/input.ts";
import { maxPool } from "../ops/max-pool.ts";
import { mse } from "../ops/mse.ts";
import { multiply } from "../ops/multiply.ts";
import { flatten } from "../ops/reshape.ts";
import { buffer } from "../ops/weight.ts";
import { checkGraph } from "../testing/check-graph.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { graphChoices, randomGraph } from "../testing/random-graph.ts";
import { endIn, imageOf, learned, mixed } from "../testing/small-networks.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer } from "../trainer.ts";

const machines = testMachines();
const image = () => imageOf([3, 5, 5, 4]);
const check = (value: Value) => checkGraph(machines, endIn(value));

/** The inverted residual of EfficientNet (Tan 2019). */
function mbConv(x: Value, name: string): Value {
  const c = x.shape[1]!;
  const wide = normSilu(convLayer(x, `${name}.conv_pw`, 2 * c), `${name}.bn1`);
  const dw = convLayer(wide, `${name}.conv_dw`, 2 * c, { kernel: 3, groups: 2 * c });
  const excited = squeezeExcite(normSilu(dw, `${name}.bn2`), `${name}.se`, 2);
  const narrow = normLayer(convLayer(excited, `${name}.conv_pwl`, c), `${name}.bn3`);
  return add(dropPath(narrow, 0), x);
}

describe("blocks of known networks", () => {
  test("squeeze-excite on a batch norm and SiLU", () =>
    check(squeezeExcite(normSilu(mixed(image()), "bn"), "se", 3)));

  test("squeeze-excite read by a convolution and a sum", () => {
    const x = squeezeExcite(normSilu(mixed(image()), "bn"), "se", 3);
    return check(add(convLayer(x, "after", 5, { kernel: 3 }), x));
  });

  test("squeeze-excite on a batch norm alone, and on a convolution alone", async () => {
    await check(squeezeExcite(normLayer(mixed(image()), "bn"), "se", 3));
    await check(squeezeExcite(mixed(image()), "se", 3));
  });

  test("inverted residuals one after the other", () =>
    check(mbConv(mbConv(mixed(image()), "blocks.0"), "blocks.1")));

  test("ResNet's block: ReLU on the sum, and a strided short cut", () => {
    const block = (x: Value, name: string, stride: number) => {
      const one = normRelu(convLayer(x, `${name}.conv1`, 6, { kernel: 3, stride }), `${name}.bn1`);
      const two = normLayer(convLayer(one, `${name}.conv2`, 6, { kernel: 3 }), `${name}.bn2`);
      const cut =
        stride === 1 ? x : normLayer(convLayer(x, `${name}.down`, 6, { stride }), `${name}.down.bn`);
      return relu(add(two, cut));
    };
    const stem = maxPool(normRelu(mixed(image()), "bn"), { kernel: 3, stride: 1, padding: 1 });
    const features = flatten(globalAvgPool(block(block(stem, "a", 2), "b", 1)));
    const logits = linearLayer(features, "fc", 3);
    const loss = bceWithLogits(logits, input(logits.graph, "targets", [3, 3]));
    return checkGraph(machines, { graph: logits.graph, logits, loss });
  });

  test("an autoencoder", () => {
    const x = imageOf([2, 3, 8, 9]);
    const code = normSilu(convLayer(x, "down", 6, { kernel: 3, stride: 2 }), "bn1");
    const weight = learned(x, "up.weight", [6, 3, 3, 3]);
    const bias = learned(x, "up.bias", [3]);
    const up = convTranspose2d(code, weight, { bias, stride: 2, padding: 1, outputPadding: [1, 0] });
    const out = convLayer(silu(normLayer(up, "bn2")), "out", 3, { kernel: 3, bias: true });
    return checkGraph(machines, { graph: x.graph, logits: out, loss: mse(out, x) });
  });
});

describe("values read more than once", () => {
  test("by convolutions, a sum and a product", () => {
    const x = normSilu(mixed(image()), "bn");
    const a = convLayer(x, "a", 5, { kernel: 3 });
    const b = convLayer(x, "b", 5);
    return check(add(multiply(a, x), add(b, x)));
  });

  test("a sum of sums, whose gradient goes to all as it is", () => {
    const x = mixed(image());
    const y = add(x, silu(x));
    const z = add(y, convLayer(y, "z", 5));
    return check(add(add(z, y), add(x, z)));
  });

  test("a value added to itself over and over", () => {
    const x = mixed(image());
    return check(add(add(x, x), x));
  });

  test("one gradient shared by branches that add to it", () => {
    const x = mixed(image(), "x");
    const y = mixed(x.inputs[0]!, "y");
    const sum = add(x, y);
    return check(add(add(convLayer(x, "a", 5), convLayer(y, "b", 5, { kernel: 3 })), add(sum, sum)));
  });

  test("a batch norm by its activation and by a sum", () => {
    const x = normLayer(mixed(image()), "bn");
    return check(add(silu(x), x));
  });

  test("a batch norm stored for one reader, read as a view by the others", () => {
    const x = normLayer(mixed(image()), "bn");
    const y = silu(x);
    const joined = concat([y, x]);
    return check(add(convLayer(joined, "a", 5, { kernel: 3 }), convLayer(y, "b", 5)));
  });

  test("an activation stored after one reader has read it as a view", () => {
    const y = silu(convLayer(image(), "a", 5, { kernel: 3, bias: true }));
    const b = convLayer(y, "b", 5);
    return check(add(multiply(y, b), sigmoid(y)));
  });

  test("a weight shared by two convolutions", () => {
    const x = image();
    const weight = learned(x, "w", [5, 5, 1, 1]);
    const twice = (y: Value) => silu(conv2d(y, weight));
    return check(twice(twice(x)));
  });
});

describe("a depthwise convolution that takes the gradient through its input's activation", () => {
  const depthwise = (x: Value, name: string, stride = 1) =>
    convLayer(x, name, x.shape[1]!, { kernel: 3, stride, groups: x.shape[1]! });
  /** How often norms found their sums made, and how often they had to read the gradient. */
  const norms = (value: Value) => {
    const parts = endIn(value);
    const { plan } = createTrainer(parts, machines[0]!.engine, { weights: goldenWeights(parts.graph) });
    const count = (kernel: string) =>
      Object.values(plan.programs)
        .flat()
        .filter((instruction) => instruction.kernel === kernel).length;
    return [count("normBackwardReduced"), count("normBackward")];
  };

  test.each([
    ["silu", (x: Value) => normSilu(x, "bn")],
    ["relu", (x: Value) => normRelu(x, "bn")],
    ["sigmoid", (x: Value) => sigmoid(normLayer(x, "bn"))],
  ] as const)("%s", async (_, normed) => {
    const build = () => mixed(depthwise(normed(mixed(image())), "dw", 2), "after");
    expect(norms(build())).toEqual([1, 0]);
    await check(build());
  });

  test("not where the activation has another reader", async () => {
    const build = () => {
      const x = normSilu(mixed(image()), "bn");
      return add(depthwise(x, "dw"), convLayer(x, "pw", 5));
    };
    expect(norms(build())).toEqual([0, 1]);
    await check(build());
  });

  test("where the activation is stored as well, for the host", async () => {
    const x = normSilu(mixed(image()), "bn");
    const { graph, loss } = endIn(depthwise(x, "dw"));
    await checkGraph(machines, { graph, logits: x, loss });
  });

  test("not without a batch norm, nor with a gate", async () => {
    await check(depthwise(silu(mixed(image())), "dw"));
    await check(depthwise(squeezeExcite(normSilu(mixed(image()), "bn"), "se", 2), "dw"));
  });

  test("and a batch norm that others read too, before and after", async () => {
    for (const swap of [false, true]) {
      const x = normLayer(mixed(image()), "bn");
      const first = () => depthwise(silu(x), "dw");
      const second = () => convLayer(x, "pw", 5);
      const terms = swap ? [second(), first()] : [first(), second()];
      await check(add(terms[0]!, terms[1]!));
    }
    const x = normLayer(mixed(image()), "bn");
    await check(add(multiply(depthwise(silu(x), "dw"), sigmoid(globalAvgPool(x))), x));
  });

  test("two of them, on two activations of one batch norm, and past an idle drop path", async () => {
    const x = dropPath(normLayer(mixed(image()), "bn"), 0);
    await check(add(depthwise(silu(x), "a"), depthwise(relu(x), "b")));
  });
});

describe("gates", () => {
  /** How often the sums over a gated value's gradient were taken by a pass of their own. */
  const passes = (value: Value) => {
    const parts = endIn(value);
    const { plan } = createTrainer(parts, machines[0]!.engine, { weights: goldenWeights(parts.graph) });
    const all = Object.values(plan.programs).flat();
    return all.filter(({ kernel }) => kernel === "gateSums").length;
  };
  const excited = () => squeezeExcite(normSilu(mixed(image()), "bn"), "se", 2);

  test.each([
    [
      "a 1x1 convolution that alone reads the gated value takes its sums",
      0,
      (x: Value) => mixed(x, "pwl", 7),
    ],
    ["not where another reads it", 1, (x: Value) => add(mixed(x, "pwl"), x)],
    ["not where two convolutions read it", 1, (x: Value) => add(mixed(x, "a"), mixed(x, "b"))],
    ["nor a 3x3 convolution", 1, (x: Value) => convLayer(x, "conv", 7, { kernel: 3 })],
    ["nor one with a stride", 1, (x: Value) => convLayer(x, "conv", 7, { kernel: 1, stride: 2 })],
  ] as const)("%s", async (_, expected, reader) => {
    expect(passes(reader(excited()))).toBe(expected);
    await check(reader(excited()));
  });

  test("a gate that no gradient reaches, on what one does", () => {
    const x = image();
    const other = globalAvgPool(input(x.graph, "other", [3, 5, 4, 4]));
    return check(mixed(multiply(normSilu(mixed(x), "bn"), other), "pwl"));
  });

  test("a gate on a gate", () => {
    const x = normSilu(mixed(image()), "bn");
    return check(squeezeExcite(squeezeExcite(x, "se1", 2), "se2", 3));
  });

  test("a gate on a sum, and a sum of gated values", () => {
    const x = normSilu(mixed(image()), "bn");
    const y = squeezeExcite(add(x, mixed(x, "more")), "se1", 2);
    return check(add(y, squeezeExcite(x, "se2", 2)));
  });

  test("an activation and a batch norm on a gated value", () => {
    const x = squeezeExcite(normSilu(mixed(image()), "bn1"), "se", 2);
    return check(silu(normLayer(relu(x), "bn2")));
  });

  test("a gate that another image gives", () => {
    const x = image();
    const other = globalAvgPool(input(x.graph, "other", [3, 5, 4, 4]));
    return check(multiply(normSilu(mixed(x), "bn"), other));
  });

  test("a batch norm whose images are weighed one by one and added, as drop path does", () => {
    const x = mixed(image());
    const weighs = globalAvgPool(input(x.graph, "other", [3, 5, 2, 2]));
    return check(add(multiply(normLayer(x, "bn"), weighs), x));
  });

  test("a learned gate on what nothing is learned in", () => {
    const x = image();
    return check(multiply(x, sigmoid(mixed(globalAvgPool(x), "gate"))));
  });

  test("one gate for two values", () => {
    const x = normSilu(mixed(image()), "bn");
    const gate = sigmoid(mixed(globalAvgPool(x), "gate"));
    return check(add(multiply(x, gate), multiply(mixed(x, "other"), gate)));
  });
});

describe("parts without a gradient", () => {
  test("an input that is concatenated, added and multiplied", () => {
    const x = image();
    const y = mixed(x);
    return check(concat([add(x, y), multiply(y, x), x]));
  });

  test("a frozen convolution passes the gradient on", () => {
    const x = mixed(image());
    const frozen = buffer(x.graph, "frozen", [5, 5, 1, 1], 0);
    return check(mixed(silu(conv2d(x, frozen)), "after"));
  });

  test("a frozen start needs no gradient", () => {
    const x = image();
    const frozen = buffer(x.graph, "frozen", [5, 5, 1, 1], 0);
    return check(mixed(silu(conv2d(x, frozen)), "after"));
  });

  test("scores that the loss does not read", () => {
    const x = mixed(imageOf([4, 3]));
    const loss = bceWithLogits(x, input(x.graph, "targets", [4, 3]));
    return checkGraph(machines, { graph: x.graph, logits: sigmoid(x), loss });
  });

  test("values that nothing reads are not computed", async () => {
    const x = mixed(imageOf([4, 3]));
    mixed(x, "unused");
    const parts = endIn(x);
    await checkGraph(machines, parts);
    expect(parts.graph.weights.has("unused.weight")).toBe(true);
  });
});

test("any network drawn at random", () => {
  const property = fc.asyncProperty(graphChoices, (choices) => checkGraph(machines, randomGraph(choices)));
  return fc.assert(property, { seed: 7, numRuns: 40 });
});
