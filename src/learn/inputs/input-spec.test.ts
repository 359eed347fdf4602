import { describe, expect, it } from "vitest";
import { UsageError } from "../../signal/errors.ts";
import { checkInputSpec, inputShape, layoutNames, normalisationNames, onPanels } from "./input-spec.ts";

const competition = { panels: 6, rows: 273, channels: 256 };

describe("inputShape", () => {
  it("is a channel a panel, or panels one under another", () => {
    const shapeOf = (layout: (typeof layoutNames)[number], shape = competition) =>
      inputShape({ normalisation: "max", layout }, shape);
    expect(shapeOf("six")).toEqual({ channels: 6, height: 273, width: 256 });
    expect(shapeOf("on")).toEqual({ channels: 1, height: 819, width: 256 });
    expect(shapeOf("all")).toEqual({ channels: 1, height: 1638, width: 256 });
    expect(shapeOf("on", { panels: 5, rows: 10, channels: 8 })).toEqual({
      channels: 1,
      height: 30,
      width: 8,
    });
    expect(inputShape({ normalisation: "whiten", layout: "lines" }, competition)).toEqual({
      channels: 54,
      height: 12,
      width: 256,
    });
  });

  it.each([
    { panels: 6, rows: 31, channels: 256 },
    { panels: 6, rows: 273, channels: 254 },
    { panels: 1, rows: 273, channels: 256 },
  ])("says what the layout lines needs: %j", (shape) => {
    expect(() => inputShape({ normalisation: "whiten", layout: "lines" }, shape)).toThrow(
      /Use the layout six/,
    );
  });
});

describe("onPanels", () => {
  it("are every second, the first among them", () => {
    expect(onPanels({ panels: 6 })).toEqual([0, 2, 4]);
    expect(onPanels({ panels: 3 })).toEqual([0, 2]);
    expect(onPanels({ panels: 1 })).toEqual([0]);
  });
});

describe("checkInputSpec", () => {
  it("takes every normalisation with every layout, and gives it back", () => {
    for (const normalisation of normalisationNames) {
      for (const layout of layoutNames) {
        if (layout === "lines" && normalisation !== "whiten") continue;
        expect(checkInputSpec({ layout, normalisation }, "mine.json")).toEqual({ normalisation, layout });
      }
    }
  });

  it("takes the layout lines of whitened cadences only", () => {
    const spec = { layout: "lines", normalisation: "max" };
    expect(() => checkInputSpec(spec, "mine.json")).toThrow(
      /^mine\.json: input\.layout lines needs .* whiten/,
    );
  });

  it.each([
    [undefined, /^mine\.json: input\.normalisation must be one of none, max, .*; it is undefined\.$/],
    [null, /input\.normalisation must be one of/],
    [{ layout: "six" }, /input\.normalisation must be one of/],
    [{ normalisation: "Max", layout: "six" }, /input\.normalisation must be one of .* it is "Max"\.$/],
    [{ normalisation: "max" }, /input\.layout must be one of six, on, all, lines; it is undefined\.$/],
    [{ normalisation: "max", layout: 6 }, /input\.layout must be one of six, on, all, lines; it is 6\.$/],
    [{ normalisation: "max", layout: "six", size: 3 }, /^mine\.json: input has no key size\. Its keys are/],
  ])("refuses %j, and names the key", (spec, message) => {
    expect(() => checkInputSpec(spec, "mine.json")).toThrow(message);
    expect(() => checkInputSpec(spec, "mine.json")).toThrow(UsageError);
  });
});
