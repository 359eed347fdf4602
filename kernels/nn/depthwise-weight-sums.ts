/**
 * The inner loops of the weights' gradient: sums of up to three kernel rows in registers while one input row passes. The list holds
 * 8 bytes for each gradient row that the input row meets: its address, and that of its sums ([taps][16]).
 */

import { PIXEL } from "./depthwise-rows";
import { madd } from "./simd";

/**
 * sums[t] += the sum over outputs i of gradient[i] * input[i * step + t * dilation]; step and dilation in bytes. offset and
 * sumsOffset: from the listed addresses to this tile's; lanes: bytes of the tile's channels.
 */
export function depthwiseWeightSums(
  taps: i32, input: usize, step: usize, dilation: usize,
  rows: usize, count: i32, offset: usize, sumsOffset: usize, outputs: i32, lanes: usize,
): void {
  const end = rows + 8 * count;
  if (taps == 3 && dilation == PIXEL) {
    for (let r = rows; r < end; ) {
      const together: usize = end - r >= 24 ? 3 : end - r >= 16 ? 2 : 1;
      for (let lane: usize = 0; lane < lanes; lane += 16) {
        const g = offset + lane, s = sumsOffset + lane, x = input + lane;
        if (together == 3) rows3taps3(r, g, s, x, step, outputs);
        else if (together == 2) rows2taps3(r, g, s, x, step, outputs);
        else row1taps3(r, g, s, x, step, outputs);
      }
      r += 8 * together;
    }
  } else if (taps == 5 && dilation == PIXEL) {
    for (let r = rows; r < end; ) {
      const together: usize = end - r >= 16 ? 2 : 1;
      for (let lane: usize = 0; lane < lanes; lane += 16) {
        const g = offset + lane, s = sumsOffset + lane, x = input + lane;
        if (together == 2) rows2taps5(r, g, s, x, step, outputs);
        else row1taps5(r, g, s, x, step, outputs);
      }
      r += 8 * together;
    }
  } else anyTaps(taps, input, step, dilation, rows, end, offset, sumsOffset, outputs, lanes);
}

