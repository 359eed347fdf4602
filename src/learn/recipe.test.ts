import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { findRecipe } from "./find-recipe.node.ts";
import { checkRecipe } from "./recipe.ts";
import { recipes } from "./recipes/index.ts";

const { seed } = recipes;
const failureOf = (change: object) => {
  try {
    checkRecipe({ ...seed, ...change }, "mine.json");
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return "none";
};

const whitened = { input: { normalisation: "whiten", layout: "lines" } };

describe("checkRecipe", () => {
  it.each(Object.entries(recipes))("takes the recipe %s, and gives it back as it is", (name, recipe) => {
    expect(checkRecipe(JSON.parse(JSON.stringify(recipe)), name)).toEqual(recipe);
    expect(recipe.name).toBe(name);
  });

  it("has the tutorial's as seed", () => {
    expect(seed).toMatchObject({
      input: { normalisation: "max", layout: "six" },
      model: { name: "efficientnet_b0", stem: "tutorial" },
      loss: { name: "bce" },
      optimizer: { name: "adam", learningRate: 5e-4 },
      ...{ batch: 32, epochs: 4, folds: 5, foldSeed: 1024, sampling: "natural" },
    });
  });

  it("fills in what may be left out", () => {
    const { weights, sampling, augment, flips, ...rest } = seed!;
    expect(checkRecipe(rest, "short")).toEqual({
      ...rest,
      weights: null,
      sampling: "natural",
      augment: {},
      flips: "none",
    });
  });

  it("takes every key there is", () => {
    const all = {
      ...{ name: "all", input: { normalisation: "z-score-columns", layout: "on" } },
      model: {
        name: "efficientnet",
        phi: 0.5,
        stem: "plain",
        stemStride: [2, 1],
        dropout: 0.1,
        dropPath: 0.1,
        pool: "gem",
      },
      ...{
        weights: "timm/efficientnet_b0.ra_in1k",
        loss: { name: "focal", gamma: 0.5, positiveWeight: "balanced" },
      },
      optimizer: { name: "adamW", learningRate: 1e-3, weightDecay: 0.01, beta1: 0.9, beta2: 0.99 },
      ...{
        schedule: { name: "one-cycle", warmup: 0.2 },
        batch: 16,
        epochs: 2.5,
        folds: 4,
        trainedFolds: 2,
        foldSeed: 7,
      },
      sampling: { positives: 0.5 },
      augment: {
        ...{ flipTime: 0.5, flipFrequency: 1, swapOn: 0.1, shiftRows: 3, shiftChannels: 9, noise: 0.2 },
        cutout: { count: 2, size: 0.3 },
        mixUp: { chance: 1, alpha: 5, labels: "max", offInLast: 0.2 },
      },
      ...{ clipNorm: 5, emaDecay: 0.999, flips: "both" },
    };
    expect(checkRecipe(all, "all.json")).toEqual(all);
  });

  it("takes the places' loss of linenet on lines", () => {
    const lines = {
      ...{ ...seed, ...whitened, name: "lines", loss: { name: "bce", places: 1.5 } },
      model: { name: "linenet", stemStride: [1, 2], width: 0.5 },
    };
    expect(checkRecipe(lines, "lines.json")).toEqual(lines);
  });

  it("takes the one that docs/recipes.md shows, which has every key that the page tells", async () => {
    const page = await readFile(new URL("../../docs/recipes.md", import.meta.url), "utf8");
    const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!);
    expect(checkRecipe(shown, "docs/recipes.md")).toEqual(shown);
    const told = [...page.matchAll(/^\| `([\w.]+)`(?:, `([\w.]+)`)? \|/gm)].flatMap(([, one, other]) =>
      [one, other ?? []].flat(),
    );
    const has = (path: string) => {
      const inAugment = path in shown.augment || path.startsWith("mixUp");
      const full = inAugment ? `augment.${path}` : path;
      return full.split(".").reduce((value, key) => value?.[key], shown) !== undefined;
    };
    const elsewhere = ["loss.gamma", "loss.places", "optimizer.momentum", "beta2"];
    expect(told.length).toBeGreaterThan(30);
    expect(told.filter((path) => !has(path!) && !elsewhere.includes(path!))).toEqual([]);
  });

  it.each([
    [{ epoch: 3 }, /^mine.json: there is no key epoch\. The keys here are name, input,/],
    [{ augment: { flip: 1 } }, /^mine.json: there is no key augment\.flip\. The keys here are flipTime/],
    [
      { augment: { mixUp: { chance: 2, alpha: 1, labels: "or" } } },
      "mine.json: augment.mixUp.chance must be a number, 0 or more, at most 1; it is 2.",
    ],
    [{ batch: 0.5 }, "mine.json: batch must be a whole number, 1 or more; it is 0.5."],
    [{ epochs: "4" }, 'mine.json: epochs must be a number, above 0; it is "4".'],
    [{ loss: { name: "hinge" } }, 'mine.json: loss.name must be one of bce, focal; it is "hinge".'],
    [{ loss: { name: "bce", gamma: 2 } }, "mine.json: loss.gamma must be left out for bce; it is 2."],
    [
      { loss: { name: "bce", positiveWeight: "equal" } },
      /loss\.positiveWeight must be a number, above 0; it is "equal"/,
    ],
    [
      { optimizer: { name: "adam" } },
      "mine.json: optimizer.learningRate must be a number, above 0; it is missing.",
    ],
    [
      { optimizer: { name: "adam", learningRate: 1, momentum: 0.9 } },
      /optimizer\.momentum must be left out for adam/,
    ],
    [
      { optimizer: { name: "sgd", learningRate: 1, beta1: 0.9 } },
      /optimizer\.beta1 must be left out for sgd/,
    ],
    [{ model: "B0" }, 'mine.json: model must be an object with a name; it is "B0".'],
    [{ model: { name: "efficientnet_b9" } }, /^mine.json: model: There is no model named efficientnet_b9/],
    [
      { model: { name: "efficientnet_b0", stm: "plain" } },
      /^mine.json: model: efficientnet_b0 has no option stm/,
    ],
    [{ model: { name: "efficientnet_b0", inChannels: 6 } }, /model\.inChannels follows from the input/],
    [
      { input: { normalisation: "max", layout: "seven" } },
      /mine.json: input\.layout must be one of six, on, all, lines/,
    ],
    [
      { inject: { needles: 0.5, interference: 0.5, snrDb: [20, 40] } },
      /^mine.json: inject must be left out unless input\.normalisation is whiten/,
    ],
    [
      { ...whitened, inject: { needles: 0.5, interference: 0.5, snrDb: [40, 20] } },
      /^mine.json: inject\.snrDb must be two numbers of decibels/,
    ],
    [
      {
        ...whitened,
        inject: { needles: 0.5, interference: 0.5, snrDb: [20, 40], interferenceSnrDb: [20] },
      },
      /^mine.json: inject\.interferenceSnrDb must be two numbers of decibels/,
    ],
    [
      { ...whitened, inject: { needles: 1.5, interference: 0.5, snrDb: [20, 40] } },
      /inject\.needles must be a number/,
    ],
    [{ sampling: "even" }, /sampling must be "natural" or \{ "positives"/],
    [{ sampling: { positives: 1 } }, /sampling\.positives must be a number, above 0, below 1; it is 1/],
    [{ loss: { name: "bce", places: 0 } }, "mine.json: loss.places must be a number, above 0; it is 0."],
    [
      { ...whitened, loss: { name: "bce", places: 1 } },
      "mine.json: loss.places must be left out unless the model says where it sees a needle, as linenet.",
    ],
    [
      { model: { name: "linenet" }, loss: { name: "bce", places: 1 } },
      "mine.json: loss.places must be left out unless input.layout is lines.",
    ],
    [{ trainedFolds: 6 }, "mine.json: trainedFolds must be at most folds, 5; it is 6."],
    [{ schedule: null }, "mine.json: schedule must be an object; it is null."],
    [{ weights: 3 }, "mine.json: weights must be a text; it is 3."],
    [{ flips: "all" }, /flips must be one of none, frequency, time, both/],
  ])("names what is wrong in %j", (change, message) => {
    if (typeof message === "string") expect(failureOf(change)).toBe(message);
    else expect(failureOf(change)).toMatch(message);
  });

  it("refuses what is no object", () => {
    expect(() => checkRecipe([1], "mine.json")).toThrow("mine.json: this must be an object; it is [1].");
  });
});

describe("findRecipe", () => {
  it("knows names and files, and says which names there are", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lodestone-recipe-"));
    try {
      const path = join(folder, "mine.json");
      await writeFile(path, JSON.stringify({ ...seed, name: "mine" }));
      expect(await findRecipe(path)).toEqual({ ...seed, name: "mine" });
      expect(await findRecipe("seed")).toBe(seed);
      await expect(findRecipe("sed")).rejects.toThrow(
        "sed: there is no recipe and no file of this name. The recipes are seed, default, images.",
      );
      await writeFile(path, "{");
      await expect(findRecipe(path)).rejects.toThrow(/mine.json: it isn't JSON/);
      await expect(findRecipe(folder)).rejects.toThrow(/the recipe can't be read \(EISDIR\)/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
