/**
 * One image row of a View or a GradView, worked out and laid in tiles of 16 channels: [tile][column][16], the form the depthwise
 * blocks read. Every element's activation is computed once, here.
 *
 * The vectors that a row is worked out with are first laid side by side, four channels after four channels, so that one address
 * leads to all of them: `viewVectors` and `gradVectors`, once an image.
 */

import { activate, activateGradient } from "./activate";
import { CONSTANTS, onePlusExp } from "./one-plus-exp";
import { madd } from "./simd";

/** Bytes of the 16 channels of one pixel: one cache line. */
export const PIXEL: usize = 64;

const SILU: i32 = 2;

/** Bytes of the laid out vectors of four channels: scale, shift, gate. */
export const VIEW_BYTES: usize = 48;
/** scale, shift, gate * coefA, spread * coefA, coefB, coefC. */
export const GRAD_BYTES: usize = 96;

// @ts-ignore: decorator
@inline
function loadOr(at: usize, i: usize, absent: f32): v128 {
  return at ? v128.load(at + i) : f32x4.splat(absent);
}

/** Lays a View's vectors ([cp] each, 0: absent) side by side. */
export function viewVectors(scale: usize, shift: usize, gate: usize, cBytes: usize, to: usize): void {
  for (let c: usize = 0; c < cBytes; c += 16, to += VIEW_BYTES) {
    v128.store(to, loadOr(scale, c, 1));
    v128.store(to, loadOr(shift, c, 0), 16);
    v128.store(to, loadOr(gate, c, 1), 32);
  }
}

/** Lays a GradView's vectors ([cp] each, 0: absent) side by side. */
export function gradVectors(
  scale: usize, shift: usize, gate: usize, spread: usize, coefA: usize, coefB: usize, coefC: usize, cBytes: usize, to: usize,
): void {
  for (let c: usize = 0; c < cBytes; c += 16, to += GRAD_BYTES) {
    const a = loadOr(coefA, c, 1);
    v128.store(to, loadOr(scale, c, 1));
    v128.store(to, loadOr(shift, c, 0), 16);
    v128.store(to, f32x4.mul(loadOr(gate, c, 1), a), 32);
    v128.store(to, f32x4.mul(loadOr(spread, c, 0), a), 48);
    v128.store(to, loadOr(coefB, c, 0), 64);
    v128.store(to, loadOr(coefC, c, 0), 80);
  }
}

/**
 * act(x * scale + shift) * gate of `pixels` pixels from x on, the vectors as viewVectors lays them. Tiles are tileBytes apart.
 * gated: whether there is a gate.
 */
export function viewRow(
  x: usize, pixels: usize, cBytes: usize, vectors: usize, gated: bool, act: i32, to: usize, tileBytes: usize,
): void {
  if (act == SILU && !gated) siluRow(x, pixels, cBytes, vectors, to, tileBytes);
  else anyViewRow(x, pixels, cBytes, vectors, act, to, tileBytes);
}

/**
 * The GradView's value of `pixels` pixels from g and y on, the vectors as gradVectors lays them; y is 0 where the gradient
 * doesn't depend on it.
 */
export function gradRow(
  g: usize, y: usize, pixels: usize, cBytes: usize, vectors: usize, act: i32, to: usize, tileBytes: usize,
): void {
  if (act == SILU) siluGradRow(g, y, pixels, cBytes, vectors, to, tileBytes);
  else anyGradRow(g, y, pixels, cBytes, vectors, act, to, tileBytes);
}

function anyViewRow(x: usize, pixels: usize, cBytes: usize, vectors: usize, act: i32, to: usize, tileBytes: usize): void {
  for (; pixels > 0; pixels--, x += cBytes, to += PIXEL) {
    let v = vectors;
    for (let c: usize = 0; c < cBytes; c += 16, v += VIEW_BYTES) {
      const z = madd(v128.load(x + c), v128.load(v), v128.load(v, 16));
      v128.store(placeOf(c, to, tileBytes), f32x4.mul(activate(act, z), v128.load(v, 32)));
    }
  }
}

function anyGradRow(
  g: usize, y: usize, pixels: usize, cBytes: usize, vectors: usize, act: i32, to: usize, tileBytes: usize,
): void {
  for (; pixels > 0; pixels--, g += cBytes, to += PIXEL) {
    let v = vectors;
    for (let c: usize = 0; c < cBytes; c += 16, v += GRAD_BYTES) {
      let d = madd(v128.load(g + c), v128.load(v, 32), v128.load(v, 48));
      if (y) {
        const output = v128.load(y + c);
        if (act) d = f32x4.mul(d, activateGradient(act, madd(output, v128.load(v), v128.load(v, 16))));
        d = f32x4.add(d, madd(output, v128.load(v, 64), v128.load(v, 80)));
      }
      v128.store(placeOf(c, to, tileBytes), d);
    }
    if (y) y += cBytes;
  }
}