function anyTaps(
  taps: i32, input: usize, step: usize, dilation: usize,
  rows: usize, end: usize, offset: usize, sumsOffset: usize, outputs: i32, lanes: usize,
): void {
  for (let r = rows; r < end; r += 8) {
    for (let t = 0; t < taps; t++) {
      const sums = load<usize>(r, 4) + sumsOffset + <usize>t * PIXEL;
      for (let lane: usize = 0; lane < lanes; lane += 16) {
        let g = load<usize>(r) + offset + lane;
        let p = input + <usize>t * dilation + lane;
        let a = v128.load(sums + lane);
        for (let i = 0; i < outputs; i++, g += PIXEL, p += step) a = madd(v128.load(g), v128.load(p), a);
        v128.store(sums + lane, a);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function rows3taps3(
  r: usize, offset: usize, sumsOffset: usize, input: usize, step: usize, outputs: i32,
): void {
  let g0 = load<usize>(r) + offset;
  let g1 = load<usize>(r, 8) + offset;
  let g2 = load<usize>(r, 16) + offset;
  const s0 = load<usize>(r, 4) + sumsOffset;
  const s1 = load<usize>(r, 12) + sumsOffset;
  const s2 = load<usize>(r, 20) + sumsOffset;
  let a00 = v128.load(s0), a01 = v128.load(s0, 64), a02 = v128.load(s0, 128);
  let a10 = v128.load(s1), a11 = v128.load(s1, 64), a12 = v128.load(s1, 128);
  let a20 = v128.load(s2), a21 = v128.load(s2, 64), a22 = v128.load(s2, 128);
  for (; outputs > 0; outputs--, input += step) {
    const d0 = v128.load(g0), d1 = v128.load(g1), d2 = v128.load(g2);
    let x = v128.load(input);
    a00 = madd(x, d0, a00); a10 = madd(x, d1, a10); a20 = madd(x, d2, a20);
    x = v128.load(input, 64);
    a01 = madd(x, d0, a01); a11 = madd(x, d1, a11); a21 = madd(x, d2, a21);
    x = v128.load(input, 128);
    a02 = madd(x, d0, a02); a12 = madd(x, d1, a12); a22 = madd(x, d2, a22);
    g0 += PIXEL; g1 += PIXEL; g2 += PIXEL;
  }
  v128.store(s0, a00); v128.store(s0, a01, 64); v128.store(s0, a02, 128);
  v128.store(s1, a10); v128.store(s1, a11, 64); v128.store(s1, a12, 128);
  v128.store(s2, a20); v128.store(s2, a21, 64); v128.store(s2, a22, 128);
}

// @ts-ignore: decorator
@inline
function rows2taps3(
  r: usize, offset: usize, sumsOffset: usize, input: usize, step: usize, outputs: i32,
): void {
  let g0 = load<usize>(r) + offset;
  let g1 = load<usize>(r, 8) + offset;
  const s0 = load<usize>(r, 4) + sumsOffset;
  const s1 = load<usize>(r, 12) + sumsOffset;
  let a00 = v128.load(s0), a01 = v128.load(s0, 64), a02 = v128.load(s0, 128);
  let a10 = v128.load(s1), a11 = v128.load(s1, 64), a12 = v128.load(s1, 128);
  for (; outputs > 0; outputs--, input += step) {
    const d0 = v128.load(g0), d1 = v128.load(g1);
    let x = v128.load(input);
    a00 = madd(x, d0, a00); a10 = madd(x, d1, a10);
    x = v128.load(input, 64);
    a01 = madd(x, d0, a01); a11 = madd(x, d1, a11);
    x = v128.load(input, 128);
    a02 = madd(x, d0, a02); a12 = madd(x, d1, a12);
    g0 += PIXEL; g1 += PIXEL;
  }
  v128.store(s0, a00); v128.store(s0, a01, 64); v128.store(s0, a02, 128);
  v128.store(s1, a10); v128.store(s1, a11, 64); v128.store(s1, a12, 128);
}

// @ts-ignore: decorator
@inline
function row1taps3(
  r: usize, offset: usize, sumsOffset: usize, input: usize, step: usize, outputs: i32,
): void {
  let g0 = load<usize>(r) + offset;
  const s0 = load<usize>(r, 4) + sumsOffset;
  let a00 = v128.load(s0), a01 = v128.load(s0, 64), a02 = v128.load(s0, 128);
  for (; outputs > 0; outputs--, input += step) {
    const d0 = v128.load(g0);
    let x = v128.load(input);
    a00 = madd(x, d0, a00);
    x = v128.load(input, 64);
    a01 = madd(x, d0, a01);
    x = v128.load(input, 128);
    a02 = madd(x, d0, a02);
    g0 += PIXEL;
  }
  v128.store(s0, a00); v128.store(s0, a01, 64); v128.store(s0, a02, 128);
}

// @ts-ignore: decorator
@inline
function rows2taps5(
  r: usize, offset: usize, sumsOffset: usize, input: usize, step: usize, outputs: i32,
): void {
  let g0 = load<usize>(r) + offset;
  let g1 = load<usize>(r, 8) + offset;
  const s0 = load<usize>(r, 4) + sumsOffset;
  const s1 = load<usize>(r, 12) + sumsOffset;
  let a00 = v128.load(s0), a01 = v128.load(s0, 64), a02 = v128.load(s0, 128), a03 = v128.load(s0, 192), a04 = v128.load(s0, 256);
  let a10 = v128.load(s1), a11 = v128.load(s1, 64), a12 = v128.load(s1, 128), a13 = v128.load(s1, 192), a14 = v128.load(s1, 256);
  for (; outputs > 0; outputs--, input += step) {
    const d0 = v128.load(g0), d1 = v128.load(g1);
    let x = v128.load(input);
    a00 = madd(x, d0, a00); a10 = madd(x, d1, a10);
    x = v128.load(input, 64);
    a01 = madd(x, d0, a01); a11 = madd(x, d1, a11);
    x = v128.load(input, 128);
    a02 = madd(x, d0, a02); a12 = madd(x, d1, a12);
    x = v128.load(input, 192);
    a03 = madd(x, d0, a03); a13 = madd(x, d1, a13);
    x = v128.load(input, 256);
    a04 = madd(x, d0, a04); a14 = madd(x, d1, a14);
    g0 += PIXEL; g1 += PIXEL;
  }
  v128.store(s0, a00); v128.store(s0, a01, 64); v128.store(s0, a02, 128); v128.store(s0, a03, 192); v128.store(s0, a04, 256);
  v128.store(s1, a10); v128.store(s1, a11, 64); v128.store(s1, a12, 128); v128.store(s1, a13, 192); v128.store(s1, a14, 256);
}

// @ts-ignore: decorator
@inline
function row1taps5(
  r: usize, offset: usize, sumsOffset: usize, input: usize, step: usize, outputs: i32,
): void {
  let g0 = load<usize>(r) + offset;
  const s0 = load<usize>(r, 4) + sumsOffset;
  let a00 = v128.load(s0), a01 = v128.load(s0, 64), a02 = v128.load(s0, 128), a03 = v128.load(s0, 192), a04 = v128.load(s0, 256);
  for (; outputs > 0; outputs--, input += step) {
    const d0 = v128.load(g0);
    let x = v128.load(input);
    a00 = madd(x, d0, a00);
    x = v128.load(input, 64);
    a01 = madd(x, d0, a01);
    x = v128.load(input, 128);
    a02 = madd(x, d0, a02);
    x = v128.load(input, 192);
    a03 = madd(x, d0, a03);
    x = v128.load(input, 256);
    a04 = madd(x, d0, a04);
    g0 += PIXEL;
  }
  v128.store(s0, a00); v128.store(s0, a01, 64); v128.store(s0, a02, 128); v128.store(s0, a03, 192); v128.store(s0, a04, 256);
}
