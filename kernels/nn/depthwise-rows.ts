/**
 * One image row of a View or a GradView, worked out and laid in tiles of 16 channels: [tile][column][16], the form the depthwise
 * blocks read. Every element's activation is computed once, here.
 */

import { activate, activateGradient } from "./activate";
import { madd } from "./simd";

/** Bytes of the 16 channels of one pixel: one cache line. */
export const PIXEL: usize = 64;

// @ts-ignore: decorator
@inline
function viewPixels(
  x: usize, pixels: usize, cBytes: usize, scale: usize, shift: usize, gate: usize, kind: i32, to: usize, tileBytes: usize,
): void {
  for (; pixels > 0; pixels--, x += cBytes, to += PIXEL) {
    let tile = to;
    for (let c: usize = 0; c < cBytes; c += PIXEL, tile += tileBytes) {
      const lanes = min(cBytes - c, PIXEL);
      for (let i: usize = 0; i < lanes; i += 16) {
        const z = madd(v128.load(x + c + i), v128.load(scale + c + i), v128.load(shift + c + i));
        v128.store(tile + i, f32x4.mul(activate(kind, z), v128.load(gate + c + i)));
      }
    }
  }
}

/** act(x * scale + shift) * gate of `pixels` pixels from x on; scale, shift and gate are [cp]. Tiles are tileBytes apart. */
export function viewRow(
  x: usize, pixels: usize, cBytes: usize, scale: usize, shift: usize, gate: usize, kind: i32, to: usize, tileBytes: usize,
): void {
  if (kind == 2) viewPixels(x, pixels, cBytes, scale, shift, gate, 2, to, tileBytes);
  else if (kind == 1) viewPixels(x, pixels, cBytes, scale, shift, gate, 1, to, tileBytes);
  else if (kind == 3) viewPixels(x, pixels, cBytes, scale, shift, gate, 3, to, tileBytes);
  else viewPixels(x, pixels, cBytes, scale, shift, gate, 0, to, tileBytes);
}

/** The vectors of a GradView for one image, each [cp]; y is 0 where the gradient doesn't depend on it. */
@unmanaged
export class GradVectors {
  scale: usize;
  shift: usize;
  gate: usize;
  spread: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
}

// @ts-ignore: decorator
@inline
function gradPixels(
  g: usize, y: usize, pixels: usize, cBytes: usize, v: GradVectors, kind: i32, to: usize, tileBytes: usize,
): void {
  const scale = v.scale, shift = v.shift, gate = v.gate, spread = v.spread;
  const coefA = v.coefA, coefB = v.coefB, coefC = v.coefC;
  for (; pixels > 0; pixels--, g += cBytes, y += cBytes, to += PIXEL) {
    let tile = to;
    for (let c: usize = 0; c < cBytes; c += PIXEL, tile += tileBytes) {
      const lanes = min(cBytes - c, PIXEL);
      for (let i: usize = 0; i < lanes; i += 16) {
        const at = c + i;
        const yv = v128.load(y + at);
        let dz = madd(v128.load(g + at), v128.load(gate + at), v128.load(spread + at));
        if (kind != 0) dz = f32x4.mul(dz, activateGradient(kind, madd(yv, v128.load(scale + at), v128.load(shift + at))));
        const d = madd(dz, v128.load(coefA + at), madd(yv, v128.load(coefB + at), v128.load(coefC + at)));
        v128.store(tile + i, d);
      }
    }
  }
}

/** The GradView's value of `pixels` pixels from g and y on. */
export function gradRow(
  g: usize, y: usize, pixels: usize, cBytes: usize, v: GradVectors, kind: i32, to: usize, tileBytes: usize,
): void {
  if (y == 0) viewPixels(g, pixels, cBytes, v.gate, v.spread, v.coefA, 0, to, tileBytes);
  else if (kind == 2) gradPixels(g, y, pixels, cBytes, v, 2, to, tileBytes);
  else if (kind == 1) gradPixels(g, y, pixels, cBytes, v, 1, to, tileBytes);
  else if (kind == 3) gradPixels(g, y, pixels, cBytes, v, 3, to, tileBytes);
  else gradPixels(g, y, pixels, cBytes, v, 0, to, tileBytes);
}
