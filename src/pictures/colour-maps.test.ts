import { expect, test } from "vitest";
import { colourMap, colourMapNames } from "./colour-maps.ts";

const at = (name: (typeof colourMapNames)[number], step: number) => [
  ...colourMap(name).slice(3 * step, 3 * step + 3),
];

test("first, middle and last colours are those that matplotlib publishes", () => {
  expect([at("viridis", 0), at("viridis", 255)]).toEqual([
    [68, 1, 84],
    [253, 231, 37],
  ]);
  expect([at("magma", 0), at("magma", 255)]).toEqual([
    [0, 0, 4],
    [252, 253, 191],
  ]);
  expect(at("inferno", 255)).toEqual([252, 255, 164]);
  expect([at("plasma", 0), at("plasma", 255)]).toEqual([
    [13, 8, 135],
    [240, 249, 33],
  ]);
  expect([at("cividis", 0), at("cividis", 255)]).toEqual([
    [0, 34, 78],
    [254, 232, 56],
  ]);
  expect([at("gray", 0), at("gray", 77), at("gray", 255)]).toEqual([
    [0, 0, 0],
    [77, 77, 77],
    [255, 255, 255],
  ]);
  const middle = at("viridis", 128);
  for (const [part, wanted] of [33, 145, 140].entries()) {
    expect(Math.abs(middle[part]! - wanted)).toBeLessThanOrEqual(1);
  }
});

test("every map grows lighter from step to step", () => {
  const linear = (byte: number) => (byte / 255) ** 2.2;
  for (const name of colourMapNames) {
    const bytes = colourMap(name);
    const light = Array.from({ length: 256 }, (_, i) => {
      return (
        0.2126 * linear(bytes[3 * i]!) +
        0.7152 * linear(bytes[3 * i + 1]!) +
        0.0722 * linear(bytes[3 * i + 2]!)
      );
    });
    for (let i = 4; i < 256; i++) expect(light[i]!).toBeGreaterThan(light[i - 4]!);
  }
});
