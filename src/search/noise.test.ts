import { beforeAll, describe, expect, it } from "vitest";
import { makeBank } from "./bank.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import type { SearchKernels } from "./kernels.ts";
import { normaliseSegment } from "./noise.ts";
import { chiSquaredNoise, gaussianNoise, pathChannel, random, type Scene } from "./testing/scene.ts";
import { makeWorkspace } from "./workspace.ts";

let kernels: SearchKernels;

beforeAll(async () => {
  kernels = await loadSearchKernels();
});

/** The segment's pixels after normalising. */
function normalised({ rows, channels, data }: Scene): Scene {
  const workspace = makeWorkspace(kernels, makeBank(rows, 60, channels), channels);
  const at = (row: number) => (workspace.originAt + row * workspace.rowBytes) / 4;
  for (let row = 0; row < rows; row++) {
    kernels.floats().fill(0, at(row) - workspace.pad, at(row) + channels + workspace.pad);
    kernels.floats().set(data.subarray(row * channels, (row + 1) * channels), at(row));
  }
  normaliseSegment(workspace, 0, channels);
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    out.set(kernels.floats().subarray(at(row), at(row) + channels), row * channels);
  }
  return { rows, channels, data: out };
}

type Edit = (pixel: number, row: number, channel: number) => number;

function edited(scene: Scene, edit: Edit): Scene {
  const { channels } = scene;
  return { ...scene, data: scene.data.map((x, i) => edit(x, Math.floor(i / channels), i % channels)) };
}

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
}

/** S/N of boxes along one straight path, at every place in the band where it fits. */
function sumsAlong({ rows, channels, data }: Scene, span: number, width: number): number[] {
  const reach = Math.ceil(Math.abs(span) / 2) + width;
  return Array.from({ length: channels - 2 * reach }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const first = Math.round(pathChannel({ position: reach + i, span }, row, rows));
      for (let c = first; c < first + width; c++) sum += data[row * channels + c]!;
    }
    return sum / Math.sqrt(rows * width);
  });
}

const receivers: Record<string, (channels: number) => Edit> = {
  level: () => (x) => x,
  sloped: (channels) => (x, _row, channel) => x * (1 + 0.6 * (channel / channels - 0.5)),
  "sloped and rippled": (channels) => (x, _row, channel) =>
    x * (1 + 0.6 * (channel / channels - 0.5)) * (1 + 0.1 * Math.cos((2 * Math.PI * channel) / 4000)),
};

const noises: Record<string, (rows: number, channels: number, seed: number) => Scene> = {
  Gaussian: (rows, channels, seed) => edited(gaussianNoise(rows, channels, seed), (x) => 10 + x),
  "chi-squared of 8 degrees of freedom": (rows, channels, seed) =>
    edited(chiSquaredNoise(rows, channels, 8, seed), (x) => 8 + 4 * x),
  "chi-squared of 204 degrees of freedom": (rows, channels, seed) =>
    edited(chiSquaredNoise(rows, channels, 204, seed), (x) => 204 + Math.sqrt(408) * x),
};

describe.each(["Gaussian", "chi-squared of 8 degrees of freedom"])("on %s noise", (kind) => {
  const channels = 30_000;

  it.each(Object.keys(receivers))(
    "sums along one drift have deviation 1.00 +- 0.02, bandpass %s",
    (shape) => {
      const scene = noises[kind]!(16, channels, 12);
      const out = normalised(edited(scene, receivers[shape]!(channels)));
      for (const span of [0, 3, -37.4, 60]) {
        const { mean, deviation } = momentsOf(sumsAlong(out, span, 1));
        // 30,000 sums of 16 pixels each: the deviation's own error is 0.004, that of the mean 0.006.
        expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
        expect(Math.abs(mean)).toBeLessThan(0.02);
      }
      // Sums over boxes that overlap: as if of 30,000 / 3 and 30,000 / 12.
      expect(Math.abs(momentsOf(sumsAlong(out, -20, 3)).deviation - 1)).toBeLessThan(0.03);
      expect(Math.abs(momentsOf(sumsAlong(out, 11, 12)).deviation - 1)).toBeLessThan(0.06);
    },
  );

  it.each([1, 2, 15, 64])("sums over %d rows have deviation 1", (rows) => {
    const out = normalised(noises[kind]!(rows, 8_000, rows));
    const { deviation } = momentsOf(sumsAlong(out, 7, 1));
    expect(Math.abs(deviation - 1)).toBeLessThan(0.03);
  });
});

