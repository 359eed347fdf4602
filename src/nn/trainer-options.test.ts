/** Options that could not be trained with are refused, by name, before anything is computed. */

import { describe, expect, test } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { adam } from "./optimizers.ts";
import { checkedOptions, type TrainerOptions } from "./trainer-options.ts";

const weights = new Map<string, Float32Array>();
const checking = (options: object) => () => checkedOptions({ weights, ...options } as TrainerOptions);

const ranges: Record<string, readonly [range: string, wrong: readonly unknown[], right: readonly unknown[]]> =
  {
    clipNorm: [
      "above 0, as a float32 too",
      [Number.NaN, -1, 0, 1e-50, "5"],
      [1e-3, 5, Number.POSITIVE_INFINITY],
    ],
    emaDecay: [
      "at least 0 and below 1 (at most 0.9999999)",
      [Number.NaN, 2, 1, -0.1, 0.99999999],
      [0, 0.5, 0.9999],
    ],
    accumulate: ["a whole number, 1 or more", [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY], [1, 8]],
    seed: ["a whole number, from 0 to 4294967295", [-1, 0.5, 2 ** 32, Number.NaN], [0, 2 ** 32 - 1]],
    maxBytes: ["above 0", [Number.NaN, 0, -1], [1, 1e9, Number.POSITIVE_INFINITY]],
  };

describe.each(Object.entries(ranges))("%s", (name, [range, wrong, right]) => {
  test.each(wrong)("can't be %s", (value) => {
    const given = typeof value === "string" ? `"${value}"` : String(value);
    expect(checking({ [name]: value })).toThrow(UsageError);
    expect(checking({ [name]: value })).toThrow(`${name} must be ${range}; it is ${given}.`);
  });

  test.each(right)("can be %s", (value) => {
    expect(checking({ [name]: value })()).toMatchObject({ [name]: value });
  });
});

test("recomputation has three names", () => {
  for (const recompute of ["auto", "all", "none"])
    expect(checking({ recompute })()).toMatchObject({ recompute });
  expect(checking({ recompute: "sometimes" })).toThrow(
    'recompute must be one of "auto", "all", "none"; it is "sometimes".',
  );
});

test("what is no schedule or optimiser is told how to make one", () => {
  const halving = (step: number) => 2 ** -step;
  expect(checking({ schedule: halving })).toThrow(
    "schedule is a plain function (halving): make it a schedule with customSchedule(settings, rate)",
  );
  expect(checking({ schedule: 1e-3 })).toThrow(
    /^schedule must be what constantSchedule, .* gives, not 0\.001\.$/,
  );
  expect(checking({ optimizer: adam })).toThrow(
    /^optimizer must be what .* gives, not the function adam itself\.$/,
  );
  expect(checking({ optimizer: "adam" })).toThrow('not "adam".');
});

test("weights are needed, as a Map", () => {
  const message = "weights must be a Map of Float32Arrays by name";
  expect(checking({ weights: undefined })).toThrow(message);
  expect(checking({ weights: {} })).toThrow(message);
  expect(() => checkedOptions(undefined as unknown as TrainerOptions)).toThrow(message);
});
