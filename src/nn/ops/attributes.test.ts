import { afterAll, describe, expect, test } from "vitest";
import { InputError } from "../../signal/errors.ts";
import { createEngine } from "../engines/wasm/engine.node.ts";
import { createGraph } from "../graph.ts";
import type { Init, Shape, Value } from "../op.ts";
import { createTrainer } from "../trainer.ts";
import { initWeights } from "../weights.ts";
import * as ops from "./index.ts";

const init: Init = { kind: "normal", std: 0.1 };

function image(shape: Shape = [2, 4, 9, 8]): Value {
  return ops.input(createGraph(), "image", shape);
}

function weight(x: Value, shape: Shape, name = "conv.weight"): Value {
  return ops.parameter(x.graph, name, shape, { init, decay: true });
}

const conv = (options: object) => () => {
  const x = image();
  return ops.conv2d(x, weight(x, [8, 4, 3, 3]), options);
};
const transposed = (options: object) => () => {
  const x = image();
  return ops.convTranspose2d(x, weight(x, [4, 8, 3, 3]), options);
};
const pooled = (options: unknown) => () => ops.maxPool(image(), options as { kernel: number });
const averaged = (options: unknown) => () => ops.avgPool(image(), options as { kernel: number });

describe("numbers that mean nothing are refused by name", () => {
  const pairs = [
    [
      conv,
      "stride",
      [1.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, [1], [1, 2, 3], [2, 0.5], "2"],
    ],
    [conv, "padding", [0.5, -1, Number.NaN, [0, -1]]],
    [conv, "dilation", [0, -1, 1.5]],
    [conv, "groups", [0, 0.5, -4, Number.NaN, [1, 1]]],
    [transposed, "stride", [0, 1.5]],
    [transposed, "padding", [-1, 0.5]],
    [transposed, "dilation", [0, 1.5]],
    [transposed, "outputPadding", [-1, 0.5]],
    [transposed, "groups", [0, 0.5]],
    [pooled, "stride", [1.5, 0]],
    [pooled, "kernel", [0, 2.5, "3"]],
    [averaged, "padding", [-1, 0.5]],
  ] as const;
  test.each(pairs.flatMap(([make, name, given]) => given.map((value) => ({ make, name, value }))))(
    "$name $value",
    ({ make, name, value }) => {
      const build = make({ ...(name !== "kernel" && { kernel: 2 }), [name]: value });
      expect(build).toThrow(InputError);
      expect(build).toThrow(
        new RegExp(`(conv2d|convTranspose2d|maxPool|avgPool).*: ${name} needs a whole number from`),
      );
    },
  );

  test("and the message tells what was given", () => {
    expect(conv({ stride: 1.5 })).toThrow(
      "conv2d of conv.weight: stride needs a whole number from 1 to 65535, or two; it is 1.5. The inputs' shapes are [2, 4, 9, 8], [8, 4, 3, 3].",
    );
    expect(conv({ padding: [0, -1] })).toThrow(
      "padding needs a whole number from 0 to 65535, or two; it is [0, -1].",
    );
    expect(averaged(2)).toThrow(
      "avgPool: kernel needs a whole number from 1 to 65535, or two; it is undefined.",
    );
  });

  test("while all that PyTorch takes stays", () => {
    expect(conv({ stride: [2, 1], padding: [0, 7], dilation: 3, groups: 1 })().shape).toEqual([2, 8, 2, 16]);
    expect(transposed({ stride: 3, outputPadding: 2, padding: 1 })().shape).toEqual([2, 8, 27, 24]);
    expect(pooled({ kernel: 3, stride: [1, 2], padding: [1, 0] })().shape).toEqual([2, 4, 9, 3]);
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    "batch norm's eps",
    () => norm(image(), { eps: 0 }),
    /batchNorm of bn.weight: eps must be above 0; it is 0/,
  ],
  ["one that float32 can't hold", () => norm(image(), { eps: 1e-50 }), /eps must be above 0/],
  ["an eps that is NaN", () => norm(image(), { eps: Number.NaN }), /eps must be above 0; it is NaN/],
  ["batch norm's momentum", () => norm(image(), { momentum: 1.1 }), /momentum goes from 0 to 1; it is 1.1/],
  ["nothing to join", () => ops.concat([]), /concat needs one value or more/],
  [
    "reshape by -1",
    () => ops.reshape(image(), [-1]),
    /reshape: the sizes that follow the batch must be whole .*\[-1\]/,
  ],
  [
    "reshape to nothing",
    () => ops.reshape(image(), undefined as never),
    /it needs the sizes that follow the batch/,
  ],
  ["five sizes", () => image([1, 2, 3, 4, 5]), /image needs the shape \[n, c, h, w\].* it is \[1,2,3,4,5\]/],
  ["a fraction of an image", () => image([1, 2.5]), /every size must be 1 or more/],
  ["no name", () => ops.input(createGraph(), "", [1, 2]), /needs a name/],
  ["no weight's name", () => weight(image(), [1], ""), /A weight needs a name/],
  ["a weight of five sizes", () => weight(image(), [1, 1, 1, 1, 1]), /conv.weight needs one to four sizes/],
  [
    "first values that are none",
    () => ops.parameter(createGraph(), "w", [1], { init: { kind: "normal", std: Number.NaN }, decay: true }),
    /w can't start from .*: its number is NaN/,
  ],
  [
    "first values past float32",
    () => ops.buffer(createGraph(), "b", [1], 1e39),
    /b can't start from .*: its number is 1e\+39/,
  ],
  [
    "focal's gamma",
    () => focal({ gamma: Number.POSITIVE_INFINITY }),
    /gamma must be 0 or more; it is Infinity/,
  ],
])("%s", (_, build, message) => {
  expect(build).toThrow(InputError);
  expect(build).toThrow(message);
});

function norm(x: Value, options: object): Value {
  const c = [x.shape[1]!];
  const vectors = {
    weight: weight(x, c, "bn.weight"),
    bias: weight(x, c, "bn.bias"),
    runningMean: ops.buffer(x.graph, "bn.running_mean", c, 0),
    runningVar: ops.buffer(x.graph, "bn.running_var", c, 1),
  };
  return ops.batchNorm(x, vectors, options);
}

function focal(options: object): Value {
  const x = image([2, 3]);
  return ops.focal(x, ops.input(x.graph, "targets", [2, 3]), options);
}

describe("batch norm over one value a channel", () => {
  const engines = createEngine({ threads: 1 });
  afterAll(async () => (await engines).close());

  const trainerOf = async (batch: number, height: number) => {
    const x = image([batch, 4, height, 1]);
    const conv = ops.conv2d(x, weight(x, [3, 4, 1, 1]));
    const logits = ops.flatten(ops.globalAvgPool(norm(conv, {})));
    const loss = ops.mse(logits, ops.input(x.graph, "targets", logits.shape));
    return createTrainer({ graph: x.graph, logits, loss }, await engines, {
      weights: initWeights(x.graph, 1),
    });
  };

  test("is not trained", async () => {
    await expect(trainerOf(1, 1)).rejects.toThrow(InputError);
    await expect(trainerOf(1, 1)).rejects.toThrow(
      "batchNorm of bn.weight: training needs more than one value a channel, and the shape here is [1, 3, 1, 1]. Use a larger batch or larger images.",
    );
  });

  test.each([
    [2, 1],
    [1, 2],
  ])("but over a batch of %i images of %i pixels", async (batch, height) => {
    const trainer = await trainerOf(batch, height);
    const batches = {
      image: new Float32Array(batch * 4 * height).map((_, i) => i),
      targets: new Float32Array(batch * 3),
    };
    expect((await trainer.step(batches)).loss).toBeGreaterThanOrEqual(0);
  });
});
