/**
 * Matrix products over a chunk of rows that lies in cache. Both products read chunks in strips of eight channels, [channels/8][rows][8]
 * with `aStep` bytes from strip to strip.
 */

import { tapsTile12x4, tapsTile6x8 } from "./gemm-taps";
import { outer2and4x8, outer4and2x8, outer4x8, outer6x8, tile12x4, tile6x8 } from "./gemm-tiles";

/** Deepest sum of one tile, so that a panel of the second matrix (12 kB) stays in the first cache. */
const DEPTH: i32 = 384;

/** What a product starts from: zeros (64 bytes at `init`), a row that all rows share, or what C holds. */
export const FROM_ZERO: i32 = 0;
export const FROM_ROW: i32 = 1;
export const FROM_C: i32 = 2;

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

/**
 * multiplyPanel where a row of A lies in `count` pieces of `k` floats, at most eight: the n-th of row r at a + taps[n] + 32 r, taps
 * being bytes.
 */
export function multiplyTaps(
  a: usize,
  taps: usize,
  count: i32,
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
  const add = from == FROM_C;
  for (let r = 0; r < rows; r += tileRows) {
    const aRow = a + (<usize>r << 5);
    const cRow = c + <usize>r * cStride;
    const left = rows - r;
    const whole = left >= tileRows;
    if (!whole && add) copyRows(cRow, cStride, temp, 32, left, width);
    const out = whole ? cRow : temp;
    const outStride = whole ? cStride : 32;
    const start = add ? out : init;
    const stride = add ? outStride : 0;
    if (width == 8) tapsTile6x8(aRow, taps, count, k, b, start, stride, out, outStride);
    else tapsTile12x4(aRow, taps, count, k, b, start, stride, out, outStride);
    if (!whole) copyRows(temp, 32, cRow, cStride, left, width);
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

/** out (= or +=) D^T * A, D of dn channels (a multiple of four), A one strip of the same rows; out is [dn][8]. `zeros` is 32 bytes of zeros. */
export function multiplyTransposedStrip(
  d: usize,
  dStep: usize,
  dn: i32,
  a: usize,
  rows: i32,
  add: bool,
  zeros: usize,
  out: usize,
): void {
  const stride: usize = add ? 32 : 0;
  const threes = (dn / 24) * 24;
  let from = d;
  let i = 0;
  for (; i < threes; i += 24) {
    const next = from + dStep;
    const last = next + dStep;
    outer6x8(from, a, rows, add ? out : zeros, stride, out);
    outer2and4x8(from + 24, next, a, rows, add ? out + 192 : zeros, stride, out + 192);
    outer4and2x8(next + 16, last, a, rows, add ? out + 384 : zeros, stride, out + 384);
    outer6x8(last + 8, a, rows, add ? out + 576 : zeros, stride, out + 576);
    from = last + dStep;
    out += 768;
  }
  for (; i < dn; i += 4) {
    outer4x8(from, a, rows, add ? out : zeros, stride, out);
    from += i & 4 ? dStep - 16 : 16;
    out += 128;
  }
}

/** multiplyTransposedStrip for A of `an` channels; out is [an/8][dn][8]: lanes past `an` hold nothing of meaning. */
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
  for (let strip = 0; strip < an; strip += 8) {
    multiplyTransposedStrip(d, dStep, dn, a, rows, add, zeros, out);
    a += aStep;
    out += <usize>dn << 5;
  }
}
