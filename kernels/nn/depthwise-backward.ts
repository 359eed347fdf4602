/**
 * Depthwise convolution backward. Each thread takes an even share of the n*h input rows. The output's gradient rows that meet an
 * input row stand in a ring, worked out once; they give the input's gradient (gathered, so that threads never write to the
 * same place) and, with the input row, their part of the weights' gradient.
 *
 * Columns of the input fall into sw classes by (ix + pw) % sw. In a class the taps kx with kx * dw % sw == class meet an input
 * pixel, and neighbours of the class meet neighbouring gradients: a convolution of stride 1 for each class.
 */

import { DepthwiseBackwardArgs } from "./depthwise-args";
import { depthwiseBlocks } from "./depthwise-blocks";
import { channelBytes, EMPTY, fill, shareStart, to64, zeroMargins } from "./depthwise-memory";
import { addTo64 } from "./depthwise-moments";
import { gradRow, gradVectors, PIXEL, viewRow, viewVectors } from "./depthwise-rows";
import { depthwiseWeightSums } from "./depthwise-weight-sums";

/** Products that are added up in float32 before they go to float64. */
const FLOAT32_SUM: i32 = 512;

function divideUp(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

function commonDivisor(a: i32, b: i32): i32 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

function classTaps(q: i32, a: DepthwiseBackwardArgs): i32 {
  let taps = 0;
  for (let kx = 0; kx < a.kw; kx++) if (kx * a.dw % a.sw == q) taps++;
  return taps;
}

function largestTap(q: i32, a: DepthwiseBackwardArgs): i32 {
  let kx = a.kw - 1;
  while (kx > 0 && kx * a.dw % a.sw != q) kx--;
  return kx;
}

/** Packed weights [taps][cp] to [tile][class][ky][taps of the class, kx falling][16]. */
function classWeights(a: DepthwiseBackwardArgs, cBytes: usize, to: usize): void {
  const tapsOfTile = <usize>(a.kh * a.kw);
  for (let q = 0; q < a.sw; q++)
    for (let ky = 0; ky < a.kh; ky++)
      for (let kx = a.kw - 1; kx >= 0; kx--) {
        if (kx * a.dw % a.sw != q) continue;
        const w = a.w + cBytes * (ky * a.kw + kx);
        for (let c: usize = 0; c < cBytes; c += 16)
          v128.store(to + (c & ~63) * tapsOfTile + (c & 63), v128.load(w + c));
        to += PIXEL;
      }
}

export function depthwiseBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DepthwiseBackwardArgs>(args);
  const cBytes = channelBytes(a.c);
  const allBytes = to64(cBytes);
  const tiles = <i32>(allBytes / PIXEL);
  const taps = a.kh * a.kw;
  const weightBytes = <usize>taps * PIXEL;
  const ringRows = (a.kh - 1) * a.dh / a.sh + 1;
  const left = max(0, divideUp((a.kw - 1) * a.dw - a.pw, a.sw));
  const right = max(0, (a.wd - 1 + a.pw) / a.sw - (a.ow - 1));
  const tileBytes = <usize>(left + a.ow + right) * PIXEL;
  const rowBytes = tileBytes * tiles;
  const inputTileBytes = <usize>(a.wd + 2 * a.pw) * PIXEL;
  const gradBytes = <usize>a.ow * cBytes;

  const vectors = scratch;
  const xVectors = vectors + 6 * allBytes;
  const zeros = xVectors + 3 * allBytes;
  const weights = zeros + allBytes;
  const sums = weights + weightBytes * tiles;
  const list = sums + weightBytes * tiles;
  const sumList = list + to64(8 * a.kh);
  const tapRows = sumList + to64(8 * a.kh);
  const held = tapRows + to64(4 * a.kh);
  const input = held + to64(4 * ringRows);
  const ring = input + inputTileBytes * tiles;

  const partial = shared + (2 * weightBytes * tiles + 2 * allBytes) * thread;
  const partialBias = partial + 2 * weightBytes * tiles;

  fill(zeros, allBytes, 0);
  if (a.dW) fill(partial, 2 * weightBytes * tiles, 0);
  if (a.dBias) biasPart(a, thread, threads, vectors, ring, partialBias);

  const first = shareStart(a.n * a.h, thread, threads);
  const last = shareStart(a.n * a.h, thread + 1, threads);
  if (first == last || !(a.dx || a.dW)) return;
  classWeights(a, cBytes, weights);
  fill(sums, weightBytes * tiles, 0);
  for (let i = 0; i < ringRows; i++) store<i32>(held + 4 * i, EMPTY);
  zeroMargins(ring, ringRows * tiles, tileBytes, left, a.ow);
  zeroMargins(input, tiles, inputTileBytes, a.pw, a.wd);
  let prepared = EMPTY;
  let summed = 0;

  for (let row = first; row < last; row++) {
    const image = row / a.h;
    const iy = row - image * a.h;
    if (image != prepared) {
      imageVectors(a, image, cBytes, vectors);
      viewVectors(a.xScale, a.xShift, a.xGate ? a.xGate + cBytes * image : 0, cBytes, xVectors);
      prepared = image;
    }
    let count = 0;
    for (let ky = 0; ky < a.kh; ky++) {
      const down = iy + a.ph - ky * a.dh;
      if (down < 0 || down % a.sh) continue;
      const oy = down / a.sh;
      if (oy >= a.oh) continue;
      const slot = oy % ringRows;
      const gradientRow = image * a.oh + oy;
      const at = ring + rowBytes * slot;
      if (load<i32>(held + 4 * slot) != gradientRow) {
        store<i32>(held + 4 * slot, gradientRow);
        const offset = gradBytes * gradientRow;
        gradRow(a.g + offset, a.y ? a.y + offset : 0, a.ow, cBytes, vectors, a.act, at + PIXEL * left, tileBytes);
      }
      store<usize>(list + 8 * count, at);
      store<i32>(tapRows + 4 * count, ky);
      store<usize>(sumList + 8 * count, at + PIXEL * left);
      store<usize>(sumList + 8 * count, sums + PIXEL * (ky * a.kw), 4);
      count++;
    }
    const pixels = <usize>row * a.wd;
    if (a.dx) inputGradient(a, list, tapRows, count, weights, left, tileBytes, a.dx + pixels * cBytes, cBytes, zeros);
    if (!a.dW || !count) continue;
    viewRow(a.x + pixels * cBytes, a.wd, cBytes, xVectors, a.xGate != 0, a.xAct, input + PIXEL * a.pw, inputTileBytes);
    for (let tile = 0; tile < tiles; tile++) {
      depthwiseWeightSums(
        a.kw, input + inputTileBytes * tile, PIXEL * a.sw, PIXEL * a.dw,
        sumList, count, tileBytes * tile, weightBytes * tile, a.ow, min(PIXEL, cBytes - PIXEL * tile),
      );
    }
    summed += a.ow;
    if (summed >= FLOAT32_SUM) {
      flush(sums, weightBytes * tiles, partial);
      summed = 0;
    }
  }
  if (summed) flush(sums, weightBytes * tiles, partial);
}

