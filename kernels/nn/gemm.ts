/**
 * Matrix products over a chunk of rows that lies in cache. Both products read chunks in strips of eight channels, [channels/8][rows][8]
 * with `aStep` bytes from strip to strip: a tile's rows then stand side by side and need one pointer.
 * Twelve accumulators, two vectors of the other matrix and one splat fill the fifteen registers that V8 hands out.
 */

import { madd } from "./simd";

/** Deepest sum of one tile, so that a panel of the second matrix (12 kB) stays in the first cache. */
const DEPTH: i32 = 384;

/** What a product starts from: zeros (64 bytes at `init`), a row that all rows share, or what C holds. */
export const FROM_ZERO: i32 = 0;
export const FROM_ROW: i32 = 1;
export const FROM_C: i32 = 2;

/** Six rows by eight columns; k a multiple of four, `b` its panel [k][8]. */
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
  let c0a = v128.load(init, 0);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init, 0);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init, 0);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init, 0);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init, 0);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init, 0);
  let c5b = v128.load(init, 16);
  let step: usize = 16;
  for (; k > 0; k -= 4) {
    let b0 = v128.load(b, 0);
    let b1 = v128.load(b, 16);
    let s = v128.load32_splat(a, 0);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 32);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 64);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 96);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 128);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 160);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load32_splat(a, 4);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 36);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 68);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 100);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 132);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 164);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    s = v128.load32_splat(a, 8);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 40);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 72);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 104);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 136);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 168);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    s = v128.load32_splat(a, 12);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(a, 44);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(a, 76);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(a, 108);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(a, 140);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(a, 172);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    a += step;
    step = aStep - step;
    b += 128;
  }
  v128.store(c, c0a, 0);
  v128.store(c, c0b, 16);
  c += cStride;
  v128.store(c, c1a, 0);
  v128.store(c, c1b, 16);
  c += cStride;
  v128.store(c, c2a, 0);
  v128.store(c, c2b, 16);
  c += cStride;
  v128.store(c, c3a, 0);
  v128.store(c, c3b, 16);
  c += cStride;
  v128.store(c, c4a, 0);
  v128.store(c, c4b, 16);
  c += cStride;
  v128.store(c, c5a, 0);
  v128.store(c, c5b, 16);
}

/** Twelve rows by four columns; `b` its panel [k][4]. */
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
  let c0a = v128.load(init, 0);
  init += initStride;
  let c1a = v128.load(init, 0);
  init += initStride;
  let c2a = v128.load(init, 0);
  init += initStride;
  let c3a = v128.load(init, 0);
  init += initStride;
  let c4a = v128.load(init, 0);
  init += initStride;
  let c5a = v128.load(init, 0);
  init += initStride;
  let c6a = v128.load(init, 0);
  init += initStride;
  let c7a = v128.load(init, 0);
  init += initStride;
  let c8a = v128.load(init, 0);
  init += initStride;
  let c9a = v128.load(init, 0);
  init += initStride;
  let c10a = v128.load(init, 0);
  init += initStride;
  let c11a = v128.load(init, 0);
  let step: usize = 16;
  for (; k > 0; k -= 4) {
    let b0 = v128.load(b, 0);
    let s = v128.load32_splat(a, 0);
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
  v128.store(c, c0a, 0);
  c += cStride;
  v128.store(c, c1a, 0);
  c += cStride;
  v128.store(c, c2a, 0);
  c += cStride;
  v128.store(c, c3a, 0);
  c += cStride;
  v128.store(c, c4a, 0);
  c += cStride;
  v128.store(c, c5a, 0);
  c += cStride;
  v128.store(c, c6a, 0);
  c += cStride;
  v128.store(c, c7a, 0);
  c += cStride;
  v128.store(c, c8a, 0);
  c += cStride;
  v128.store(c, c9a, 0);
  c += cStride;
  v128.store(c, c10a, 0);
  c += cStride;
  v128.store(c, c11a, 0);
}

