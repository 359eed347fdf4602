/**
 * The tiles of gemm-tiles.ts for rows of A that lie in `count` pieces of `k` floats (a multiple of four, at most eight), rows 32 bytes apart.
 * On their own: one loop more makes the shallow products of the others slower by a twentieth.
 */

import { madd } from "./simd";

/** C = init + A * B for six rows and eight columns, B's panel [count * k][8]. A row's n-th piece begins `taps[n]` bytes after the row. */
export function tapsTile6x8(
  a: usize,
  taps: usize,
  count: i32,
  k: i32,
  b: usize,
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
  for (; count > 0; count--) {
    let at = a + load<u32>(taps);
    taps += 4;
    for (let left = k; left > 0; left -= 4) {
      let b0 = v128.load(b);
      let b1 = v128.load(b, 16);
      let s = v128.load32_splat(at);
      c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
      s = v128.load32_splat(at, 32);
      c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
      s = v128.load32_splat(at, 64);
      c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
      s = v128.load32_splat(at, 96);
      c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
      s = v128.load32_splat(at, 128);
      c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
      s = v128.load32_splat(at, 160);
      c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
      b0 = v128.load(b, 32);
      b1 = v128.load(b, 48);
      s = v128.load32_splat(at, 4);
      c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
      s = v128.load32_splat(at, 36);
      c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
      s = v128.load32_splat(at, 68);
      c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
      s = v128.load32_splat(at, 100);
      c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
      s = v128.load32_splat(at, 132);
      c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
      s = v128.load32_splat(at, 164);
      c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
      b0 = v128.load(b, 64);
      b1 = v128.load(b, 80);
      s = v128.load32_splat(at, 8);
      c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
      s = v128.load32_splat(at, 40);
      c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
      s = v128.load32_splat(at, 72);
      c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
      s = v128.load32_splat(at, 104);
      c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
      s = v128.load32_splat(at, 136);
      c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
      s = v128.load32_splat(at, 168);
      c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
      b0 = v128.load(b, 96);
      b1 = v128.load(b, 112);
      s = v128.load32_splat(at, 12);
      c0a = madd(s, b0, c0a); c0b = madd(s, b1, c0b);
      s = v128.load32_splat(at, 44);
      c1a = madd(s, b0, c1a); c1b = madd(s, b1, c1b);
      s = v128.load32_splat(at, 76);
      c2a = madd(s, b0, c2a); c2b = madd(s, b1, c2b);
      s = v128.load32_splat(at, 108);
      c3a = madd(s, b0, c3a); c3b = madd(s, b1, c3b);
      s = v128.load32_splat(at, 140);
      c4a = madd(s, b0, c4a); c4b = madd(s, b1, c4b);
      s = v128.load32_splat(at, 172);
      c5a = madd(s, b0, c5a); c5b = madd(s, b1, c5b);
      at += 16;
      b += 128;
    }
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

/** Twelve rows by four columns; B's panel [count * k][4]. */
export function tapsTile12x4(
  a: usize,
  taps: usize,
  count: i32,
  k: i32,
  b: usize,
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
  for (; count > 0; count--) {
    let at = a + load<u32>(taps);
    taps += 4;
    for (let left = k; left > 0; left -= 4) {
      let b0 = v128.load(b);
      let s = v128.load32_splat(at);
      c0a = madd(s, b0, c0a);
      s = v128.load32_splat(at, 32);
      c1a = madd(s, b0, c1a);
      s = v128.load32_splat(at, 64);
      c2a = madd(s, b0, c2a);
      s = v128.load32_splat(at, 96);
      c3a = madd(s, b0, c3a);
      s = v128.load32_splat(at, 128);
      c4a = madd(s, b0, c4a);
      s = v128.load32_splat(at, 160);
      c5a = madd(s, b0, c5a);
      s = v128.load32_splat(at, 192);
      c6a = madd(s, b0, c6a);
      s = v128.load32_splat(at, 224);
      c7a = madd(s, b0, c7a);
      s = v128.load32_splat(at, 256);
      c8a = madd(s, b0, c8a);
      s = v128.load32_splat(at, 288);
      c9a = madd(s, b0, c9a);
      s = v128.load32_splat(at, 320);
      c10a = madd(s, b0, c10a);
      s = v128.load32_splat(at, 352);
      c11a = madd(s, b0, c11a);
      b0 = v128.load(b, 16);
      s = v128.load32_splat(at, 4);
      c0a = madd(s, b0, c0a);
      s = v128.load32_splat(at, 36);
      c1a = madd(s, b0, c1a);
      s = v128.load32_splat(at, 68);
      c2a = madd(s, b0, c2a);
      s = v128.load32_splat(at, 100);
      c3a = madd(s, b0, c3a);
      s = v128.load32_splat(at, 132);
      c4a = madd(s, b0, c4a);
      s = v128.load32_splat(at, 164);
      c5a = madd(s, b0, c5a);
      s = v128.load32_splat(at, 196);
      c6a = madd(s, b0, c6a);
      s = v128.load32_splat(at, 228);
      c7a = madd(s, b0, c7a);
      s = v128.load32_splat(at, 260);
      c8a = madd(s, b0, c8a);
      s = v128.load32_splat(at, 292);
      c9a = madd(s, b0, c9a);
      s = v128.load32_splat(at, 324);
      c10a = madd(s, b0, c10a);
      s = v128.load32_splat(at, 356);
      c11a = madd(s, b0, c11a);
      b0 = v128.load(b, 32);
      s = v128.load32_splat(at, 8);
      c0a = madd(s, b0, c0a);
      s = v128.load32_splat(at, 40);
      c1a = madd(s, b0, c1a);
      s = v128.load32_splat(at, 72);
      c2a = madd(s, b0, c2a);
      s = v128.load32_splat(at, 104);
      c3a = madd(s, b0, c3a);
      s = v128.load32_splat(at, 136);
      c4a = madd(s, b0, c4a);
      s = v128.load32_splat(at, 168);
      c5a = madd(s, b0, c5a);
      s = v128.load32_splat(at, 200);
      c6a = madd(s, b0, c6a);
      s = v128.load32_splat(at, 232);
      c7a = madd(s, b0, c7a);
      s = v128.load32_splat(at, 264);
      c8a = madd(s, b0, c8a);
      s = v128.load32_splat(at, 296);
      c9a = madd(s, b0, c9a);
      s = v128.load32_splat(at, 328);
      c10a = madd(s, b0, c10a);
      s = v128.load32_splat(at, 360);
      c11a = madd(s, b0, c11a);
      b0 = v128.load(b, 48);
      s = v128.load32_splat(at, 12);
      c0a = madd(s, b0, c0a);
      s = v128.load32_splat(at, 44);
      c1a = madd(s, b0, c1a);
      s = v128.load32_splat(at, 76);
      c2a = madd(s, b0, c2a);
      s = v128.load32_splat(at, 108);
      c3a = madd(s, b0, c3a);
      s = v128.load32_splat(at, 140);
      c4a = madd(s, b0, c4a);
      s = v128.load32_splat(at, 172);
      c5a = madd(s, b0, c5a);
      s = v128.load32_splat(at, 204);
      c6a = madd(s, b0, c6a);
      s = v128.load32_splat(at, 236);
      c7a = madd(s, b0, c7a);
      s = v128.load32_splat(at, 268);
      c8a = madd(s, b0, c8a);
      s = v128.load32_splat(at, 300);
      c9a = madd(s, b0, c9a);
      s = v128.load32_splat(at, 332);
      c10a = madd(s, b0, c10a);
      s = v128.load32_splat(at, 364);
      c11a = madd(s, b0, c11a);
      at += 16;
      b += 64;
    }
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
