import { describe, expect, it, test } from "vitest";
import type { Panels } from "../../signal/panels.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { type InputSpec, inputShape, layoutNames, normalisationNames } from "./input-spec.ts";
import { loadInputKernels } from "./kernels.node.ts";
import { createLineEvidence } from "./line-evidence.ts";
import { createPreparer } from "./prepare.ts";
import { createWhitener } from "./whiten.ts";

const shape = { panels: 6, rows: 9, channels: 7 } as const;
const pixels = shape.rows * shape.channels;

/** Panels of levels and widths of their own; the brightest pixel of all is in an OFF panel. */
function cadence(seed = 1): Panels {
  const random = randomStream(streamKey(seed));
  const data = Float32Array.from({ length: shape.panels * pixels }, (_, i) => {
    const panel = Math.floor(i / pixels);
    return panel - 2 + (panel + 1) * random.normal();
  });
  data[pixels + 5] = 80;
  return { ...shape, data };
}

const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** The panels of a layout, in its order, each as rows. */
function chosenPanels({ data }: Panels, layout: InputSpec["layout"]): number[][][] {
  const all = Array.from({ length: shape.panels }, (_, p) =>
    Array.from({ length: shape.rows }, (_, r) =>
      Array.from({ length: shape.channels }, (_, c) => data[(p * shape.rows + r) * shape.channels + c]!),
    ),
  );
  return layout === "on" ? [all[0]!, all[2]!, all[4]!] : all;
}

/** By the words of InputSpec, a panel at a time, in float64. */
function oracle(given: Panels, { normalisation, layout }: InputSpec): number[] {
  const panels = chosenPanels(given, layout);
  const sizes = panels.flat(2).map(Math.abs);
  const largest = Math.max(...sizes.filter((size) => !Number.isNaN(size)));
  return panels
    .flatMap((rows) => {
      const present = rows.flat().filter((value) => !Number.isNaN(value));
      const centre = mean(present);
      const deviation = Math.sqrt(mean(present.map((value) => (value - centre) ** 2)));
      return rows.flatMap((row) =>
        row.map((value, c) => {
          if (normalisation === "max") return value / largest;
          if (normalisation === "z-score-panel") return (value - centre) / deviation;
          if (normalisation === "none") return value;
          const column = rows.map((other) => other[c]!).filter((other) => !Number.isNaN(other));
          const middle = median(column);
          return (value - middle) / (1.482602218505602 * median(column.map((v) => Math.abs(v - middle))));
        }),
      );
    })
    .map((value) => (Number.isNaN(value) ? 0 : value));
}

const specs = normalisationNames
  .filter((name) => name !== "whiten")
  .flatMap((normalisation) =>
    layoutNames
      .filter((layout) => layout !== "lines")
      .map((layout): InputSpec => ({ normalisation, layout })),
  );

test.for(specs)("$normalisation, $layout: what the words say, and nothing beside it", (spec) => {
  const given = cadence();
  given.data[3] = Number.NaN;
  given.data[2 * pixels + 8] = Number.NaN;
  const before = given.data.slice();
  const { channels, height, width } = inputShape(spec, shape);
  const length = channels * height * width;
  const into = new Float32Array(length + 3).fill(-99);
  createPreparer(spec, shape)(given, into);
  expect(given.data).toEqual(before);
  const wanted = oracle(given, spec);
  expect(wanted.length).toBe(length);
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs(into[i]! - value)).toBeLessThanOrEqual(3e-7 * (1 + Math.abs(value)));
  }
  expect(Array.from(into.subarray(length))).toEqual([-99, -99, -99]);
  expect([into[3], into[(spec.layout === "on" ? 1 : 2) * pixels + 8]]).toEqual([0, 0]);
});

describe("a preparer", () => {
  it("keeps nothing of the cadence before", () => {
    for (const spec of specs) {
      const prepare = createPreparer(spec, shape);
      const [first, again] = [0, 1].map(() => new Float32Array(6 * pixels));
      prepare(cadence(1), first!);
      prepare(cadence(2), again!);
      expect(again).not.toEqual(first);
      prepare(cadence(1), again!);
      expect(again).toEqual(first);
    }
  });

  it("makes zeros of zeros, and of values that are all missing", () => {
    for (const spec of specs) {
      for (const value of [0, Number.NaN]) {
        const into = new Float32Array(6 * pixels).fill(5);
        const length = spec.layout === "on" ? 3 * pixels : 6 * pixels;
        createPreparer(spec, shape)({ ...shape, data: new Float32Array(6 * pixels).fill(value) }, into);
        expect(into.subarray(0, length).every((pixel) => pixel === 0)).toBe(true);
      }
    }
  });
});

describe("a preparer that whitens", () => {
  const larger = { panels: 6, rows: 34, channels: 24 } as const;
  const size = larger.rows * larger.channels;
  const random = randomStream(streamKey(5));
  const given = { ...larger, data: Float32Array.from({ length: 6 * size }, () => random.normal()) };
  const white = new Float32Array(6 * size);
  createWhitener(loadInputKernels(), larger)(given, white);

  function prepared(layout: InputSpec["layout"]): Float32Array {
    const spec: InputSpec = { normalisation: "whiten", layout };
    const { channels, height, width } = inputShape(spec, larger);
    const into = new Float32Array(channels * height * width);
    createPreparer(spec, larger, loadInputKernels())(given, into);
    return into;
  }

  it("lays the whitened panels out, all or the ON ones", () => {
    expect(prepared("six")).toEqual(white);
    expect(prepared("all")).toEqual(white);
    const on = [0, 2, 4].flatMap((panel) => [...white.subarray(panel * size, (panel + 1) * size)]);
    expect([...prepared("on")]).toEqual(on);
  });

  it("gives the evidence for lines in them", () => {
    const image = prepared("lines");
    const evidence = new Float32Array(image.length);
    createLineEvidence(loadInputKernels(), larger)(white, evidence);
    expect(image).toEqual(evidence);
  });

  it("needs its kernels", () => {
    const spec: InputSpec = { normalisation: "whiten", layout: "all" };
    expect(() => createPreparer(spec, larger)).toThrow(/give createPreparer the input kernels/);
  });
});
