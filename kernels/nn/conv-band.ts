/**
 * Convolution of images of up to eight channels without patches: a band of the image's lines lies in cache, its View applied and its borders
 * filled with zeros, and the products read a row of patches tap by tap where the band holds it. A line's columns are sorted by what they leave
 * divided by the stride, so that one tap of neighbouring output columns stands in neighbouring rows of a strip of eight channels; up to
 * four channels with stride 2 have both columns of a pair in one row instead, channels 0 to 3 and 4 to 7.
 */

import { ConvSize, isPointwise, padded } from "./conv-size";
import { Source, copyRows, prepare, zeroRows } from "./conv-source";
import { multiplyTransposedStrip } from "./gemm";
import { multiplyTransposedFour } from "./gemm-narrow";

/** Most columns of a line that are taken at a time. */
const COLUMNS: i32 = 264;
/** Floats of a band and the gradients that go with it, where lines can be had for them: 256 kB. */
const FLOATS: i32 = 65536;
const MAX_TAPS: i32 = 64;
/** Narrower lines waste too much in tiles of six rows. */
const MIN_COLUMNS: i32 = 24;
/** A strip's. With more, patches are as fast: each serves more columns of the product. */
const CHANNELS: i32 = 8;

/** A band being read; lives in scratch, its taps' places behind it. */
@unmanaged
export class Band {
  strip: usize;
  /** Bytes from line to line. */
  line: usize;
  /** Bytes from one output line to the next. */
  down: usize;
}

export function usesBand(s: ConvSize): bool {
  if (s.c > CHANNELS || s.groups != 1 || isPointwise(s) || (s.dh | s.dw) != 1 || s.ow < MIN_COLUMNS) return false;
  return s.kh <= MAX_TAPS && s.kw <= MAX_TAPS && s.kh * s.kw <= MAX_TAPS && s.sh <= s.kh && s.sw <= s.kw;
}

// @ts-ignore: decorator
@inline
function isPaired(s: ConvSize): bool {
  return s.c <= 4 && s.sw == 2;
}

/** Output columns that are taken at a time, a multiple of twelve; their rows of patches fit `FLOATS` too. */
export function bandColumns(s: ConvSize): i32 {
  const most = max(MIN_COLUMNS, min(COLUMNS, FLOATS / (s.kh * s.kw * padded(s.c))));
  const pieces = (s.ow + most - 1) / most;
  return ((s.ow + pieces - 1) / pieces + 11) / 12 * 12;
}

/** Rows of a strip that one line takes. */
function lineRows(s: ConvSize): i32 {
  return (bandColumns(s) + (s.kw - 1) / s.sw) * (isPaired(s) ? 1 : s.sw);
}

/** Output lines that are taken at a time; each comes with `floats` of its own. */
export function bandLines(s: ConvSize, floats: i32): i32 {
  const line = lineRows(s) << 3;
  return max(1, min(min(8, s.oh), (FLOATS - s.kh * line) / (s.sh * line + floats)));
}

export function bandBytes(s: ConvSize, lines: i32): usize {
  return <usize>((lines - 1) * s.sh + s.kh) * (<usize>lineRows(s) << 5);
}

/** Bytes of a `Band` with its taps. */
export const BAND_BYTES: usize = 64 + 4 * <usize>MAX_TAPS;

export function bandTaps(band: Band): usize {
  return changetype<usize>(band) + 64;
}

/** Sets a band up at `at`, its strip at `strip`. */
export function openBand(at: usize, s: ConvSize, strip: usize): Band {
  const band = changetype<Band>(at);
  const rows = lineRows(s);
  band.strip = strip;
  band.line = <usize>rows << 5;
  band.down = band.line * <usize>s.sh;
  let tap = bandTaps(band);
  for (let ky = 0; ky < s.kh; ky++) {
    for (let kx = 0; kx < s.kw; kx++) {
      const column = isPaired(s)
        ? <usize>kx << 4
        : <usize>((kx % s.sw) * (rows / s.sw) + kx / s.sw) << 5;
      store<u32>(tap, <u32>(<usize>ky * band.line + column));
      tap += 4;
    }
  }
  return band;
}

/** Reads what output lines [oy, oy + lines), columns [ox, ox + columns) of one image need. */
export function fillBand(
  band: Band,
  source: Source,
  s: ConvSize,
  image: i32,
  oy: i32,
  lines: i32,
  ox: i32,
  columns: i32,
): void {
  const quads = source.channels >> 2;
  const pixel = <usize>source.channels << 2;
  const paired = isPaired(s);
  const rows = paired ? lineRows(s) : lineRows(s) / s.sw;
  const used = columns + (s.kw - 1) / s.sw;
  const count = (lines - 1) * s.sh + s.kh;
  const top = oy * s.sh - s.ph;
  prepare(source, image);
  for (let i = 0; i < count; i++) {
    const iy = top + i;
    for (let phase = 0; phase < s.sw; phase++) {
      const first = paired ? phase : 0;
      const to = band.strip + <usize>i * band.line + (paired ? 0 : <usize>(phase * rows) << 5);
      const left = ox * s.sw - s.pw + phase;
      let low = left < 0 ? min(used, (-left + s.sw - 1) / s.sw) : 0;
      let high = left < s.wd ? min(used, (s.wd - 1 - left) / s.sw + 1) : 0;
      if (iy < 0 || iy >= s.h || high <= low) {
        low = 0;
        high = 0;
      }
      if (low > 0) zeroRows(low, quads, to, 0, first);
      if (high > low) {
        const at = (<usize>(image * s.h + iy) * <usize>s.wd + <usize>(left + low * s.sw)) * pixel;
        copyRows(source, at, pixel * <usize>s.sw, high - low, 0, quads, to + (<usize>low << 5), 0, first);
      }
      if (used > high) zeroRows(used - high, quads, to + (<usize>high << 5), 0, first);
    }
  }
}

/** Strips of the sums that a line of taps makes. */
function lineStrips(s: ConvSize): i32 {
  return isPaired(s) ? (s.kw + 1) >> 1 : s.kw;
}

/** Floats of [strips][k][8], the sums that `multiplyBand` makes. */
export function bandPartFloats(s: ConvSize, kd: i32): usize {
  return <usize>s.kh * <usize>lineStrips(s) * <usize>(kd << 3);
}

/** The place of a tap's first channel among the sums' columns. */
export function bandPlace(s: ConvSize, ky: i32, kx: i32): i32 {
  return ((ky * lineStrips(s)) << 3) + kx * (isPaired(s) ? 4 : 8);
}

/** part (= or +=) D^T * patches, for `rows` columns of one output line, whose first lies at `a`; D in strips. */
export function multiplyBand(
  band: Band,
  s: ConvSize,
  a: usize,
  d: usize,
  dStep: usize,
  kd: i32,
  rows: i32,
  add: bool,
  zeros: usize,
  part: usize,
): void {
  const taps = bandTaps(band);
  const each = isPaired(s) ? 2 : 1;
  for (let ky = 0; ky < s.kh; ky++) {
    for (let kx = 0; kx < s.kw; kx += each) {
      const from = a + load<u32>(taps + (<usize>(ky * s.kw + kx) << 2));
      if (each == 2 && kx + 1 == s.kw && !(kd & 7)) multiplyTransposedFour(d, dStep, kd, from, rows, add, zeros, part);
      else multiplyTransposedStrip(d, dStep, kd, from, rows, add, zeros, part);
      part += <usize>kd << 5;
    }
  }
}
