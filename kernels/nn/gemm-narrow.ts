/** The second product of gemm.ts where only the first four channels of a strip of A are wanted. */

import { madd } from "./simd";

/** out = init + D^T * A over rows 32 bytes apart: one strip of D by four channels of A; out's rows are 32 bytes apart. */
function outer8x4(d: usize, a: usize, rows: i32, init: usize, stride: usize, out: usize): void {
  let c0 = v128.load(init);
  let c1 = v128.load(init + stride);
  init += 2 * stride;
  let c2 = v128.load(init);
  let c3 = v128.load(init + stride);
  init += 2 * stride;
  let c4 = v128.load(init);
  let c5 = v128.load(init + stride);
  init += 2 * stride;
  let c6 = v128.load(init);
  let c7 = v128.load(init + stride);
  for (; rows > 0; rows--) {
    const b = v128.load(a);
    c0 = madd(v128.load32_splat(d), b, c0);
    c1 = madd(v128.load32_splat(d, 4), b, c1);
    c2 = madd(v128.load32_splat(d, 8), b, c2);
    c3 = madd(v128.load32_splat(d, 12), b, c3);
    c4 = madd(v128.load32_splat(d, 16), b, c4);
    c5 = madd(v128.load32_splat(d, 20), b, c5);
    c6 = madd(v128.load32_splat(d, 24), b, c6);
    c7 = madd(v128.load32_splat(d, 28), b, c7);
    d += 32;
    a += 32;
  }
  v128.store(out, c0);
  v128.store(out, c1, 32);
  v128.store(out, c2, 64);
  v128.store(out, c3, 96);
  v128.store(out, c4, 128);
  v128.store(out, c5, 160);
  v128.store(out, c6, 192);
  v128.store(out, c7, 224);
}

/** multiplyTransposedStrip for D of `dn` channels, a multiple of eight, and four channels of A: the other columns of out stay as they are. */
export function multiplyTransposedFour(
  d: usize,
  dStep: usize,
  dn: i32,
  a: usize,
  rows: i32,
  add: bool,
  zeros: usize,
  out: usize,
): void {
  for (; dn > 0; dn -= 8) {
    outer8x4(d, a, rows, add ? out : zeros, add ? 32 : 0, out);
    d += dStep;
    out += 256;
  }
}
