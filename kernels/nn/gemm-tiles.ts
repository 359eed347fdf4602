/**
 * The tiles of the matrix products: as many accumulators as fit the fifteen vector registers that V8 hands out, one splat, two vectors.
 * Strips hold eight channels a row, rows 32 bytes apart, so one pointer with constant offsets reaches all of a tile's rows; more pointers
 * would not fit the registers. Written out because the compiler has no macros; Binaryen's -O3 reorders these sums and spills half of them,
 * so the build uses -O2.
 */

import { madd } from "./simd";

/** C = init + A * B for six rows and eight columns: A from strips `aStep` bytes apart, k a multiple of four, B's panel [k][8]. */
export function tile6x8(
  a: usize,
  aStep: usize,
  b: usize,
  k: i32,
  init: usize,
  initStride: usize,
  c: usize,
  cStride: usize,
): void {
  let c0a = v128.load(init);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init);
  let c5b = v128.load(init, 16);
  let step: usize = 16;
  for (; k > 0; k -= 4) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 32);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 64);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 96);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 128);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 160);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 36);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 68);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 100);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 132);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 164);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 40);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 72);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 104);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 136);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 168);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 44);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 76);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 108);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 140);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 172);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    a += step;
    step = aStep - step;
    b += 128;
  }
  v128.store(c, c0a);
  v128.store(c, c0b, 16);
  c += cStride;
  v128.store(c, c1a);
  v128.store(c, c1b, 16);
  c += cStride;
  v128.store(c, c2a);
  v128.store(c, c2b, 16);
  c += cStride;
  v128.store(c, c3a);
  v128.store(c, c3b, 16);
  c += cStride;
  v128.store(c, c4a);
  v128.store(c, c4b, 16);
  c += cStride;
  v128.store(c, c5a);
  v128.store(c, c5b, 16);
}

/** Twelve rows by four columns; B's panel [k][4]. */
export function tile12x4(
  a: usize,
  aStep: usize,
  b: usize,
  k: i32,
  init: usize,
  initStride: usize,
  c: usize,
  cStride: usize,
): void {
  let c0a = v128.load(init);
  init += initStride;
  let c1a = v128.load(init);
  init += initStride;
  let c2a = v128.load(init);
  init += initStride;
  let c3a = v128.load(init);
  init += initStride;
  let c4a = v128.load(init);
  init += initStride;
  let c5a = v128.load(init);
  init += initStride;
  let c6a = v128.load(init);
  init += initStride;
  let c7a = v128.load(init);
  init += initStride;
  let c8a = v128.load(init);
  init += initStride;
  let c9a = v128.load(init);
  init += initStride;
  let c10a = v128.load(init);
  init += initStride;
  let c11a = v128.load(init);
  let step: usize = 16;
  for (; k > 0; k -= 4) {
    let b0 = v128.load(b);
    let s = v128.load32_splat(a);
    c0a = madd(s, b0, c0a);
    s = v128.load32_splat(a, 32);
    c1a = madd(s, b0, c1a);
    s = v128.load32_splat(a, 64);
    c2a = madd(s, b0, c2a);
    s = v128.load32_splat(a, 96);
    c3a = madd(s, b0, c3a);
    s = v128.load32_splat(a, 128);
    c4a = madd(s, b0, c4a);
    s = v128.load32_splat(a, 160);
    c5a = madd(s, b0, c5a);
    s = v128.load32_splat(a, 192);
    c6a = madd(s, b0, c6a);
    s = v128.load32_splat(a, 224);
    c7a = madd(s, b0, c7a);
    s = v128.load32_splat(a, 256);
    c8a = madd(s, b0, c8a);
    s = v128.load32_splat(a, 288);
    c9a = madd(s, b0, c9a);
    s = v128.load32_splat(a, 320);
    c10a = madd(s, b0, c10a);
    s = v128.load32_splat(a, 352);
    c11a = madd(s, b0, c11a);
    b0 = v128.load(b, 16);
    s = v128.load32_splat(a, 4);
    c0a = madd(s, b0, c0a);
    s = v128.load32_splat(a, 36);
    c1a = madd(s, b0, c1a);
    s = v128.load32_splat(a, 68);
    c2a = madd(s, b0, c2a);
    s = v128.load32_splat(a, 100);
    c3a = madd(s, b0, c3a);
    s = v128.load32_splat(a, 132);
    c4a = madd(s, b0, c4a);
    s = v128.load32_splat(a, 164);
    c5a = madd(s, b0, c5a);
    s = v128.load32_splat(a, 196);
    c6a = madd(s, b0, c6a);
    s = v128.load32_splat(a, 228);
    c7a = madd(s, b0, c7a);
    s = v128.load32_splat(a, 260);
    c8a = madd(s, b0, c8a);
    s = v128.load32_splat(a, 292);
    c9a = madd(s, b0, c9a);
    s = v128.load32_splat(a, 324);
    c10a = madd(s, b0, c10a);
    s = v128.load32_splat(a, 356);
    c11a = madd(s, b0, c11a);
    b0 = v128.load(b, 32);
    s = v128.load32_splat(a, 8);
    c0a = madd(s, b0, c0a);
    s = v128.load32_splat(a, 40);
    c1a = madd(s, b0, c1a);
    s = v128.load32_splat(a, 72);
    c2a = madd(s, b0, c2a);
    s = v128.load32_splat(a, 104);
    c3a = madd(s, b0, c3a);
    s = v128.load32_splat(a, 136);
    c4a = madd(s, b0, c4a);
    s = v128.load32_splat(a, 168);
    c5a = madd(s, b0, c5a);
    s = v128.load32_splat(a, 200);
    c6a = madd(s, b0, c6a);
    s = v128.load32_splat(a, 232);
    c7a = madd(s, b0, c7a);
    s = v128.load32_splat(a, 264);
    c8a = madd(s, b0, c8a);
    s = v128.load32_splat(a, 296);
    c9a = madd(s, b0, c9a);
    s = v128.load32_splat(a, 328);
    c10a = madd(s, b0, c10a);
    s = v128.load32_splat(a, 360);
    c11a = madd(s, b0, c11a);
    b0 = v128.load(b, 48);
    s = v128.load32_splat(a, 12);
    c0a = madd(s, b0, c0a);
    s = v128.load32_splat(a, 44);
    c1a = madd(s, b0, c1a);
    s = v128.load32_splat(a, 76);
    c2a = madd(s, b0, c2a);
    s = v128.load32_splat(a, 108);
    c3a = madd(s, b0, c3a);
    s = v128.load32_splat(a, 140);
    c4a = madd(s, b0, c4a);
    s = v128.load32_splat(a, 172);
    c5a = madd(s, b0, c5a);
    s = v128.load32_splat(a, 204);
    c6a = madd(s, b0, c6a);
    s = v128.load32_splat(a, 236);
    c7a = madd(s, b0, c7a);
    s = v128.load32_splat(a, 268);
    c8a = madd(s, b0, c8a);
    s = v128.load32_splat(a, 300);
    c9a = madd(s, b0, c9a);
    s = v128.load32_splat(a, 332);
    c10a = madd(s, b0, c10a);
    s = v128.load32_splat(a, 364);
    c11a = madd(s, b0, c11a);
    a += step;
    step = aStep - step;
    b += 64;
  }
  v128.store(c, c0a);
  c += cStride;
  v128.store(c, c1a);
  c += cStride;
  v128.store(c, c2a);
  c += cStride;
  v128.store(c, c3a);
  c += cStride;
  v128.store(c, c4a);
  c += cStride;
  v128.store(c, c5a);
  c += cStride;
  v128.store(c, c6a);
  c += cStride;
  v128.store(c, c7a);
  c += cStride;
  v128.store(c, c8a);
  c += cStride;
  v128.store(c, c9a);
  c += cStride;
  v128.store(c, c10a);
  c += cStride;
  v128.store(c, c11a);
}