/** One row of the input's gradient, class by class; the list holds the gradient rows, tapRows the ky of each. */
function inputGradient(
  a: DepthwiseBackwardArgs, list: usize, tapRows: usize, count: i32, weights: usize, left: i32, tileBytes: usize, dx: usize, cBytes: usize, zeros: usize,
): void {
  const weightBytes = PIXEL * (a.kh * a.kw);
  const dilation = PIXEL * (a.dw / commonDivisor(a.dw, a.sw));
  let ofClass = weights;
  for (let q = 0; q < a.sw; q++) {
    const taps = classTaps(q, a);
    const ix = ((q - a.pw) % a.sw + a.sw) % a.sw;
    const pixels = divideUp(a.wd - ix, a.sw);
    let start: usize = 0;
    if (taps) start = PIXEL * (left + (ix + a.pw - largestTap(q, a) * a.dw) / a.sw);
    for (let i = 0; i < count; i++) {
      const ky = load<i32>(tapRows + 4 * i);
      store<usize>(list + 8 * i, ofClass + PIXEL * (ky * taps), 4);
    }
    const rows = taps ? count : 0;
    const to = dx + cBytes * ix;
    for (let c: usize = 0, tile: usize = 0; c < cBytes; c += PIXEL, tile++) {
      depthwiseBlocks(
        taps, PIXEL, dilation,
        list, rows, tileBytes * tile + start, weightBytes * tile,
        a.accumulate ? to + c : zeros + c, a.accumulate ? cBytes * a.sw : 0, to + c, cBytes * a.sw, pixels, min(PIXEL, cBytes - c),
      );
    }
    ofClass += PIXEL * (a.kh * taps);
  }
}

