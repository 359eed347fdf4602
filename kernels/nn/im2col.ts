/** Rows of patches from an image, and their gradients back: row (image, oy, ox), columns (ky, kx, channel). */

import { ConvSize, isPointwise } from "./conv-size";
import { Source, copyPixels, copyRows, isPlain, prepare, zeroRows } from "./conv-source";

/** ceil(a / b) for b > 0. */
// @ts-ignore: decorator
@inline
function ceilDiv(a: i32, b: i32): i32 {
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}

/** The first output column in [from, to] whose tap at `offset` stands at `bound` or past it. */
// @ts-ignore: decorator
@inline
function firstInside(bound: i32, offset: i32, stride: i32, from: i32, to: i32): i32 {
  return min(to, max(from, ceilDiv(bound - offset, stride)));
}

/** One line's patches from output column ox on, tap by tap. */
function gatherTaps(
  source: Source,
  s: ConvSize,
  image: i32,
  oy: i32,
  ox: i32,
  count: i32,
  channel: i32,
  quads: i32,
  to: usize,
  toStep: usize,
): void {
  const pixel = <usize>source.channels << 2;
  const end = ox + count;
  let first = 0;
  for (let ky = 0; ky < s.kh; ky++) {
    const iy = oy * s.sh - s.ph + ky * s.dh;
    const line = <usize>(image * s.h + iy) * <usize>s.wd;
    for (let kx = 0; kx < s.kw; kx++) {
      const offset = kx * s.dw - s.pw;
      let low = end;
      let high = end;
      if (iy >= 0 && iy < s.h) {
        low = firstInside(0, offset, s.sw, ox, end);
        high = firstInside(s.wd, offset, s.sw, low, end);
      }
      if (low > ox) zeroRows(low - ox, quads, to, toStep, first);
      if (high > low) {
        copyRows(
          source,
          (line + <usize>(low * s.sw + offset)) * pixel + (<usize>channel << 2),
          pixel * <usize>s.sw,
          high - low,
          channel,
          quads,
          to + (<usize>(low - ox) << 5),
          toStep,
          first,
        );
      }
      if (end > high) zeroRows(end - high, quads, to + (<usize>(high - ox) << 5), toStep, first);
      first += quads;
    }
  }
}

/** The same where all taps of a kernel's line stand side by side inside the image and are read as they stand. */
function gatherLines(
  source: Source,
  s: ConvSize,
  image: i32,
  oy: i32,
  ox: i32,
  count: i32,
  to: usize,
  toStep: usize,
): void {
  const pixel = <usize>source.channels << 2;
  const quads = (source.channels >> 2) * s.kw;
  let first = 0;
  for (let ky = 0; ky < s.kh; ky++) {
    const iy = oy * s.sh - s.ph + ky * s.dh;
    if (iy < 0 || iy >= s.h) zeroRows(count, quads, to, toStep, first);
    else {
      const at = <usize>(image * s.h + iy) * <usize>s.wd + <usize>(ox * s.sw - s.pw);
      copyRows(source, at * pixel, pixel * <usize>s.sw, count, 0, quads, to, toStep, first);
    }
    first += quads;
  }
}

/** Writes rows [row, row + rows) of the matrix of patches as strips; padding is 0 whatever the view makes of 0. */
export function gatherPatches(
  source: Source,
  s: ConvSize,
  row: i32,
  rows: i32,
  channel: i32,
  quads: i32,
  to: usize,
  toStep: usize,
): void {
  if (isPointwise(s)) {
    copyPixels(source, s.h * s.wd, row, rows, channel, quads, to, toStep);
    return;
  }
  const whole = isPlain(source) && s.dw == 1 && quads << 2 == source.channels;
  let done = 0;
  while (done < rows) {
    const line = (row + done) / s.ow;
    const ox = row + done - line * s.ow;
    const count = min(rows - done, s.ow - ox);
    const image = line / s.oh;
    const oy = line - image * s.oh;
    const at = to + (<usize>done << 5);
    prepare(source, image);
    if (whole) {
      const end = ox + count;
      const low = firstInside(0, -s.pw, s.sw, ox, end);
      const high = firstInside(s.wd, s.kw - 1 - s.pw, s.sw, low, end);
      if (low > ox) gatherTaps(source, s, image, oy, ox, low - ox, channel, quads, at, toStep);
      if (high > low) gatherLines(source, s, image, oy, low, high - low, at + (<usize>(low - ox) << 5), toStep);
      if (end > high)
        gatherTaps(source, s, image, oy, high, end - high, channel, quads, at + (<usize>(high - ox) << 5), toStep);
    } else gatherTaps(source, s, image, oy, ox, count, channel, quads, at, toStep);
    done += count;
  }
}