/** out = init + D^T * A over rows 32 bytes apart: four channels of D by eight of A. */
export function outer4x8(
  d: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init);
  let c3b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d, 32);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 36);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 40);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 44);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    d += 64;
    a += 64;
  }
  if (rows > 0) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
  }
  v128.store(out, c0a);
  v128.store(out, c0b, 16);
  v128.store(out, c1a, 32);
  v128.store(out, c1b, 48);
  v128.store(out, c2a, 64);
  v128.store(out, c2b, 80);
  v128.store(out, c3a, 96);
  v128.store(out, c3b, 112);
}

/** Six channels of one strip of D by eight of A. */
export function outer6x8(
  d: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init);
  let c5b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d, 16);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d, 20);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d, 32);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 36);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 40);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 44);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d, 48);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d, 52);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    d += 64;
    a += 64;
  }
  if (rows > 0) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d, 16);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d, 20);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
  }
  v128.store(out, c0a);
  v128.store(out, c0b, 16);
  v128.store(out, c1a, 32);
  v128.store(out, c1b, 48);
  v128.store(out, c2a, 64);
  v128.store(out, c2b, 80);
  v128.store(out, c3a, 96);
  v128.store(out, c3b, 112);
  v128.store(out, c4a, 128);
  v128.store(out, c4b, 144);
  v128.store(out, c5a, 160);
  v128.store(out, c5b, 176);
}

/** The last two channels of one strip at `d`, four of the next at `e`. */
export function outer2and4x8(
  d: usize,
  e: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init);
  let c5b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(e);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(e, 4);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e, 8);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 12);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d, 32);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 36);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(e, 32);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(e, 36);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e, 40);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 44);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    d += 64;
    e += 64;
    a += 64;
  }
  if (rows > 0) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(e);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(e, 4);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e, 8);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 12);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
  }
  v128.store(out, c0a);
  v128.store(out, c0b, 16);
  v128.store(out, c1a, 32);
  v128.store(out, c1b, 48);
  v128.store(out, c2a, 64);
  v128.store(out, c2b, 80);
  v128.store(out, c3a, 96);
  v128.store(out, c3b, 112);
  v128.store(out, c4a, 128);
  v128.store(out, c4b, 144);
  v128.store(out, c5a, 160);
  v128.store(out, c5b, 176);
}

/** The last four channels of one strip at `d`, two of the next at `e`. */
export function outer4and2x8(
  d: usize,
  e: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init);
  let c5b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 4);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d, 32);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 36);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 40);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 44);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e, 32);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 36);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
    d += 64;
    e += 64;
    a += 64;
  }
  if (rows > 0) {
    let b0 = v128.load(a);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d);
    c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d, 4);
    c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d, 8);
    c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d, 12);
    c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
    s = v128.load32_splat(e);
    c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
    s = v128.load32_splat(e, 4);
    c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
  }
  v128.store(out, c0a);
  v128.store(out, c0b, 16);
  v128.store(out, c1a, 32);
  v128.store(out, c1b, 48);
  v128.store(out, c2a, 64);
  v128.store(out, c2b, 80);
  v128.store(out, c3a, 96);
  v128.store(out, c3b, 112);
  v128.store(out, c4a, 128);
  v128.store(out, c4b, 144);
  v128.store(out, c5a, 160);
  v128.store(out, c5b, 176);
}
