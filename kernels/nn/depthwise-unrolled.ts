/**
 * The depthwise convolutions' inner loops for the taps and steps that common networks have: eight outputs of four channels in
 * registers, every input loaded once a block and used by all the outputs that it meets. `tapsTstepS`: T taps side by side, the
 * inputs of neighbouring outputs S pixels apart. The arguments are depthwiseBlocks'.
 */

import { madd } from "./simd";

// @ts-ignore: decorator
@inline
export function taps1step1(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a1 = madd(x, w0, a1);
    x = v128.load(p, 128); a2 = madd(x, w0, a2);
    x = v128.load(p, 192); a3 = madd(x, w0, a3);
    x = v128.load(p, 256); a4 = madd(x, w0, a4);
    x = v128.load(p, 320); a5 = madd(x, w0, a5);
    x = v128.load(p, 384); a6 = madd(x, w0, a6);
    x = v128.load(p, 448); a7 = madd(x, w0, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}

// @ts-ignore: decorator
@inline
export function taps2step1(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w), w1 = v128.load(w, 64);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a0 = madd(x, w1, a0); a1 = madd(x, w0, a1);
    x = v128.load(p, 128); a1 = madd(x, w1, a1); a2 = madd(x, w0, a2);
    x = v128.load(p, 192); a2 = madd(x, w1, a2); a3 = madd(x, w0, a3);
    x = v128.load(p, 256); a3 = madd(x, w1, a3); a4 = madd(x, w0, a4);
    x = v128.load(p, 320); a4 = madd(x, w1, a4); a5 = madd(x, w0, a5);
    x = v128.load(p, 384); a5 = madd(x, w1, a5); a6 = madd(x, w0, a6);
    x = v128.load(p, 448); a6 = madd(x, w1, a6); a7 = madd(x, w0, a7);
    x = v128.load(p, 512); a7 = madd(x, w1, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}

// @ts-ignore: decorator
@inline
export function taps3step1(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w), w1 = v128.load(w, 64), w2 = v128.load(w, 128);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a0 = madd(x, w1, a0); a1 = madd(x, w0, a1);
    x = v128.load(p, 128); a0 = madd(x, w2, a0); a1 = madd(x, w1, a1); a2 = madd(x, w0, a2);
    x = v128.load(p, 192); a1 = madd(x, w2, a1); a2 = madd(x, w1, a2); a3 = madd(x, w0, a3);
    x = v128.load(p, 256); a2 = madd(x, w2, a2); a3 = madd(x, w1, a3); a4 = madd(x, w0, a4);
    x = v128.load(p, 320); a3 = madd(x, w2, a3); a4 = madd(x, w1, a4); a5 = madd(x, w0, a5);
    x = v128.load(p, 384); a4 = madd(x, w2, a4); a5 = madd(x, w1, a5); a6 = madd(x, w0, a6);
    x = v128.load(p, 448); a5 = madd(x, w2, a5); a6 = madd(x, w1, a6); a7 = madd(x, w0, a7);
    x = v128.load(p, 512); a6 = madd(x, w2, a6); a7 = madd(x, w1, a7);
    x = v128.load(p, 576); a7 = madd(x, w2, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}

// @ts-ignore: decorator
@inline
export function taps5step1(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w), w1 = v128.load(w, 64), w2 = v128.load(w, 128), w3 = v128.load(w, 192), w4 = v128.load(w, 256);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a0 = madd(x, w1, a0); a1 = madd(x, w0, a1);
    x = v128.load(p, 128); a0 = madd(x, w2, a0); a1 = madd(x, w1, a1); a2 = madd(x, w0, a2);
    x = v128.load(p, 192); a0 = madd(x, w3, a0); a1 = madd(x, w2, a1); a2 = madd(x, w1, a2); a3 = madd(x, w0, a3);
    x = v128.load(p, 256); a0 = madd(x, w4, a0); a1 = madd(x, w3, a1); a2 = madd(x, w2, a2); a3 = madd(x, w1, a3); a4 = madd(x, w0, a4);
    x = v128.load(p, 320); a1 = madd(x, w4, a1); a2 = madd(x, w3, a2); a3 = madd(x, w2, a3); a4 = madd(x, w1, a4); a5 = madd(x, w0, a5);
    x = v128.load(p, 384); a2 = madd(x, w4, a2); a3 = madd(x, w3, a3); a4 = madd(x, w2, a4); a5 = madd(x, w1, a5); a6 = madd(x, w0, a6);
    x = v128.load(p, 448); a3 = madd(x, w4, a3); a4 = madd(x, w3, a4); a5 = madd(x, w2, a5); a6 = madd(x, w1, a6); a7 = madd(x, w0, a7);
    x = v128.load(p, 512); a4 = madd(x, w4, a4); a5 = madd(x, w3, a5); a6 = madd(x, w2, a6); a7 = madd(x, w1, a7);
    x = v128.load(p, 576); a5 = madd(x, w4, a5); a6 = madd(x, w3, a6); a7 = madd(x, w2, a7);
    x = v128.load(p, 640); a6 = madd(x, w4, a6); a7 = madd(x, w3, a7);
    x = v128.load(p, 704); a7 = madd(x, w4, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}

// @ts-ignore: decorator
@inline
export function taps3step2(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w), w1 = v128.load(w, 64), w2 = v128.load(w, 128);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a0 = madd(x, w1, a0);
    x = v128.load(p, 128); a0 = madd(x, w2, a0); a1 = madd(x, w0, a1);
    x = v128.load(p, 192); a1 = madd(x, w1, a1);
    x = v128.load(p, 256); a1 = madd(x, w2, a1); a2 = madd(x, w0, a2);
    x = v128.load(p, 320); a2 = madd(x, w1, a2);
    x = v128.load(p, 384); a2 = madd(x, w2, a2); a3 = madd(x, w0, a3);
    x = v128.load(p, 448); a3 = madd(x, w1, a3);
    x = v128.load(p, 512); a3 = madd(x, w2, a3); a4 = madd(x, w0, a4);
    x = v128.load(p, 576); a4 = madd(x, w1, a4);
    x = v128.load(p, 640); a4 = madd(x, w2, a4); a5 = madd(x, w0, a5);
    x = v128.load(p, 704); a5 = madd(x, w1, a5);
    x = v128.load(p, 768); a5 = madd(x, w2, a5); a6 = madd(x, w0, a6);
    x = v128.load(p, 832); a6 = madd(x, w1, a6);
    x = v128.load(p, 896); a6 = madd(x, w2, a6); a7 = madd(x, w0, a7);
    x = v128.load(p, 960); a7 = madd(x, w1, a7);
    x = v128.load(p, 1024); a7 = madd(x, w2, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}

// @ts-ignore: decorator
@inline
export function taps5step2(
  rows: usize, end: usize, offset: usize, weightOffset: usize, init: usize, initStep: usize, to: usize, toStep: usize,
): void {
  let q = init;
  let a0 = v128.load(q); q += initStep;
  let a1 = v128.load(q); q += initStep;
  let a2 = v128.load(q); q += initStep;
  let a3 = v128.load(q); q += initStep;
  let a4 = v128.load(q); q += initStep;
  let a5 = v128.load(q); q += initStep;
  let a6 = v128.load(q); q += initStep;
  let a7 = v128.load(q);
  for (let r = rows; r < end; r += 8) {
    const p = load<usize>(r) + offset, w = load<usize>(r, 4) + weightOffset;
    const w0 = v128.load(w), w1 = v128.load(w, 64), w2 = v128.load(w, 128), w3 = v128.load(w, 192), w4 = v128.load(w, 256);
    let x = v128.load(p); a0 = madd(x, w0, a0);
    x = v128.load(p, 64); a0 = madd(x, w1, a0);
    x = v128.load(p, 128); a0 = madd(x, w2, a0); a1 = madd(x, w0, a1);
    x = v128.load(p, 192); a0 = madd(x, w3, a0); a1 = madd(x, w1, a1);
    x = v128.load(p, 256); a0 = madd(x, w4, a0); a1 = madd(x, w2, a1); a2 = madd(x, w0, a2);
    x = v128.load(p, 320); a1 = madd(x, w3, a1); a2 = madd(x, w1, a2);
    x = v128.load(p, 384); a1 = madd(x, w4, a1); a2 = madd(x, w2, a2); a3 = madd(x, w0, a3);
    x = v128.load(p, 448); a2 = madd(x, w3, a2); a3 = madd(x, w1, a3);
    x = v128.load(p, 512); a2 = madd(x, w4, a2); a3 = madd(x, w2, a3); a4 = madd(x, w0, a4);
    x = v128.load(p, 576); a3 = madd(x, w3, a3); a4 = madd(x, w1, a4);
    x = v128.load(p, 640); a3 = madd(x, w4, a3); a4 = madd(x, w2, a4); a5 = madd(x, w0, a5);
    x = v128.load(p, 704); a4 = madd(x, w3, a4); a5 = madd(x, w1, a5);
    x = v128.load(p, 768); a4 = madd(x, w4, a4); a5 = madd(x, w2, a5); a6 = madd(x, w0, a6);
    x = v128.load(p, 832); a5 = madd(x, w3, a5); a6 = madd(x, w1, a6);
    x = v128.load(p, 896); a5 = madd(x, w4, a5); a6 = madd(x, w2, a6); a7 = madd(x, w0, a7);
    x = v128.load(p, 960); a6 = madd(x, w3, a6); a7 = madd(x, w1, a7);
    x = v128.load(p, 1024); a6 = madd(x, w4, a6); a7 = madd(x, w2, a7);
    x = v128.load(p, 1088); a7 = madd(x, w3, a7);
    x = v128.load(p, 1152); a7 = madd(x, w4, a7);
  }
  q = to;
  v128.store(q, a0); q += toStep;
  v128.store(q, a1); q += toStep;
  v128.store(q, a2); q += toStep;
  v128.store(q, a3); q += toStep;
  v128.store(q, a4); q += toStep;
  v128.store(q, a5); q += toStep;
  v128.store(q, a6); q += toStep;
  v128.store(q, a7);
}
