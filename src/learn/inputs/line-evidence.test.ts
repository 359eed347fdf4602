import { describe, expect, it } from "vitest";
import type { PanelShape } from "../../signal/panels.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { loadInputKernels } from "./kernels.node.ts";
import { createLineEvidence } from "./line-evidence.ts";
import { lineEvidenceShape } from "./line-evidence-shape.ts";

const GIVEN = [2, 6, 10, 13];

function noise({ panels, rows, channels }: PanelShape, seed: number): Float32Array {
  const random = randomStream(streamKey(seed, 1));
  return Float32Array.from({ length: panels * rows * channels }, () => random.normal());
}

function evidenceOf(white: Float32Array, shape: PanelShape) {
  const { channels, height, width } = lineEvidenceShape(shape);
  const image = new Float32Array(channels * height * width);
  createLineEvidence(loadInputKernels(), shape)(white, image);
  const at = (kind: number, drift: number, y: number, c: number) =>
    expand(image[((kind * 17 + drift) * height + y) * width + c]!);
  return { image, at };
}

/** The way back from what is written to deviations, less the offset. */
function expand(value: number): number {
  if (value > 1) return 2 * ((value + 1) / 2) ** 2;
  return value < -1 ? -2 * ((1 - value) / 2) ** 2 : 2 * value;
}

/** By the definition, one place at a time, over all paths. */
function oracle(white: Float32Array, { panels, rows, channels }: PanelShape) {
  const blockRows = Math.floor(rows / 16);
  const slopes = Array.from({ length: 17 }, (_, d) => {
    return Math.round((d / 8 - 1) * (blockRows - 1)) / (blockRows - 1);
  });
  const move = (d: number) => slopes[d]! * blockRows;
  const between = (d: number, e: number) => Math.round((move(d) + move(e)) / 2);

  const plainSum = (panel: number, block: number, d: number, c: number) => {
    if (c < 0 || c >= channels) return 0;
    let sum = 0;
    for (let t = 0; t < blockRows; t++) {
      const channel = c + Math.round(slopes[d]! * (t - (blockRows - 1) / 2));
      if (channel < 0 || channel >= channels) continue;
      const pixel = white[(panel * rows + block * blockRows + t) * channels + channel]!;
      sum += Math.max(-4, Math.min(6, pixel));
    }
    return sum / Math.sqrt(blockRows);
  };
  const sum = (panel: number, block: number, d: number, c: number) => {
    if (c < 0 || c >= channels) return 0;
    const flank = (side: number) => {
      let total = 0;
      for (let k = 6; k <= 13; k++) total += plainSum(panel, block, d, c + side * k) / 8;
      return total;
    };
    return Math.max(-2, plainSum(panel, block, d, c) - Math.min(flank(-1), flank(1)));
  };
  const known = new Map<string, number>();
  const best = (panel: number, block: number, d: number, c: number, direction: number): number => {
    if (c < 0 || c >= channels) return 0;
    const key = [panel, block, d, c, direction].join();
    const before = known.get(key);
    if (before !== undefined) return before;
    let most = sum(panel, block, d, c);
    const other = block + direction;
    if (other >= 0 && other < 16) {
      const onwards = [d - 1, d, d + 1].flatMap((wanted) => {
        const e = Math.max(0, Math.min(16, wanted));
        const there = c + direction * between(d, e);
        return [-1, 0, 1].map((aside) => {
          const cost = (wanted === d ? 0 : 1) + (aside === 0 ? 0 : 0.7);
          return best(panel, other, e, there + aside, direction) - cost;
        });
      });
      most += 0.8 * Math.max(...onwards);
    }
    known.set(key, most);
    return most;
  };
  const evidence = (panel: number, g: number, d: number, c: number) => {
    const block = GIVEN[g]!;
    const both = best(panel, block, d, c, -1) + best(panel, block, d, c, 1) - sum(panel, block, d, c);
    let variance = 0;
    for (let b = 0; b < 16; b++) variance += 0.8 ** (2 * Math.abs(b - block));
    return both / Math.sqrt(variance);
  };
  const beyond = (panel: number, g: number, d: number, c: number) => {
    if (c < 0 || c >= channels) return 2.5;
    let most = Number.NEGATIVE_INFINITY;
    for (const e of [d - 1, d, d + 1]) {
      if (e < 0 || e > 16) continue;
      const reach = Math.min(24, 3 + Math.round(1.2 * Math.abs(move(e))));
      for (let k = Math.max(0, c - reach); k <= Math.min(channels - 1, c + reach); k++) {
        most = Math.max(most, evidence(panel, g, e, k));
      }
    }
    return most;
  };
  const side = (panel: number, g: number, d: number, c: number, other: number) => {
    if (other < 0 || other >= panels) return undefined;
    const seen = other > panel ? [0, 1] : [2, 3];
    return Math.max(
      ...seen.map((e) => {
        const blocks = GIVEN[e]! - GIVEN[g]! + Math.sign(other - panel) * 17.3;
        return beyond(other, e, d, c + Math.round(move(d) * blocks));
      }),
    );
  };
  return { evidence, side };
}