function copyRows(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    v128.store(to, v128.load(from));
    if (width == 8) v128.store(to, v128.load(from, 16), 16);
    from += fromStride;
    to += toStride;
  }
}

/** The columns [column, column + width) of C = A * B, width 8 or 4; `b` is their panel, [k][width]. `temp` holds 12 x 8 floats. */
export function multiplyPanel(
  a: usize,
  aStep: usize,
  rows: i32,
  k: i32,
  b: usize,
  width: i32,
  from: i32,
  init: usize,
  c: usize,
  cStride: usize,
  temp: usize,
): void {
  const tileRows = width == 8 ? 6 : 12;
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(k - k0, DEPTH);
    const aAt = a + <usize>(k0 >> 3) * aStep;
    const bAt = b + (<usize>(k0 * width) << 2);
    const add = from == FROM_C || k0 > 0;
    for (let r = 0; r < rows; r += tileRows) {
      const aRow = aAt + (<usize>r << 5);
      const cRow = c + <usize>r * cStride;
      const left = rows - r;
      if (left >= tileRows) {
        const start = add ? cRow : init;
        const stride = add ? cStride : 0;
        if (width == 8) tile6x8(aRow, aStep, bAt, depth, start, stride, cRow, cStride);
        else tile12x4(aRow, aStep, bAt, depth, start, stride, cRow, cStride);
      } else {
        if (add) copyRows(cRow, cStride, temp, 32, left, width);
        const start = add ? temp : init;
        const stride: usize = add ? 32 : 0;
        if (width == 8) tile6x8(aRow, aStep, bAt, depth, start, stride, temp, 32);
        else tile12x4(aRow, aStep, bAt, depth, start, stride, temp, 32);
        copyRows(temp, 32, cRow, cStride, left, width);
      }
    }
  }
}

/** C = A * B for n columns, a multiple of four; B in panels [n/8][k][8], the last one [k][4] where four columns are left. */
export function multiply(
  a: usize,
  aStep: usize,
  rows: i32,
  k: i32,
  b: usize,
  n: i32,
  from: i32,
  init: usize,
  c: usize,
  cStride: usize,
  temp: usize,
): void {
  for (let column = 0; column < n; column += 8) {
    multiplyPanel(
      a,
      aStep,
      rows,
      k,
      b + (<usize>column * <usize>k << 2),
      min(8, n - column),
      from,
      from == FROM_ROW ? init + (<usize>column << 2) : init,
      c + (<usize>column << 2),
      cStride,
      temp,
    );
  }
}

/** Six channels of D by eight of A, summed over rows 32 bytes apart. */
function outer6x8(
  d0: usize,
  d1: usize,
  d2: usize,
  d3: usize,
  d4: usize,
  d5: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init, 0);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init, 0);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init, 0);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init, 0);
  let c3b = v128.load(init, 16);
  init += initStride;
  let c4a = v128.load(init, 0);
  let c4b = v128.load(init, 16);
  init += initStride;
  let c5a = v128.load(init, 0);
  let c5b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a, 0);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d0, 0);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 0);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 0);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 0);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d4, 0);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d5, 0);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d0, 32);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 32);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 32);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 32);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d4, 32);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d5, 32);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    d0 += 64;
    d1 += 64;
    d2 += 64;
    d3 += 64;
    d4 += 64;
    d5 += 64;
    a += 64;
  }
  for (; rows > 0; rows--) {
    let b0 = v128.load(a, 0);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d0, 0);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 0);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 0);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 0);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    s = v128.load32_splat(d4, 0);
    c4a = madd(s, b0, c4a);
    c4b = madd(s, b1, c4b);
    s = v128.load32_splat(d5, 0);
    c5a = madd(s, b0, c5a);
    c5b = madd(s, b1, c5b);
    d0 += 32;
    d1 += 32;
    d2 += 32;
    d3 += 32;
    d4 += 32;
    d5 += 32;
    a += 32;
  }
  v128.store(out, c0a, 0);
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

