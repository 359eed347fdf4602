/**
 * The inner loops of the depthwise convolutions: one row of outputs of one tile (up to 16 channels), eight neighbouring outputs of
 * four channels in registers at a time.
 *
 * A list of `count` rows, 8 bytes each: the address of an input row in tiles of 16 channels, the address of the row's weights
 * ([taps][16]). Output i is init_i + the sum over rows and taps t of weight_t * input[i * step + t * dilation].
 */

import { madd } from "./simd";
import { PIXEL } from "./depthwise-rows";
import { taps1step1, taps2step1, taps3step1, taps3step2, taps5step1, taps5step2 } from "./depthwise-unrolled";

const BLOCK: i32 = 8;

/**
 * step and dilation: bytes between the inputs of neighbouring outputs and of neighbouring taps. offset, weightOffset: bytes from a
 * row's start to this tile's first input, and to its weights. init and to: the outputs' starting values and places, with the
 * bytes between them; lanes: bytes of the tile's channels.
 */
export function depthwiseBlocks(
  taps: i32, step: usize, dilation: usize,
  rows: usize, count: i32, offset: usize, weightOffset: usize,
  init: usize, initStep: usize, to: usize, toStep: usize, outputs: i32, lanes: usize,
): void {
  const end = rows + 8 * count;
  const blocks = outputs / BLOCK;
  const sideBySide = dilation == PIXEL || taps == 1;
  if (taps == 3 && step == PIXEL && sideBySide)
    fullBlocks(3, 1, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else if (taps == 5 && step == PIXEL && sideBySide)
    fullBlocks(5, 1, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else if (taps == 3 && step == 2 * PIXEL && sideBySide)
    fullBlocks(3, 2, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else if (taps == 5 && step == 2 * PIXEL && sideBySide)
    fullBlocks(5, 2, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else if (taps == 2 && step == PIXEL && sideBySide)
    fullBlocks(2, 1, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else if (taps == 1 && step == PIXEL)
    fullBlocks(1, 1, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);
  else
    anyBlocks(taps, step, dilation, rows, end, offset, weightOffset, init, initStep, to, toStep, blocks, lanes);

  for (let i = blocks * BLOCK; i < outputs; i++) {
    const p = offset + step * i;
    if (lanes == PIXEL) onePixel(taps, dilation, rows, end, p, weightOffset, init + initStep * i, to + toStep * i);
    else
      for (let lane: usize = 0; lane < lanes; lane += 16)
        oneVector(taps, dilation, rows, end, p + lane, weightOffset + lane, init + initStep * i + lane, to + toStep * i + lane);
  }
}

/** taps and step (in pixels): literals that the unrolled loops are written for. */
// @ts-ignore: decorator
@inline
function fullBlocks(
  taps: i32, step: i32, rows: usize, end: usize, offset: usize, weightOffset: usize,
  init: usize, initStep: usize, to: usize, toStep: usize, blocks: i32, lanes: usize,
): void {
  for (; blocks > 0; blocks--) {
    for (let lane: usize = 0; lane < lanes; lane += 16) {
      const p = offset + lane, w = weightOffset + lane, from = init + lane, at = to + lane;
      if (taps == 3 && step == 1) taps3step1(rows, end, p, w, from, initStep, at, toStep);
      else if (taps == 5 && step == 1) taps5step1(rows, end, p, w, from, initStep, at, toStep);
      else if (taps == 3) taps3step2(rows, end, p, w, from, initStep, at, toStep);
      else if (taps == 5) taps5step2(rows, end, p, w, from, initStep, at, toStep);
      else if (taps == 2) taps2step1(rows, end, p, w, from, initStep, at, toStep);
      else taps1step1(rows, end, p, w, from, initStep, at, toStep);
    }
    offset += <usize>(BLOCK * step) * PIXEL;
    init += BLOCK * initStep;
    to += BLOCK * toStep;
  }
}

function anyBlocks(
  taps: i32, step: usize, dilation: usize, rows: usize, end: usize, offset: usize, weightOffset: usize,
  init: usize, initStep: usize, to: usize, toStep: usize, blocks: i32, lanes: usize,
): void {
  for (; blocks > 0; blocks--) {
    for (let lane: usize = 0; lane < lanes; lane += 16) {
      let q = init + lane;
      let a0 = v128.load(q); q += initStep;
      let a1 = v128.load(q); q += initStep;
      let a2 = v128.load(q); q += initStep;
      let a3 = v128.load(q); q += initStep;
      let a4 = v128.load(q); q += initStep;
      let a5 = v128.load(q); q += initStep;
      let a6 = v128.load(q); q += initStep;
      let a7 = v128.load(q);
      for (let r = rows; r < end; r += 8) {
        let p = load<usize>(r) + offset + lane;
        let w = load<usize>(r, 4) + weightOffset + lane;
        for (let t = 0; t < taps; t++, p += dilation, w += PIXEL) {
          const k = v128.load(w);
          let s = p;
          a0 = madd(v128.load(s), k, a0); s += step;
          a1 = madd(v128.load(s), k, a1); s += step;
          a2 = madd(v128.load(s), k, a2); s += step;
          a3 = madd(v128.load(s), k, a3); s += step;
          a4 = madd(v128.load(s), k, a4); s += step;
          a5 = madd(v128.load(s), k, a5); s += step;
          a6 = madd(v128.load(s), k, a6); s += step;
          a7 = madd(v128.load(s), k, a7);
        }
      }
      q = to + lane;
      v128.store(q, a0); q += toStep;
      v128.store(q, a1); q += toStep;
      v128.store(q, a2); q += toStep;
      v128.store(q, a3); q += toStep;
      v128.store(q, a4); q += toStep;
      v128.store(q, a5); q += toStep;
      v128.store(q, a6); q += toStep;
      v128.store(q, a7);
    }
    offset += BLOCK * step;
    init += BLOCK * initStep;
    to += BLOCK * toStep;
  }
}

function onePixel(
  taps: i32, dilation: usize, rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, to: usize,
): void {
  let a0 = v128.load(init), a1 = v128.load(init, 16), a2 = v128.load(init, 32), a3 = v128.load(init, 48);
  for (let r = rows; r < end; r += 8) {
    let p = load<usize>(r) + offset;
    let w = load<usize>(r, 4) + weightOffset;
    for (let t = 0; t < taps; t++, p += dilation, w += PIXEL) {
      a0 = madd(v128.load(p), v128.load(w), a0);
      a1 = madd(v128.load(p, 16), v128.load(w, 16), a1);
      a2 = madd(v128.load(p, 32), v128.load(w, 32), a2);
      a3 = madd(v128.load(p, 48), v128.load(w, 48), a3);
    }
  }
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(to, a2, 32);
  v128.store(to, a3, 48);
}

function oneVector(
  taps: i32, dilation: usize, rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, to: usize,
): void {
  let a = v128.load(init);
  for (let r = rows; r < end; r += 8) {
    let p = load<usize>(r) + offset;
    let w = load<usize>(r, 4) + weightOffset;
    for (let t = 0; t < taps; t++, p += dilation, w += PIXEL) a = madd(v128.load(p), v128.load(w), a);
  }
  v128.store(to, a);
}
