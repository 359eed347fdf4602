/**
 * The inner loops of the depthwise convolutions: one row of outputs of one tile (up to 16 channels), eight neighbouring outputs of
 * four channels in registers at a time.
 *
 * A list of `count` rows, 8 bytes each: the address of an input row in tiles of 16 channels, the address of the row's weights
 * ([taps][16]). Output i is init_i + the sum over rows and taps t of weight_t * input[i * step + t * dilation].
 */

import { madd, ZERO } from "./simd";
import { PIXEL } from "./depthwise-rows";

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
  let left = outputs;
  for (; left >= BLOCK; left -= BLOCK) {
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
      for (let r = rows, end = rows + 8 * count; r < end; r += 8) {
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
    offset += 8 * step;
    init += 8 * initStep;
    to += 8 * toStep;
  }
  for (; left > 0; left--, offset += step, init += initStep, to += toStep) {
    for (let lane: usize = 0; lane < lanes; lane += 16) {
      let a = v128.load(init + lane);
      for (let r = rows, end = rows + 8 * count; r < end; r += 8) {
        let p = load<usize>(r) + offset + lane;
        let w = load<usize>(r, 4) + weightOffset + lane;
        for (let t = 0; t < taps; t++, p += dilation, w += PIXEL) a = madd(v128.load(p), v128.load(w), a);
      }
      v128.store(to + lane, a);
    }
  }
}

/**
 * The weights' gradient from one input row: sums[t] += the sum over outputs i of gradient[i] * input[i * step + t * dilation]. The list holds, for each
 * gradient row that the input row meets, its address and that of its sums ([taps][16]).
 */
export function depthwiseWeightSums(
  taps: i32, input: usize, step: usize, dilation: usize,
  rows: usize, count: i32, offset: usize, sumsOffset: usize, outputs: i32, lanes: usize,
): void {
  for (let r = rows, end = rows + 8 * count; r < end; r += 8) {
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

/** Adds to sum and squares ([16] float64) the outputs' differences from the pivot and their squares; float32 over 64 outputs at most. */
export function addMoments(y: usize, cBytes: usize, outputs: i32, lanes: usize, pivot: usize, sum: usize, squares: usize): void {
  for (let lane: usize = 0; lane < lanes; lane += 16) {
    const middle = v128.load(pivot + lane);
    let p = y + lane;
    for (let left = outputs; left > 0; left -= 64) {
      let s0 = ZERO, q0 = ZERO, s1 = ZERO, q1 = ZERO;
      let i = min(left, 64);
      for (; i >= 2; i -= 2) {
        const d0 = f32x4.sub(v128.load(p), middle);
        const d1 = f32x4.sub(v128.load(p + cBytes), middle);
        p += 2 * cBytes;
        s0 = f32x4.add(s0, d0);
        s1 = f32x4.add(s1, d1);
        q0 = madd(d0, d0, q0);
        q1 = madd(d1, d1, q1);
      }
      if (i) {
        const d0 = f32x4.sub(v128.load(p), middle);
        p += cBytes;
        s0 = f32x4.add(s0, d0);
        q0 = madd(d0, d0, q0);
      }
      addTo64(sum + 2 * lane, f32x4.add(s0, s1));
      addTo64(squares + 2 * lane, f32x4.add(q0, q1));
    }
  }
}

/** Adds four floats to four float64 at `to`. */
// @ts-ignore: decorator
@inline
export function addTo64(to: usize, four: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(four)));
  const high = v128.shuffle<i32>(four, four, 2, 3, 0, 1);
  v128.store(to + 16, f64x2.add(v128.load(to + 16), f64x2.promote_low_f32x4(high)));
}