/** Adds float32 sums to float64 ones and clears them. */
function flush(sums: usize, bytes: usize, to: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) addTo64(to + 2 * i, v128.load(sums + i));
  fill(sums, bytes, 0);
}

/** Lays out the GradView's vectors of one image. */
function imageVectors(a: DepthwiseBackwardArgs, image: i32, cBytes: usize, to: usize): void {
  const gate = a.gate ? a.gate + cBytes * image : 0;
  const spread = a.spread ? a.spread + cBytes * image : 0;
  gradVectors(a.scale, a.shift, gate, spread, a.coefA, a.coefB, a.coefC, cBytes, to);
}

/** Sums the gradient over this thread's share of the output rows. */
function biasPart(a: DepthwiseBackwardArgs, thread: i32, threads: i32, vectors: usize, work: usize, to: usize): void {
  const cBytes = channelBytes(a.c);
  const tileBytes = PIXEL * a.ow;
  const last = shareStart(a.n * a.oh, thread + 1, threads);
  let prepared = EMPTY;
  fill(to, 2 * to64(cBytes), 0);
  for (let row = shareStart(a.n * a.oh, thread, threads); row < last; row++) {
    const image = row / a.oh;
    if (image != prepared) imageVectors(a, image, cBytes, vectors);
    prepared = image;
    const offset = <usize>row * a.ow * cBytes;
    gradRow(a.g + offset, a.y ? a.y + offset : 0, a.ow, cBytes, vectors, a.act, work, tileBytes);
    for (let c: usize = 0; c < cBytes; c += 16) {
      let sum: v128 = f32x4.splat(0);
      let p = work + (c / PIXEL) * tileBytes + (c & 63);
      for (let i = 0; i < a.ow; i++, p += PIXEL) sum = f32x4.add(sum, v128.load(p));
      addTo64(to + 2 * c, sum);
    }
  }
}

/** Adds the threads' sums to dW and dBias, in the threads' order. */
export function depthwiseBackwardSums(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DepthwiseBackwardArgs>(args);
  const taps = a.kh * a.kw;
  const allBytes = to64(channelBytes(a.c));
  const sumBytes = allBytes * taps * 2;
  const last = shareStart(a.c, thread + 1, threads);
  for (let c = shareStart(a.c, thread, threads); c < last; c++) {
    const lane = <usize>(c & 15) * 8;
    if (a.dW) {
      const at = shared + (PIXEL * 2 * taps) * (c >> 4) + lane;
      for (let t = 0; t < taps; t++) {
        const to = a.dW + 4 * <usize>(c * taps + t);
        store<f32>(to, <f32>(load<f32>(to) + sumOver(at + PIXEL * 2 * t, sumBytes + 2 * allBytes, threads)));
      }
    }
    if (a.dBias) {
      const to = a.dBias + 4 * <usize>c;
      const sum = sumOver(shared + sumBytes + 8 * <usize>c, sumBytes + 2 * allBytes, threads);
      store<f32>(to, <f32>(load<f32>(to) + sum));
    }
  }
}

function sumOver(at: usize, step: usize, threads: i32): f64 {
  let sum: f64 = 0;
  for (; threads > 0; threads--, at += step) sum += load<f64>(at);
  return sum;
}