/** Adds `count` pieces of `bytes` bytes, `fromStep` apart, to places `toStep` apart, which may overlap. */
function addPieces(from: usize, fromStep: usize, to: usize, toStep: usize, bytes: usize, count: i32): void {
  if (bytes == 48) {
    for (; count > 0; count--) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      v128.store(to, f32x4.add(v128.load(to, 16), v128.load(from, 16)), 16);
      v128.store(to, f32x4.add(v128.load(to, 32), v128.load(from, 32)), 32);
      from += fromStep;
      to += toStep;
    }
    return;
  }
  for (; count > 0; count--) {
    for (let b: usize = 0; b < bytes; b += 16)
      v128.store(to + b, f32x4.add(v128.load(to + b), v128.load(from + b)));
    from += fromStep;
    to += toStep;
  }
}

/** scatterPatches where a line's taps are one piece of memory, in the patch and in the image. */
function scatterLines(
  patches: usize,
  s: ConvSize,
  row: i32,
  rows: i32,
  image: usize,
  pixel: usize,
  line0: i32,
  line1: i32,
): void {
  const bytes = pixel * <usize>s.kw;
  const patch = bytes * <usize>s.kh;
  while (rows > 0) {
    const line = row / s.ow;
    const ox = row - line * s.ow;
    const count = min(rows, s.ow - ox);
    const n = line / s.oh;
    const end = ox + count;
    /** Columns [low, high) whose taps all stand inside the image. */
    const low = firstInside(0, -s.pw, s.sw, ox, end);
    const high = firstInside(s.wd, s.kw - 1 - s.pw, s.sw, low, end);
    for (let ky = 0; ky < s.kh; ky++) {
      const iy = (line - n * s.oh) * s.sh - s.ph + ky * s.dh;
      const inputLine = n * s.h + iy;
      if (iy < 0 || iy >= s.h || inputLine < line0 || inputLine >= line1) continue;
      const from = patches + <usize>ky * bytes;
      const to = image + <usize>inputLine * <usize>s.wd * pixel;
      for (let x = ox; x < end; x++) {
        const ix = x * s.sw - s.pw;
        const at = from + <usize>(x - ox) * patch;
        if (x == low && high > low) {
          addPieces(at, patch, to + <usize>ix * pixel, <usize>s.sw * pixel, bytes, high - low);
          x = high - 1;
          continue;
        }
        const first = max(0, -ix);
        const last = min(s.kw, s.wd - ix);
        const inside = <usize>max(0, last - first) * pixel;
        addPieces(at + <usize>first * pixel, 0, to + <usize>(ix + first) * pixel, 0, inside, 1);
      }
    }
    patches += <usize>count * patch;
    row += count;
    rows -= count;
  }
}

/**
 * Adds rows of patches (row-major, 4 * quads * kh * kw floats each) to the image's lines [line0, line1), lines counted over all images;
 * the image has `pixel` bytes a pixel.
 */
export function scatterPatches(
  patches: usize,
  s: ConvSize,
  row: i32,
  rows: i32,
  channel: i32,
  quads: i32,
  image: usize,
  pixel: usize,
  line0: i32,
  line1: i32,
): void {
  const bytes = <usize>quads << 4;
  if (s.dw == 1 && bytes == pixel) {
    scatterLines(patches, s, row, rows, image, pixel, line0, line1);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const line = (row + r) / s.ow;
    const ox = row + r - line * s.ow;
    const n = line / s.oh;
    const oy = line - n * s.oh;
    for (let ky = 0; ky < s.kh; ky++) {
      const iy = oy * s.sh - s.ph + ky * s.dh;
      const inputLine = n * s.h + iy;
      if (iy < 0 || iy >= s.h || inputLine < line0 || inputLine >= line1) {
        patches += bytes * <usize>s.kw;
        continue;
      }
      for (let kx = 0; kx < s.kw; kx++) {
        const ix = ox * s.sw - s.pw + kx * s.dw;
        if (ix >= 0 && ix < s.wd) {
          const at = image + (<usize>inputLine * <usize>s.wd + <usize>ix) * pixel + (<usize>channel << 2);
          for (let b: usize = 0; b < bytes; b += 16)
            v128.store(at + b, f32x4.add(v128.load(at + b), v128.load(patches + b)));
        }
        patches += bytes;
      }
    }
  }
}