describe("a band of any length", () => {
  it.each([40, 41, 64, 100, 255, 300, 1000, 5001])("%d channels: mean 0 and deviation 1", (channels) => {
    for (const make of Object.values(noises)) {
      for (const receiver of [receivers.level!, receivers.sloped!]) {
        const out = normalised(edited(make(16, channels, channels), receiver(channels)));
        const { mean, deviation } = momentsOf([...out.data]);
        // The measured mean and deviation of so many pixels are taken off, so what is left is less than their own error.
        expect(Math.abs(mean)).toBeLessThan(2.5 / Math.sqrt(16 * channels) + 0.003);
        expect(Math.abs(deviation - 1)).toBeLessThan(2 / Math.sqrt(16 * channels) + 0.01);
      }
    }
  });

  it.each([1, 2, 3, 7, 20])("%d channels: every pixel finite", (channels) => {
    for (const make of Object.values(noises)) {
      for (const pixel of normalised(make(16, channels, 3)).data) expect(Number.isFinite(pixel)).toBe(true);
    }
  });
});

/** Normalises with an edit and gives the moments of the pixels that the edit left alone. */
function momentsBeside(scene: Scene, edit: Edit) {
  const changed = edited(scene, edit);
  const out = normalised(changed);
  const beside: number[] = [];
  out.data.forEach((x, i) => {
    if (scene.data[i] === changed.data[i]) beside.push(x);
  });
  return { ...momentsOf(beside), out, missing: beside.filter((x) => x === 0).length / beside.length };
}

describe("rows' gains", () => {
  const { normal } = random(4);
  const gains = Array.from({ length: 16 }, () => normal());

  it.each(Object.keys(noises))("that add power everywhere are taken off %s noise", (kind) => {
    const scene = noises[kind]!(16, 6_000, 8);
    const out = normalised(edited(scene, (x, row) => x + 20 * gains[row]!));
    const { deviation } = momentsOf(sumsAlong(out, 5, 1));
    expect(Math.abs(deviation - 1)).toBeLessThan(0.03);
    for (let row = 0; row < 16; row++) {
      const { mean } = momentsOf([...out.data.subarray(row * 6_000, (row + 1) * 6_000)]);
      expect(Math.abs(mean)).toBeLessThan(0.06);
    }
  });

  it.each(Object.keys(noises))("that multiply the power are taken off %s noise", (kind) => {
    const scene = noises[kind]!(16, 6_000, 9);
    const out = normalised(edited(scene, (x, row) => x * (1 + 0.05 * gains[row]!)));
    expect(Math.abs(momentsOf(sumsAlong(out, -9, 1)).deviation - 1)).toBeLessThan(0.03);
    expect(Math.abs(momentsOf(sumsAlong(out, 2, 6)).deviation - 1)).toBeLessThan(0.08);
  });
});

describe("strong lines", () => {
  const crowds: Record<string, Edit> = {
    "carriers every 40 channels": (x, _row, c) => (c % 40 === 3 ? x + 400 : x),
    "a comb of carriers every 18 channels": (x, _row, c) => (c % 18 === 3 ? x + 400 : x),
    "lines 32 channels wide over a fifth of the band": (x, _row, c) => (c % 160 < 32 ? x + 400 : x),
    "drifting lines 32 channels wide over a fifth of the band": (x, row, c) =>
      (c + 2 * row) % 160 < 32 ? x + 200 : x,
    "one line of 1e6 deviations": (x, row, c) => (c === 2000 + row ? x + 4e6 : x),
    "a burst over 1,000 channels in one row": (x, row, c) =>
      row === 7 && c > 2000 && c <= 3000 ? x + 500 : x,
  };

  it.each(Object.entries(crowds))("%s: don't move the noise beside them", (_, edit) => {
    for (const make of Object.values(noises)) {
      const { mean, deviation } = momentsBeside(make(16, 5_000, 21), edit);
      expect(Math.abs(mean)).toBeLessThan(0.02);
      expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
    }
  });

  it("keep their own power", () => {
    const scene = edited(gaussianNoise(16, 4_000, 5), (x, _row, c) => 50 + x + (c === 1234 ? 30 : 0));
    const out = normalised(scene);
    const line = Array.from({ length: 16 }, (_, row) => out.data[row * 4_000 + 1234]!);
    expect(momentsOf(line).mean).toBeGreaterThan(28.5);
    expect(momentsOf(line).mean).toBeLessThan(31.5);
  });
});

