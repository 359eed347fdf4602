/** What the tests of the small kernels share: seeded arrays of rows, their physical form, and the views' arithmetic in float64. */

import { expect } from "vitest";
import { padded } from "../engines/wasm/kernel.ts";

/** A small deterministic generator (mulberry32), uniform on [0, 1). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` float32 values, uniform on [low, high). */
export function values(random: () => number, count: number, low = -2, high = 2): Float32Array {
  return Float32Array.from({ length: count }, () => low + (high - low) * random());
}

/** Rows of c values laid out cp apart, padding 0. */
export function pad(logical: ArrayLike<number>, c: number): Float32Array {
  const cp = padded(c);
  const rows = logical.length / c;
  const out = new Float32Array(rows * cp);
  for (let r = 0; r < rows; r++) for (let i = 0; i < c; i++) out[r * cp + i] = logical[r * c + i]!;
  return out;
}

/** The logical part of rows of cp values; fails unless the padding is 0. */
export function unpad(physical: Float32Array, c: number): Float32Array {
  const cp = padded(c);
  const rows = physical.length / cp;
  const out = new Float32Array(rows * c);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < cp; i++) {
      if (i < c) out[r * c + i] = physical[r * cp + i]!;
      else if (physical[r * cp + i] !== 0)
        throw new Error(`Row ${r} has ${physical[r * cp + i]} in lane ${i}.`);
    }
  }
  return out;
}

export function act(kind: number, z: number): number {
  if (kind === 0) return z;
  if (kind === 1) return Math.max(0, z);
  const s = 1 / (1 + Math.exp(-z));
  return kind === 2 ? z * s : s;
}

export function actGradient(kind: number, z: number): number {
  if (kind === 0) return 1;
  if (kind === 1) return z > 0 ? 1 : 0;
  const e = Math.exp(-Math.abs(z));
  const slope = e / (1 + e) ** 2;
  return kind === 2 ? 1 / (1 + Math.exp(-z)) + z * slope : slope;
}

/** A view's logical vectors; absent ones as in the kernels. */
export interface ViewParts {
  scale?: Float32Array | undefined;
  shift?: Float32Array | undefined;
  gate?: Float32Array | undefined;
  act: number;
}

/** v[row][c] of a view over rows of c values, `pixels` rows an image. */
export function viewValues(base: Float32Array, c: number, pixels: number, v: ViewParts): Float64Array {
  return Float64Array.from(base, (value, i) => {
    const lane = i % c;
    const image = Math.floor(Math.floor(i / c) / pixels);
    return (
      act(v.act, value * (v.scale?.[lane] ?? 1) + (v.shift?.[lane] ?? 0)) * (v.gate?.[image * c + lane] ?? 1)
    );
  });
}

/** Largest difference allowed: `tolerance` of the largest expected value, or of 1. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= tolerance * scale))
      expect.fail(`Element ${i} is ${actual[i]}, not ${expected[i]} (scale ${scale}).`);
  }
}

/** Every build of the kernels with 1, 2 and 3 threads. */
export const machines = ["nn", "nn-plain"].flatMap((build) =>
  [1, 2, 3].map((threads) => ({ build, threads })),
);