// @ts-ignore: decorator
@inline
function placeOf(c: usize, to: usize, tileBytes: usize): usize {
  return to + (c / PIXEL) * tileBytes + (c & 63);
}

function siluRow(x: usize, pixels: usize, cBytes: usize, vectors: usize, to: usize, tileBytes: usize): void {
  const one = v128.load(CONSTANTS), round = v128.load(CONSTANTS, 16), log2 = v128.load(CONSTANTS, 32);
  const high = v128.load(CONSTANTS, 48), low = v128.load(CONSTANTS, 64), c5 = v128.load(CONSTANTS, 80);
  const c4 = v128.load(CONSTANTS, 96), c3 = v128.load(CONSTANTS, 112), c2 = v128.load(CONSTANTS, 128), c1 = v128.load(CONSTANTS, 144);
  for (; pixels > 0; pixels--, to += PIXEL) {
    let v = vectors;
    let tile = to;
    let left = cBytes;
    for (; left >= PIXEL; left -= PIXEL) {
      const z0 = madd(v128.load(x), v128.load(v), v128.load(v, 16));
      v128.store(tile, f32x4.div(z0, onePlusExp(z0, one, round, log2, high, low, c5, c4, c3, c2, c1)));
      const z1 = madd(v128.load(x, 16), v128.load(v, 48), v128.load(v, 64));
      v128.store(tile, f32x4.div(z1, onePlusExp(z1, one, round, log2, high, low, c5, c4, c3, c2, c1)), 16);
      const z2 = madd(v128.load(x, 32), v128.load(v, 96), v128.load(v, 112));
      v128.store(tile, f32x4.div(z2, onePlusExp(z2, one, round, log2, high, low, c5, c4, c3, c2, c1)), 32);
      const z3 = madd(v128.load(x, 48), v128.load(v, 144), v128.load(v, 160));
      v128.store(tile, f32x4.div(z3, onePlusExp(z3, one, round, log2, high, low, c5, c4, c3, c2, c1)), 48);
      x += PIXEL;
      v += 4 * VIEW_BYTES;
      tile += tileBytes;
    }
    for (; left > 0; left -= 16, x += 16, v += VIEW_BYTES, tile += 16) {
      const z = madd(v128.load(x), v128.load(v), v128.load(v, 16));
      v128.store(tile, f32x4.div(z, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1)));
    }
  }
}

// @ts-ignore: decorator
@inline
function siluGrad(
  g: usize, y: usize, v: usize, to: usize,
  one: v128, round: v128, log2: v128, high: v128, low: v128, c5: v128, c4: v128, c3: v128, c2: v128, c1: v128,
): void {
  const output = v128.load(y);
  const z = madd(output, v128.load(v), v128.load(v, 16));
  const s = f32x4.div(one, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1));
  const slope = madd(f32x4.mul(z, s), f32x4.sub(one, s), s);
  const dz = madd(v128.load(g), v128.load(v, 32), v128.load(v, 48));
  v128.store(to, madd(dz, slope, madd(output, v128.load(v, 64), v128.load(v, 80))));
}

function siluGradRow(
  g: usize, y: usize, pixels: usize, cBytes: usize, vectors: usize, to: usize, tileBytes: usize,
): void {
  const one = v128.load(CONSTANTS), round = v128.load(CONSTANTS, 16), log2 = v128.load(CONSTANTS, 32);
  const high = v128.load(CONSTANTS, 48), low = v128.load(CONSTANTS, 64), c5 = v128.load(CONSTANTS, 80);
  const c4 = v128.load(CONSTANTS, 96), c3 = v128.load(CONSTANTS, 112), c2 = v128.load(CONSTANTS, 128), c1 = v128.load(CONSTANTS, 144);
  for (; pixels > 0; pixels--, to += PIXEL) {
    let v = vectors;
    let tile = to;
    let left = cBytes;
    for (; left >= PIXEL; left -= PIXEL) {
      siluGrad(g, y, v, tile, one, round, log2, high, low, c5, c4, c3, c2, c1);
      siluGrad(g + 16, y + 16, v + 96, tile + 16, one, round, log2, high, low, c5, c4, c3, c2, c1);
      siluGrad(g + 32, y + 32, v + 192, tile + 32, one, round, log2, high, low, c5, c4, c3, c2, c1);
      siluGrad(g + 48, y + 48, v + 288, tile + 48, one, round, log2, high, low, c5, c4, c3, c2, c1);
      g += PIXEL;
      y += PIXEL;
      v += 4 * GRAD_BYTES;
      tile += tileBytes;
    }
    for (; left > 0; left -= 16, g += 16, y += 16, v += GRAD_BYTES, tile += 16)
      siluGrad(g, y, v, tile, one, round, log2, high, low, c5, c4, c3, c2, c1);
  }
}