describe("pixels that are missing", () => {
  const marks = Array.from({ length: 16 * 5_000 }, random(2).uniform);
  const holes: Record<string, Edit> = {
    "one NaN": (x, row, c) => (row === 3 && c === 2000 ? Number.NaN : x),
    "NaN here and there": (x, row, c) => (marks[row * 5_000 + c]! < 0.05 ? Number.NaN : x),
    "NaN in two pixels of five": (x, row, c) => (marks[row * 5_000 + c]! < 0.4 ? Number.NaN : x),
    "a row of NaN": (x, row) => (row === 4 ? Number.NaN : x),
    "channels of NaN": (x, _row, c) => (c % 97 === 5 ? Number.NaN : x),
    "a fifth of the band NaN": (x, _row, c) => (c > 1000 && c <= 2000 ? Number.NaN : x),
    "infinite pixels": (x, row, c) => (marks[row * 5_000 + c]! < 0.01 ? (row % 2 ? 1 : -1) / 0 : x),
    "pixels of 1e30 and 1e38": (x, row, c) => (marks[row * 5_000 + c]! < 0.05 ? (row % 2 ? 1e30 : 1e38) : x),
    "a row of zeros": (x, row) => (row === 4 ? 0 : x),
    "a row of zeros over part of the band": (x, row, c) => (row === 4 && c >= 500 && c < 3500 ? 0 : x),
    "a fifth of the band zeros": (x, _row, c) => (c >= 1000 && c < 2000 ? 0 : x),
  };

  it.each(Object.entries(holes))("%s: leave the rest as it is", (_, edit) => {
    for (const make of Object.values(noises)) {
      const { mean, deviation, out, missing } = momentsBeside(make(16, 5_000, 33), edit);
      expect(missing).toBeLessThan(0.01);
      expect(Math.abs(mean)).toBeLessThan(0.02);
      expect(Math.abs(deviation - 1)).toBeLessThan(0.025);
      expect(out.data.every(Number.isFinite)).toBe(true);
    }
  });

  it("become 0 where they aren't finite or a whole block of a row is gone", () => {
    const scene = noises.Gaussian!(16, 5_000, 6);
    const changed = edited(scene, (x, row, c) => (row === 4 ? 0 : row === 5 && c % 9 === 0 ? Number.NaN : x));
    const { data } = normalised(changed);
    for (let c = 0; c < 5_000; c++) {
      expect(data[4 * 5_000 + c]).toBe(0);
      if (c % 9 === 0) expect(data[5 * 5_000 + c]).toBe(0);
    }
  });

  it("in single dead channels move the noise little", () => {
    const scene = noises["chi-squared of 204 degrees of freedom"]!(16, 5_000, 6);
    const { mean, deviation, out } = momentsBeside(scene, (x, _row, c) => (c % 33 === 5 ? 0 : x));
    expect(Math.abs(mean)).toBeLessThan(0.15);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.15);
    const dead = [...out.data].filter((_, i) => (i % 5_000) % 33 === 5);
    expect(momentsOf(dead).mean).toBeLessThan(-8);
  });

  it("over all of the segment leave zeros", () => {
    for (const value of [0, 5, Number.NaN, Number.POSITIVE_INFINITY, 1e38, 1e-42]) {
      const data = new Float32Array(16 * 700).fill(value);
      expect(normalised({ rows: 16, channels: 700, data }).data.every((x) => x === 0)).toBe(true);
    }
  });
});
