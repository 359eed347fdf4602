/**
 * One row of a depthwise convolution's input gradient. The input's columns fall into sw classes by (ix + pw) % sw. In a class the
 * taps kx with kx * dw % sw == class meet an input pixel, and neighbours of the class meet neighbouring gradients: a
 * convolution of stride 1 for each class.
 */

import { DepthwiseBackwardArgs } from "./depthwise-args";
import { depthwiseBlocks } from "./depthwise-blocks";
import { to64 } from "./depthwise-memory";
import { PIXEL } from "./depthwise-rows";

/** What is to be known of a class, once for all rows. */
@unmanaged
class Columns {
  taps: i32;
  /** Its first column, and how many it has. */
  first: i32;
  pixels: i32;
  /** Bytes from a gradient row's start to the gradient that the first column's largest tap meets. */
  gradient: usize;
  /** Its weights of the first tile: [ky][taps][16]. */
  weights: usize;
}

@inline const COLUMNS_BYTES: usize = 32;

/** Bytes of a class's list of rows. */
// @ts-ignore: decorator
@inline
function listBytes(kh: i32): usize {
  return to64(8 * kh);
}

// @ts-ignore: decorator
@inline
function columnsOf(columns: usize, q: i32): Columns {
  return changetype<Columns>(columns + COLUMNS_BYTES * q);
}

export function divideUp(a: i32, b: i32): i32 {
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

/**
 * Describes the classes at `columns`, and turns the packed weights [taps][cp] to [tile][class][ky][taps of the class, kx falling][16]
 * at `weights`. left: columns of zeros before a gradient row.
 */
export function prepareColumns(a: DepthwiseBackwardArgs, cBytes: usize, left: i32, weights: usize, columns: usize): void {
  const tapsOfTile = <usize>(a.kh * a.kw);
  for (let q = 0; q < a.sw; q++) {
    const kind = columnsOf(columns, q);
    let largest = 0;
    kind.taps = 0;
    for (let kx = 0; kx < a.kw; kx++) {
      if (kx * a.dw % a.sw != q) continue;
      kind.taps++;
      largest = kx;
    }
    kind.first = ((q - a.pw) % a.sw + a.sw) % a.sw;
    kind.pixels = divideUp(a.wd - kind.first, a.sw);
    kind.gradient = kind.taps ? PIXEL * (left + (kind.first + a.pw - largest * a.dw) / a.sw) : 0;
    kind.weights = weights;
    for (let ky = 0; ky < a.kh; ky++)
      for (let kx = a.kw - 1; kx >= 0; kx--) {
        if (kx * a.dw % a.sw != q) continue;
        const w = a.w + cBytes * (ky * a.kw + kx);
        for (let c: usize = 0; c < cBytes; c += 16)
          v128.store(weights + (c & ~63) * tapsOfTile + (c & 63), v128.load(w + c));
        weights += PIXEL;
      }
  }
}

/** Enters a gradient row, met by the kernel's row ky, as number i of each class's list. */
export function listRow(a: DepthwiseBackwardArgs, columns: usize, lists: usize, i: i32, ky: i32, gradient: usize): void {
  const bytes = listBytes(a.kh);
  let to = lists + 8 * i;
  for (let q = 0; q < a.sw; q++, to += bytes) {
    const kind = columnsOf(columns, q);
    store<usize>(to, gradient);
    store<usize>(to, kind.weights + PIXEL * (ky * kind.taps), 4);
  }
}

/**
 * The gradient of one row of one tile. tileOffset and weightOffset: from the listed gradients and weights to the tile's; init and to: where each pixel's
 * first value and result stand, with the bytes from pixel to pixel; lanes: bytes of the tile's channels.
 */
export function inputGradient(
  a: DepthwiseBackwardArgs, columns: usize, lists: usize, count: i32, tileOffset: usize, weightOffset: usize,
  init: usize, initStep: usize, to: usize, toStep: usize, lanes: usize,
): void {
  const dilation = a.sw == 1 ? PIXEL * a.dw : PIXEL * (a.dw / commonDivisor(a.dw, a.sw));
  const bytes = listBytes(a.kh);
  for (let q = 0; q < a.sw; q++, lists += bytes) {
    const kind = columnsOf(columns, q);
    depthwiseBlocks(
      kind.taps, PIXEL, dilation, lists, kind.taps ? count : 0, tileOffset + kind.gradient, weightOffset,
      init + initStep * kind.first, initStep * a.sw, to + toStep * kind.first, toStep * a.sw, kind.pixels, lanes,
    );
  }
}