describe("createLineEvidence", () => {
  it("is what the definition says, path by path", () => {
    const shape = { panels: 3, rows: 51, channels: 24 };
    const white = noise(shape, 1);
    const { at } = evidenceOf(white, shape);
    const { evidence, side } = oracle(white, shape);
    const random = randomStream(streamKey(1, 2));
    for (let n = 0; n < 40; n++) {
      const [row, g] = [Math.floor(random.uniform() * 2), Math.floor(random.uniform() * 4)];
      const [d, c] = [Math.floor(random.uniform() * 17), Math.floor(random.uniform() * 24)];
      const [panel, y] = [2 * row, row * 4 + g];
      expect(at(0, d, y, c)).toBeCloseTo(evidence(panel, g, d, c) - 2, 3);
      const sides = [side(panel, g, d, c, panel - 1), side(panel, g, d, c, panel + 1)];
      const found = sides.filter((x) => x !== undefined);
      expect(at(1, d, y, c)).toBeCloseTo(Math.max(...found) - 3, 3);
      expect(at(2, d, y, c)).toBeCloseTo(Math.min(...found) - 3, 3);
    }
    const strongest = (panel: number, g: number, c: number, reach: number) => {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = Math.max(0, c - reach); k <= Math.min(23, c + reach); k++) {
        for (let d = 0; d < 17; d++) most = Math.max(most, evidence(panel, g, d, k));
      }
      return most;
    };
    for (const c of [0, 11, 23]) {
      for (const [on, panel] of [0, 2].entries()) {
        const y = on * 4 + 1;
        expect(at(3, 0, y, c)).toBeCloseTo(strongest(panel, 1, c, 12) - 4, 3);
        expect(at(3, 1, y, c)).toBeCloseTo(strongest(1, 1, c, 3) - 4, 3);
        expect(at(3, 2, y, c)).toBeCloseTo(strongest(1, 1, c, 3) - 4, 3);
      }
    }
  });

  it("gives the strongest of the OFF panels after and before apart", () => {
    const shape = { panels: 6, rows: 64, channels: 64 };
    const white = noise(shape, 4);
    for (let row = 0; row < 64; row++) white[(64 + row) * 64 + 30]! += 8;
    const { at } = evidenceOf(white, shape);
    const after = [0, 1, 2].map((on) => at(3, 1, 4 * on + 2, 30) + 4);
    const before = [0, 1, 2].map((on) => at(3, 2, 4 * on + 2, 30) + 4);
    expect(after[0]).toBeGreaterThan(15);
    expect(before[1]).toBeCloseTo(after[0]!, 4);
    expect(before[0]).toBeCloseTo(after[0]!, 4);
    for (const elsewhere of [after[1], after[2], before[2]]) expect(elsewhere).toBeLessThan(10);
  });

  it("finds a faint drifting line, and whether it goes on in the OFF panels", () => {
    const shape = { panels: 6, rows: 273, channels: 256 };
    const { rows, channels } = shape;
    const channelAt = (panel: number, row: number) => 20.5 + 0.125 * (panel * (272 + 1.3 * 17) + row);
    const withLine = (panels: readonly number[]) => {
      const white = noise(shape, 2);
      for (const panel of panels) {
        for (let row = 0; row < rows; row++) {
          white[(panel * rows + row) * channels + Math.round(channelAt(panel, row))]! += 1;
        }
      }
      return evidenceOf(white, shape);
    };
    const place = Math.round(channelAt(2, 6.5 * 17));
    const near = (at: ReturnType<typeof evidenceOf>["at"], kind: number) =>
      Math.max(...[-1, 0, 1].flatMap((k) => [9].map((drift) => at(kind, drift, 5, place + k))));
    const onOnly = withLine([0, 2, 4]).at;
    const everywhere = withLine([0, 1, 2, 3, 4, 5]).at;
    const nothing = withLine([]).at;
    // 119 pixels of one deviation each: 10.9, a part of it lost to whole channels.
    expect(near(onOnly, 0) + 2).toBeGreaterThan(7);
    expect(near(nothing, 0) + 2).toBeLessThan(6);
    expect(near(everywhere, 2) + 3).toBeGreaterThan(7);
    expect(near(onOnly, 1) + 3).toBeLessThan(6);
  });

  it("is finite beside the brightest lines, and the same when run again", () => {
    const shape = { panels: 6, rows: 40, channels: 36 };
    const white = noise(shape, 3);
    for (let row = 0; row < 240; row++) white[row * 36 + 20] = 1e6;
    const evidence = createLineEvidence(loadInputKernels(), shape);
    const { channels, height, width } = lineEvidenceShape(shape);
    const images = [1, 2].map(() => {
      const image = new Float32Array(channels * height * width);
      evidence(white, image);
      return image;
    });
    expect(images[0]!.every(Number.isFinite)).toBe(true);
    expect(images[0]).toEqual(images[1]);
  });
});
