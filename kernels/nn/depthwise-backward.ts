/**
 * Depthwise convolution backward. Each thread takes an even share of the n*h input rows. The output's gradient rows that meet an
 * input row stand in a ring, worked out once; they give the input's gradient (gathered, so that threads never write to the
 * same place) and, with the input row, their part of the weights' gradient.
 *
 * Where xMoments is given, the input is an activation of a batch norm: dx receives the gradient of what the activation was applied to, and
 * xSums what the norm's own gradient needs of it.
 */

import { DepthwiseBackwardArgs } from "./depthwise-args";
import { divideUp, inputGradient, listRow, prepareColumns } from "./depthwise-input-gradient";
import { channelBytes, EMPTY, fill, shareStart, to64, zeroMargins } from "./depthwise-memory";
import { addTo64 } from "./depthwise-moments";
import { gradRow, gradVectors, PIXEL, VIEW_BYTES, viewRow, viewVectors } from "./depthwise-rows";
import { throughActivation } from "./depthwise-through";
import { depthwiseWeightSums } from "./depthwise-weight-sums";

/** Products that are added up in float32 before they go to float64. */
const FLOAT32_SUM: i32 = 512;

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

  const through = a.xMoments != 0;
  const weightSums = weightBytes * tiles;
  const allSums = weightSums + (through ? 2 * allBytes : 0);

  const vectors = scratch;
  const xVectors = vectors + 6 * allBytes;
  const zeros = xVectors + 3 * allBytes;
  const weights = zeros + allBytes;
  const sums = weights + weightSums;
  const normSums = sums + weightSums;
  const sumList = normSums + 2 * allBytes;
  const lists = sumList + to64(8 * a.kh);
  const columns = lists + to64(8 * a.kh) * a.sw;
  const held = columns + to64(32 * a.sw);
  const tileGradient = held + to64(4 * ringRows);
  const input = tileGradient + PIXEL * a.wd;
  const ring = input + inputTileBytes * tiles;

  const partial = shared + partialBytes(a) * thread;
  const partialBias = partial + 2 * (weightSums + 2 * allBytes);

  fill(zeros, allBytes, 0);
  fill(partial, 2 * (weightSums + 2 * allBytes), 0);
  if (a.dBias) biasPart(a, thread, threads, vectors, ring, partialBias);

  const first = shareStart(a.n * a.h, thread, threads);
  const last = shareStart(a.n * a.h, thread + 1, threads);
  if (first == last || !(a.dx || a.dW)) return;
  prepareColumns(a, cBytes, left, weights, columns);
  fill(sums, allSums, 0);
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
      if (through) viewVectors(a.xScale, a.xShift, a.xMoments, cBytes, xVectors);
      else viewVectors(a.xScale, a.xShift, a.xGate ? a.xGate + cBytes * image : 0, cBytes, xVectors);
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
      listRow(a, columns, lists, count, ky, at);
      store<usize>(sumList + 8 * count, at + PIXEL * left);
      store<usize>(sumList + 8 * count, sums + PIXEL * (ky * a.kw), 4);
      count++;
    }
    const offset = cBytes * (<usize>row * a.wd);
    const weigh = a.dW && count;
    const view = input + PIXEL * a.pw;
    if (weigh && !through) viewRow(a.x + offset, a.wd, cBytes, xVectors, a.xGate != 0, a.xAct, view, inputTileBytes);
    for (let c: usize = 0, tile: usize = 0; c < cBytes; c += PIXEL, tile++) {
      const lanes = min(PIXEL, cBytes - c);
      const gradients = tileBytes * tile;
      const taps = weightBytes * tile;
      const dx = a.dx + offset + c;
      if (through) {
        inputGradient(a, columns, lists, count, gradients, taps, zeros, 0, tileGradient, PIXEL, lanes);
        throughActivation(
          a.xAct, a.x + offset + c, cBytes, a.wd, xVectors + 4 * VIEW_BYTES * tile, tileGradient, view, dx,
          normSums + c, normSums + allBytes + c, lanes,
        );
      } else if (a.dx)
        inputGradient(a, columns, lists, count, gradients, taps, a.accumulate ? dx : zeros, a.accumulate ? cBytes : 0, dx, cBytes, lanes);
      if (!weigh) continue;
      const tileInput = through ? input : input + inputTileBytes * tile;
      depthwiseWeightSums(a.kw, tileInput, PIXEL * a.sw, PIXEL * a.dw, sumList, count, gradients, taps, a.ow, lanes);
    }
    summed += max(a.ow, a.wd);
    if (summed >= FLOAT32_SUM) {
      flush(sums, allSums, partial);
      summed = 0;
    }
  }
  if (summed) flush(sums, allSums, partial);
}

/** A thread's sums in `shared`, float64: the weights', the norm's two, the bias's. */
// @ts-ignore: decorator
@inline
function partialBytes(a: DepthwiseBackwardArgs): usize {
  return 2 * to64(channelBytes(a.c)) * <usize>(a.kh * a.kw + 3);
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

/** Adds the threads' sums to dW and dBias, and writes them to xSums, in the threads' order. */
export function depthwiseBackwardSums(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DepthwiseBackwardArgs>(args);
  const taps = a.kh * a.kw;
  const cBytes = channelBytes(a.c);
  const allBytes = to64(cBytes);
  const step = partialBytes(a);
  const norm = shared + 2 * allBytes * taps;
  const bias = norm + 4 * allBytes;
  const lanes = <i32>(cBytes / 4);
  const last = shareStart(lanes, thread + 1, threads);
  for (let c = shareStart(lanes, thread, threads); c < last; c++) {
    const to = 4 * <usize>c;
    if (a.xMoments) {
      store<f32>(a.xSums + to, <f32>sumOver(norm + 2 * to, step, threads));
      store<f32>(a.xSums + cBytes + to, <f32>sumOver(norm + 2 * allBytes + 2 * to, step, threads));
    }
    if (c >= a.c) continue;
    if (a.dW) {
      const at = shared + (PIXEL * 2 * taps) * (c >> 4) + <usize>(c & 15) * 8;
      for (let t = 0; t < taps; t++) {
        const weight = a.dW + 4 * <usize>(c * taps + t);
        store<f32>(weight, <f32>(load<f32>(weight) + sumOver(at + PIXEL * 2 * t, step, threads)));
      }
    }
    if (a.dBias) store<f32>(a.dBias + to, <f32>(load<f32>(a.dBias + to) + sumOver(bias + 2 * to, step, threads)));
  }
}

function sumOver(at: usize, step: usize, threads: i32): f64 {
  let sum: f64 = 0;
  for (; threads > 0; threads--, at += step) sum += load<f64>(at);
  return sum;
}
