import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { fillPlaces, LEAST_ENERGY, markPlaces } from "./places.ts";

const shape = { panels: 6, rows: 5, channels: 10 };
const size = shape.rows * shape.channels;
const grid = { rows: 3, columns: 4 };

/** Panels of noise with some more on the pixels given as [panel, row, channel, what is added]; both as `markPlaces` has them. */
function added(pixels: readonly (readonly [number, number, number, number])[]) {
  const random = randomStream(streamKey(3));
  const after = Float32Array.from({ length: 6 * size }, () => random.normal());
  const before = Float32Array.from([0, 2, 4].flatMap((p) => [...after.subarray(p * size, (p + 1) * size)]));
  for (const [panel, row, channel, power] of pixels) {
    after[(panel * shape.rows + row) * shape.channels + channel]! += power;
  }
  return { before, after };
}

function marked(pixels: Parameters<typeof added>[0]): number[][] {
  const { before, after } = added(pixels);
  const targets = new Float32Array(12);
  markPlaces(before, after, shape, grid, targets);
  return [0, 4, 8].map((at) => [...targets.subarray(at, at + 4)]);
}

describe("markPlaces", () => {
  it("marks the ON panel and the part of the band that holds enough energy", () => {
    const root = Math.sqrt(LEAST_ENERGY);
    // Ten channels in four columns: the first channels are 0, 3, 5 and 8.
    expect(marked([[2, 4, 2, root + 0.01]])).toEqual([
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(marked([[2, 4, 2, root - 0.01]]).flat()).not.toContain(1);
    expect(
      marked([
        [0, 0, 3, -5],
        [4, 2, 5, 5],
        [4, 2, 9, 5],
      ]),
    ).toEqual([
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 1, 1],
    ]);
  });

  it("adds the energy of a cell's pixels, and of no other's", () => {
    const faint = Math.sqrt(LEAST_ENERGY / 4) + 0.01;
    const four = ([0, 1, 2, 3] as const).map((row) => [4, row, 5 + (row % 3), faint] as const);
    expect(marked(four)[2]).toEqual([0, 0, 1, 0]);
    expect(marked(four.slice(1)).flat()).not.toContain(1);
    expect(marked([...four.slice(1), [4, 0, 4, faint], [2, 0, 5, faint]]).flat()).not.toContain(1);
  });

  it("doesn't see OFF panels, and leaves what is marked", () => {
    expect(marked([[3, 1, 1, 50]]).flat()).not.toContain(1);
    const { before, after } = added([]);
    const targets = new Float32Array(12).fill(0.5);
    markPlaces(before, after, shape, grid, targets);
    expect([...targets]).toEqual(Array(12).fill(0.5));
  });
});

describe("fillPlaces", () => {
  it("says of all cells that no needle is there, or that nothing is known", () => {
    const places = { targets: new Float32Array(2).fill(9), known: new Float32Array(2).fill(9) };
    fillPlaces(places, true);
    expect(places).toEqual({ targets: Float32Array.of(0, 0), known: Float32Array.of(1, 1) });
    fillPlaces(places, false);
    expect(places).toEqual({ targets: Float32Array.of(0.5, 0.5), known: Float32Array.of(0, 0) });
  });
});
