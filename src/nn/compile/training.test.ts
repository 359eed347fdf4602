/** What can't be trained ends in an error that names the op, when the plan is made. */

import { describe, expect, test } from "vitest";
import { InputError } from "../../signal/errors.ts";
import type { Value } from "../op.ts";
import { add } from "../ops/add.ts";
import { bceWithLogits } from "../ops/bce-with-logits.ts";
import { conv2d } from "../ops/conv2d.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import { focal } from "../ops/focal.ts";
import { input } from "../ops/input.ts";
import { linear } from "../ops/linear.ts";
import { mse } from "../ops/mse.ts";
import { multiply } from "../ops/multiply.ts";
import { sumLosses } from "../ops/sum-losses.ts";
import { sgd } from "../optimizers.ts";
import { endIn, imageOf, learned, mixed } from "../testing/small-networks.ts";
import { compileTraining, type MemoryChoices, type TrainingParts } from "./training.ts";

/** Takes a hundred bytes for each tensor. */
const engine = {
  packedConvFloats: () => ({ forward: 16, backward: 16 }),
  bytesFor: ({ tensors }: { readonly tensors: readonly unknown[] }) => 100 * tensors.length,
  maxBytes: 2 ** 32,
};

function compiling(parts: TrainingParts, choices: MemoryChoices = {}): () => unknown {
  return () => compileTraining(parts, engine, { optimizer: sgd(), ...choices });
}

function refuse(build: () => unknown, message: string | RegExp): void {
  expect(build).toThrow(InputError);
  expect(build).toThrow(message);
}

const features = () => mixed(imageOf([2, 3]));
const targets = (x: Value) => input(x.graph, "targets", [2, 3]);

describe("the loss", () => {
  const parts = (loss: (x: Value) => Value) => {
    const logits = features();
    return { graph: logits.graph, logits, loss: loss(logits) };
  };

  test("of each kind is taken", () => {
    const losses: ((x: Value) => Value)[] = [
      (x) => bceWithLogits(x, targets(x)),
      (x) => focal(x, targets(x)),
      (x) => mse(x, targets(x)),
      (x) => crossEntropy(x, input(x.graph, "classes", [2])),
      (x) => sumLosses([{ loss: mse(x, targets(x)), weight: 2 }]),
    ];
    for (const loss of losses) expect(compiling(parts(loss))()).toHaveProperty("programs.gradients");
  });

  test("must come from an operation that is one", () => {
    const message = (what: string) =>
      `The loss must come from one of the losses (bceWithLogits, focal, crossEntropy, mse, sumLosses), whose gradient training starts from; ${what} is none.`;
    refuse(compiling(parts((x) => x)), message("linear of mix.weight"));
    const sum = (x: Value) => add(bceWithLogits(x, targets(x)), focal(x, targets(x)));
    refuse(compiling(parts(sum)), message("add"));
  });

  test("may not be made from another loss", () => {
    const nested = (x: Value) => mse(bceWithLogits(x, targets(x)), input(x.graph, "level", [1]));
    refuse(compiling(parts(nested)), "mse is made from another loss, bceWithLogits");
    const within = (x: Value) => sumLosses([{ loss: nested(x), weight: 1 }]);
    refuse(compiling(parts(within)), "mse is made from another loss, bceWithLogits");
  });

  test("may not be a sum of what is none", () => {
    const sum = (x: Value) => {
      const level = linear(x, learned(x, "level", [1, x.shape[1]!]));
      return sumLosses([
        { loss: mse(x, targets(x)), weight: 1 },
        { loss: level, weight: 1 },
      ]);
    };
    refuse(compiling(parts(sum)), "sumLosses adds losses (");
  });

  test("must depend on something that is learned", () => {
    const x = imageOf([2, 3]);
    learned(x, "unused", [3]);
    const nothing = { graph: x.graph, logits: x, loss: mse(x, targets(x)) };
    refuse(compiling(nothing), "no parameter that is learned leads to the loss (mse)");
  });

  test("and the logits must be values of the graph", () => {
    const [one, other] = [endIn(features()), endIn(features())];
    refuse(
      compiling({ ...one, loss: other.loss }),
      "The training's loss must be a value of its graph, not of another.",
    );
    refuse(compiling({ ...one, logits: other.logits }), "The training's logits must be a value of its graph");
    const none = { graph: one.graph, loss: one.loss } as TrainingParts;
    refuse(compiling(none), "The training's logits must be a value of its graph.");
  });
});

describe("weights", () => {
  test("where an op computes from values are refused", () => {
    for (const [name, op] of Object.entries({ add, multiply })) {
      const x = mixed(imageOf([2, 3, 4, 4]));
      const parts = endIn(op(x, learned(x, "w", [2, 3, 4, 4])));
      refuse(compiling(parts), `${name} of w: its input weight w must be computed from an input`);
    }
  });

  test("can't be values where an op wants them", () => {
    const x = mixed(imageOf([4, 4, 1, 1]));
    refuse(
      compiling(endIn(conv2d(x, x))),
      /^conv2d: its input conv2d of mix\.weight must be a weight: make it with/,
    );
  });
});

describe("memory", () => {
  const parts = () => endIn(mixed(features(), "more"));
  const bytes = (choices: MemoryChoices) =>
    /needs (\d+) bytes/.exec(String(error(compiling(parts(), choices))))?.[1];
  const error = (build: () => unknown) => {
    try {
      build();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("that no choice can keep to is refused with what would be needed", () => {
    for (const recompute of ["auto", "all", "none"] as const) {
      const needed = Number(bytes({ recompute, maxBytes: 1 }));
      expect(error(compiling(parts(), { recompute, maxBytes: needed }))).toBeUndefined();
      refuse(compiling(parts(), { recompute, maxBytes: needed - 1 }), `and ${needed - 1} are allowed`);
    }
    refuse(compiling(parts(), { maxBytes: 1 }), "even with every block computed twice");
    refuse(
      compiling(parts(), { maxBytes: 1, recompute: "none" }),
      'leave out `recompute: "none"`, or use a smaller batch',
    );
  });
});
