/**
 * The gradient of act(z), z = x * scale + shift, taken on to z while the row is at hand: dz = d * act'(z). With it the batch norm below has its two
 * sums (dz, and dz times x's distance from the mean), and the weights' gradient its input act(z); each activation is computed once for all.
 */

import { activate, activateGradient } from "./activate";
import { PIXEL, VIEW_BYTES } from "./depthwise-rows";
import { CONSTANTS } from "./one-plus-exp";
import { madd } from "./simd";

const SILU: i32 = 2;

/**
 * One row of one tile. x and dz: cBytes from pixel to pixel; d and value (which receives act(z)): tiles. vectors: scale, shift and
 * mean of the tile as viewVectors lays them; sum and product: [16], added to; lanes: bytes of the tile's channels.
 */
export function throughActivation(
  act: i32, x: usize, cBytes: usize, pixels: i32, vectors: usize, d: usize, value: usize, dz: usize, sum: usize, product: usize, lanes: usize,
): void {
  if (act == SILU && lanes == PIXEL) {
    wholeSiluTile(x, cBytes, pixels, vectors, d, value, dz, sum, product);
    return;
  }
  for (let lane: usize = 0; lane < lanes; lane += 16, vectors += VIEW_BYTES) {
    if (act == SILU) oneVector(SILU, x + lane, cBytes, pixels, vectors, d + lane, value + lane, dz + lane, sum + lane, product + lane);
    else oneVector(act, x + lane, cBytes, pixels, vectors, d + lane, value + lane, dz + lane, sum + lane, product + lane);
  }
}

// @ts-ignore: decorator
@inline
function oneVector(
  act: i32, x: usize, cBytes: usize, pixels: i32, vectors: usize, d: usize, value: usize, dz: usize, sum: usize, product: usize,
): void {
  const scale = v128.load(vectors), shift = v128.load(vectors, 16), mean = v128.load(vectors, 32);
  let s = v128.load(sum), p = v128.load(product);
  for (; pixels > 0; pixels--, x += cBytes, dz += cBytes, d += PIXEL, value += PIXEL) {
    const from = v128.load(x);
    const z = madd(from, scale, shift);
    const g = f32x4.mul(v128.load(d), activateGradient(act, z));
    v128.store(value, activate(act, z));
    v128.store(dz, g);
    s = f32x4.add(s, g);
    p = madd(g, f32x4.sub(from, mean), p);
  }
  v128.store(sum, s);
  v128.store(product, p);
}

/** A pixel's four vectors together, so that they share each constant that is loaded. */
function wholeSiluTile(
  x: usize, cBytes: usize, pixels: i32, vectors: usize, d: usize, value: usize, dz: usize, sum: usize, product: usize,
): void {
  for (; pixels > 0; pixels--, x += cBytes, dz += cBytes, d += PIXEL, value += PIXEL) {
    let t0 = madd(v128.load(x), v128.load(vectors), v128.load(vectors, 16));
    let t1 = madd(v128.load(x, 16), v128.load(vectors, 48), v128.load(vectors, 64));
    let t2 = madd(v128.load(x, 32), v128.load(vectors, 96), v128.load(vectors, 112));
    let t3 = madd(v128.load(x, 48), v128.load(vectors, 144), v128.load(vectors, 160));
    v128.store(value, t0);
    v128.store(value, t1, 16);
    v128.store(value, t2, 32);
    v128.store(value, t3, 48);
    let k = v128.load(CONSTANTS, 48);
    t0 = f32x4.pmin(t0, k); t1 = f32x4.pmin(t1, k); t2 = f32x4.pmin(t2, k); t3 = f32x4.pmin(t3, k);
    k = v128.load(CONSTANTS, 64);
    t0 = f32x4.pmax(t0, k); t1 = f32x4.pmax(t1, k); t2 = f32x4.pmax(t2, k); t3 = f32x4.pmax(t3, k);
    k = v128.load(CONSTANTS, 32);
    let round = v128.load(CONSTANTS, 16);
    let n0 = madd(t0, k, round), n1 = madd(t1, k, round), n2 = madd(t2, k, round), n3 = madd(t3, k, round);
    t0 = madd(t0, k, f32x4.sub(round, n0));
    t1 = madd(t1, k, f32x4.sub(round, n1));
    t2 = madd(t2, k, f32x4.sub(round, n2));
    t3 = madd(t3, k, f32x4.sub(round, n3));
    n0 = i32x4.shl(n0, 23); n1 = i32x4.shl(n1, 23); n2 = i32x4.shl(n2, 23); n3 = i32x4.shl(n3, 23);
    k = v128.load(CONSTANTS, 80);
    round = v128.load(CONSTANTS, 96);
    let p0 = madd(k, t0, round), p1 = madd(k, t1, round), p2 = madd(k, t2, round), p3 = madd(k, t3, round);
    k = v128.load(CONSTANTS, 112);
    p0 = madd(p0, t0, k); p1 = madd(p1, t1, k); p2 = madd(p2, t2, k); p3 = madd(p3, t3, k);
    k = v128.load(CONSTANTS, 128);
    p0 = madd(p0, t0, k); p1 = madd(p1, t1, k); p2 = madd(p2, t2, k); p3 = madd(p3, t3, k);
    k = v128.load(CONSTANTS, 144);
    p0 = madd(p0, t0, k); p1 = madd(p1, t1, k); p2 = madd(p2, t2, k); p3 = madd(p3, t3, k);
    k = v128.load(CONSTANTS);
    p0 = madd(p0, t0, k); p1 = madd(p1, t1, k); p2 = madd(p2, t2, k); p3 = madd(p3, t3, k);
    p0 = f32x4.div(k, f32x4.add(k, i32x4.add(p0, n0)));
    p1 = f32x4.div(k, f32x4.add(k, i32x4.add(p1, n1)));
    p2 = f32x4.div(k, f32x4.add(k, i32x4.add(p2, n2)));
    p3 = f32x4.div(k, f32x4.add(k, i32x4.add(p3, n3)));
    finish(p0, k, x, vectors, d, value, dz, sum, product);
    finish(p1, k, x + 16, vectors + 48, d + 16, value + 16, dz + 16, sum + 16, product + 16);
    finish(p2, k, x + 32, vectors + 96, d + 32, value + 32, dz + 32, sum + 32, product + 32);
    finish(p3, k, x + 48, vectors + 144, d + 48, value + 48, dz + 48, sum + 48, product + 48);
  }
}

/** s: the sigmoid of the z that stands at `value`. */
// @ts-ignore: decorator
@inline
function finish(s: v128, one: v128, x: usize, vectors: usize, d: usize, value: usize, dz: usize, sum: usize, product: usize): void {
  const silu = f32x4.mul(v128.load(value), s);
  const g = f32x4.mul(v128.load(d), madd(silu, f32x4.sub(one, s), s));
  v128.store(value, silu);
  v128.store(dz, g);
  v128.store(sum, f32x4.add(v128.load(sum), g));
  v128.store(product, madd(g, f32x4.sub(v128.load(x), v128.load(vectors, 32)), v128.load(product)));
}
