import { describe, expect, it } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { defaultCadenceRecipe, readCadenceRecipe } from "./cadence-recipe.ts";

const read = (value: unknown) => readCadenceRecipe(value, "mine.json");

describe("recipes of cadences", () => {
  it("are the default one where nothing is said, and may be written out and read again", () => {
    expect(read({})).toEqual(defaultCadenceRecipe);
    expect(read(JSON.parse(JSON.stringify(defaultCadenceRecipe)))).toEqual(defaultCadenceRecipe);
  });

  it("change what they name and nothing else", () => {
    const recipe = read({ positives: 0.5, needles: { snrDb: [30, 48], path: { kind: { sine: 1 } } } });
    expect(recipe.positives).toBe(0.5);
    expect(recipe.needles.snrDb).toEqual([30, 48]);
    expect(recipe.needles.path.kind.sine).toBe(1);
    expect(recipe.needles.path.kind.linear).toBe(0);
    expect(recipe.needles.path.drift).toEqual(defaultCadenceRecipe.needles.path.drift);
    expect(recipe.interference).toEqual(defaultCadenceRecipe.interference);
  });

  it.each([
    [[], "the recipe must be an object"],
    [null, "the recipe must be an object"],
    [{ needels: {} }, "there is no key needels. The keys of the recipe are cadence, positives"],
    [{ needles: { snr: [1, 2] } }, "there is no key needles.snr. The keys of needles are snrDb"],
    [{ positives: 1.2 }, "positives must be a number from 0 to 1; it is 1.2."],
    [{ positives: "half" }, 'positives must be a number from 0 to 1; it is "half".'],
    [{ needles: { snrDb: [50, 30] } }, "needles.snrDb must be two numbers, lowest and highest"],
    [{ needles: { snrDb: [1, 2, 3] } }, "needles.snrDb must be two numbers"],
    [{ cadence: { rows: 2.5 } }, "cadence.rows must be a whole number"],
    [{ cadence: { foffHz: 0 } }, "cadence.foffHz must be a number other than 0"],
    [{ cadence: { pattern: "AAA" } }, "cadence.pattern must be letters such as ABACAD"],
    [{ interference: { kind: { carier: 1 } } }, "interference.kind must be weights of 0 or more"],
    [{ interference: { kind: { carrier: 0 } } }, "one of them above 0"],
    [{ background: { columns: { ripple: 2 } } }, "background.columns must be chances from 0 to 1 of ripple"],
    [{ background: { structure: [0, 1] } }, "background.structure must be two numbers"],
  ])("say what is wrong with %j", (value, message) => {
    expect(() => read(value)).toThrow(UsageError);
    expect(() => read(value)).toThrow(`mine.json: `);
    expect(() => read(value)).toThrow(message);
  });
});