/** The same for four channels of D. */
function outer4x8(
  d0: usize,
  d1: usize,
  d2: usize,
  d3: usize,
  a: usize,
  rows: i32,
  init: usize,
  initStride: usize,
  out: usize,
): void {
  let c0a = v128.load(init, 0);
  let c0b = v128.load(init, 16);
  init += initStride;
  let c1a = v128.load(init, 0);
  let c1b = v128.load(init, 16);
  init += initStride;
  let c2a = v128.load(init, 0);
  let c2b = v128.load(init, 16);
  init += initStride;
  let c3a = v128.load(init, 0);
  let c3b = v128.load(init, 16);
  for (; rows >= 2; rows -= 2) {
    let b0 = v128.load(a, 0);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d0, 0);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 0);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 0);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 0);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    b0 = v128.load(a, 32);
    b1 = v128.load(a, 48);
    s = v128.load32_splat(d0, 32);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 32);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 32);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 32);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    d0 += 64;
    d1 += 64;
    d2 += 64;
    d3 += 64;
    a += 64;
  }
  for (; rows > 0; rows--) {
    let b0 = v128.load(a, 0);
    let b1 = v128.load(a, 16);
    let s = v128.load32_splat(d0, 0);
    c0a = madd(s, b0, c0a);
    c0b = madd(s, b1, c0b);
    s = v128.load32_splat(d1, 0);
    c1a = madd(s, b0, c1a);
    c1b = madd(s, b1, c1b);
    s = v128.load32_splat(d2, 0);
    c2a = madd(s, b0, c2a);
    c2b = madd(s, b1, c2b);
    s = v128.load32_splat(d3, 0);
    c3a = madd(s, b0, c3a);
    c3b = madd(s, b1, c3b);
    d0 += 32;
    d1 += 32;
    d2 += 32;
    d3 += 32;
    a += 32;
  }
  v128.store(out, c0a, 0);
  v128.store(out, c0b, 16);
  v128.store(out, c1a, 32);
  v128.store(out, c1b, 48);
  v128.store(out, c2a, 64);
  v128.store(out, c2b, 80);
  v128.store(out, c3a, 96);
  v128.store(out, c3b, 112);
}

// @ts-ignore: decorator
@inline
function channelAt(strips: usize, step: usize, channel: i32): usize {
  return strips + <usize>(channel >> 3) * step + (<usize>(channel & 7) << 2);
}

/**
 * out (= or +=) D^T * A, D of dn and A of an channels (multiples of four) over the same rows; out is [an/8][dn][8]: lanes past `an` hold nothing
 * of meaning. `zeros` is 32 bytes of zeros.
 */
export function multiplyTransposed(
  d: usize,
  dStep: usize,
  dn: i32,
  a: usize,
  aStep: usize,
  an: i32,
  rows: i32,
  add: bool,
  zeros: usize,
  out: usize,
): void {
  const sixes = dn % 6 == 2 ? dn - 8 : dn - (dn % 6);
  const stride: usize = add ? 32 : 0;
  for (let strip = 0; strip < an; strip += 8) {
    let i = 0;
    for (; i < sixes; i += 6) {
      outer6x8(
        channelAt(d, dStep, i),
        channelAt(d, dStep, i + 1),
        channelAt(d, dStep, i + 2),
        channelAt(d, dStep, i + 3),
        channelAt(d, dStep, i + 4),
        channelAt(d, dStep, i + 5),
        a,
        rows,
        add ? out : zeros,
        stride,
        out,
      );
      out += 192;
    }
    for (; i < dn; i += 4) {
      const at = channelAt(d, dStep, i);
      outer4x8(at, at + 4, at + 8, at + 12, a, rows, add ? out : zeros, stride, out);
      out += 128;
    }
    a += aStep;
  }
}
