/**
 * What a convolution reads: an activation through its View or a gradient through its GradView (src/nn/op.ts), applied while a chunk
 * of rows is copied to strips of eight channels, [channels/8][rows][8], which the products of gemm.ts read.
 */

import { ZERO, held, madd, nmadd, sigmoid, sigmoidBy } from "./simd";

const COPY: i32 = 0;
const AFFINE: i32 = 1;
const RELU: i32 = 2;
const SILU: i32 = 3;
const SIGMOID: i32 = 4;
const LINEAR_GRAD: i32 = 5;
const RELU_GRAD: i32 = 6;
const SILU_GRAD: i32 = 7;
const SIGMOID_GRAD: i32 = 8;

/** Vectors that `prepare` lays out for every four channels, 16 bytes each. */
const SLOTS: usize = 6;

@unmanaged
export class View {
  x: usize;
  scale: usize;
  shift: usize;
  gate: usize;
  act: i32;
}

@unmanaged
export class GradView {
  g: usize;
  y: usize;
  scale: usize;
  shift: usize;
  act: i32;
  gate: usize;
  spread: usize;
  coefA: usize;
  coefB: usize;
  coefC: usize;
}

/** A View or GradView being read: lives in scratch, followed by `SLOTS` vectors for every four channels. */
@unmanaged
export class Source {
  base: usize;
  other: usize;
  channels: i32;
  mode: i32;
  view: usize;
  isGrad: i32;
  /** The image that the slots stand for; -1 before the first. */
  image: i32;
  perImage: i32;
  /** Where the sigmoids of a silu's rows, whole and one after the other, are to be kept; 0: nowhere. Moves on as rows are copied. */
  sigmoids: usize;
}

const HEADER: usize = 64;

export function sourceBytes(channels: i32): usize {
  return HEADER + SLOTS * 4 * <usize>channels;
}

/** Sets a source up at `at`; `channels` are physical. */
export function openView(at: usize, view: View, channels: i32): Source {
  const source = changetype<Source>(at);
  source.base = view.x;
  source.other = 0;
  source.sigmoids = 0;
  source.channels = channels;
  source.view = changetype<usize>(view);
  source.isGrad = 0;
  source.image = -1;
  source.perImage = view.gate != 0 ? 1 : 0;
  if (view.act) source.mode = AFFINE + view.act;
  else source.mode = view.scale | view.shift | view.gate ? AFFINE : COPY;
  return source;
}

export function openGrad(at: usize, view: GradView, channels: i32): Source {
  const source = changetype<Source>(at);
  source.base = view.g;
  source.other = view.y;
  source.sigmoids = 0;
  source.channels = channels;
  source.view = changetype<usize>(view);
  source.isGrad = 1;
  source.image = -1;
  source.perImage = view.gate | view.spread ? 1 : 0;
  if (view.act) source.mode = LINEAR_GRAD + view.act;
  else if (view.coefB) source.mode = LINEAR_GRAD;
  else source.mode = view.gate | view.spread | view.coefA | view.coefC ? AFFINE : COPY;
  return source;
}

// @ts-ignore: decorator
@inline
function orElse(at: usize, offset: usize, otherwise: v128): v128 {
  return at ? v128.load(at + offset) : otherwise;
}

/** Lays out the vectors of one image. */
export function prepare(source: Source, image: i32): void {
  if (source.mode == COPY || source.image == image || (source.image >= 0 && !source.perImage)) return;
  source.image = image;
  const one = f32x4.splat(1);
  const bytes = <usize>source.channels << 2;
  const imageAt = <usize>image * bytes;
  let slot = changetype<usize>(source) + HEADER;
  if (!source.isGrad) {
    const view = changetype<View>(source.view);
    for (let c: usize = 0; c < bytes; c += 16) {
      let p = orElse(view.scale, c, one);
      let q = orElse(view.shift, c, ZERO);
      const gate = orElse(view.gate, imageAt + c, one);
      if (source.mode == AFFINE) {
        p = f32x4.mul(p, gate);
        q = f32x4.mul(q, gate);
      }
      v128.store(slot, p);
      v128.store(slot, q, 16);
      v128.store(slot, gate, 32);
      slot += SLOTS * 16;
    }
    return;
  }
  const view = changetype<GradView>(source.view);
  for (let c: usize = 0; c < bytes; c += 16) {
    const a = orElse(view.coefA, c, one);
    const coefC = orElse(view.coefC, c, ZERO);
    const spread = f32x4.mul(orElse(view.spread, imageAt + c, ZERO), a);
    v128.store(slot, f32x4.mul(orElse(view.gate, imageAt + c, one), a));
    if (source.mode <= LINEAR_GRAD) v128.store(slot, f32x4.add(spread, coefC), 16);
    else {
      v128.store(slot, spread, 16);
      v128.store(slot, orElse(view.scale, c, one), 32);
      v128.store(slot, orElse(view.shift, c, ZERO), 48);
      v128.store(slot, coefC, 80);
    }
    v128.store(slot, orElse(view.coefB, c, ZERO), 64);
    slot += SLOTS * 16;
  }
}

/** d of act'(z) known: (g * P + S) * derivative + (y * B + C). */
// @ts-ignore: decorator
@inline
function gradient(g: v128, y: v128, derivative: v128, slot: usize): v128 {
  return madd(
    madd(g, v128.load(slot), v128.load(slot, 16)),
    derivative,
    madd(y, v128.load(slot, 64), v128.load(slot, 80)),
  );
}

function siluRows(
  x: usize,
  stride: usize,
  rows: i32,
  bytes: usize,
  slots: usize,
  out: usize,
  toStep: usize,
  start: usize,
): void {
  const zero = <i32>(slots & 3);
  const high = held(87, zero);
  const low = held(-87, zero);
  const log2e = held(-1.4426950408889634, zero);
  const rounder = held(12582912, zero);
  const ln2 = held(0.6931471805599453, zero);
  const c5 = held(-0.0083125013, zero);
  const c4 = held(0.041890332, zero);
  const c3 = held(-0.16667115, zero);
  const c2 = held(0.4999923, zero);
  const one = held(1, zero);
  for (let r = 0; r < rows; r++) {
    const end = x + bytes;
    let at = out;
    let step = start;
    let slot = slots;
    for (let from = x; from < end; from += 16) {
      const z = madd(v128.load(from), v128.load(slot), v128.load(slot, 16));
      const top = f32x4.mul(z, v128.load(slot, 32));
      v128.store(at, sigmoidBy(z, top, high, low, log2e, rounder, ln2, c5, c4, c3, c2, one));
      at += step;
      step = toStep - step;
      slot += SLOTS * 16;
    }
    x += stride;
    out += 32;
  }
}

/** siluRows that keeps the sigmoids. */
function siluRowsKeeping(
  x: usize,
  stride: usize,
  rows: i32,
  bytes: usize,
  slots: usize,
  out: usize,
  toStep: usize,
  start: usize,
  keep: usize,
): void {
  const zero = <i32>(slots & 3);
  const high = held(87, zero);
  const low = held(-87, zero);
  const log2e = held(-1.4426950408889634, zero);
  const rounder = held(12582912, zero);
  const ln2 = held(0.6931471805599453, zero);
  const c5 = held(-0.0083125013, zero);
  const c4 = held(0.041890332, zero);
  const c3 = held(-0.16667115, zero);
  const c2 = held(0.4999923, zero);
  const one = held(1, zero);
  for (let r = 0; r < rows; r++) {
    const end = x + bytes;
    let at = out;
    let step = start;
    let slot = slots;
    for (let from = x; from < end; from += 16) {
      const z = madd(v128.load(from), v128.load(slot), v128.load(slot, 16));
      const sigmoid = sigmoidBy(z, one, high, low, log2e, rounder, ln2, c5, c4, c3, c2, one);
      v128.store(keep, sigmoid);
      keep += 16;
      v128.store(at, f32x4.mul(f32x4.mul(z, v128.load(slot, 32)), sigmoid));
      at += step;
      step = toStep - step;
      slot += SLOTS * 16;
    }
    x += stride;
    out += 32;
  }
}

function siluGradRows(
  x: usize,
  y: usize,
  stride: usize,
  rows: i32,
  bytes: usize,
  slots: usize,
  out: usize,
  toStep: usize,
  start: usize,
): void {
  const zero = <i32>(slots & 3);
  const high = held(87, zero);
  const low = held(-87, zero);
  const log2e = held(-1.4426950408889634, zero);
  const rounder = held(12582912, zero);
  const ln2 = held(0.6931471805599453, zero);
  const c5 = held(-0.0083125013, zero);
  const c4 = held(0.041890332, zero);
  const c3 = held(-0.16667115, zero);
  const c2 = held(0.4999923, zero);
  const one = held(1, zero);
  for (let r = 0; r < rows; r++) {
    let at = out;
    let step = start;
    let slot = slots;
    for (let c: usize = 0; c < bytes; c += 16) {
      const value = v128.load(y + c);
      const z = madd(value, v128.load(slot, 32), v128.load(slot, 48));
      const s = sigmoidBy(z, one, high, low, log2e, rounder, ln2, c5, c4, c3, c2, one);
      const derivative = madd(f32x4.mul(s, z), f32x4.sub(one, s), s);
      v128.store(at, gradient(v128.load(x + c), value, derivative, slot));
      at += step;
      step = toStep - step;
      slot += SLOTS * 16;
    }
    x += stride;
    y += stride;
    out += 32;
  }
}

/** Rows of a gradient without activation; two vectors a turn, one strip's. */
function linearGradRows(
  x: usize,
  y: usize,
  stride: usize,
  rows: i32,
  quads: i32,
  slots: usize,
  out: usize,
  toStep: usize,
): void {
  const pairs = quads >> 1;
  for (let r = 0; r < rows; r++) {
    let from = x;
    let fromY = y;
    let at = out;
    let slot = slots;
    for (let i = pairs; i > 0; i--) {
      const rest = madd(v128.load(fromY), v128.load(slot, 64), v128.load(slot, 16));
      v128.store(at, madd(v128.load(from), v128.load(slot), rest));
      const more = madd(v128.load(fromY, 16), v128.load(slot, 160), v128.load(slot, 112));
      v128.store(at, madd(v128.load(from, 16), v128.load(slot, 96), more), 16);
      from += 32;
      fromY += 32;
      at += toStep;
      slot += 2 * SLOTS * 16;
    }
    if (quads & 1) {
      const rest = madd(v128.load(fromY), v128.load(slot, 64), v128.load(slot, 16));
      v128.store(at, madd(v128.load(from), v128.load(slot), rest));
    }
    x += stride;
    y += stride;
    out += 32;
  }
}

/** Rows of four or of eight channels as they stand. */
function copyNarrow(x: usize, stride: usize, rows: i32, eight: bool, out: usize): void {
  const end = out + (<usize>rows << 5);
  if (eight) {
    for (; out < end; out += 32) {
      v128.store(out, v128.load(x));
      v128.store(out, v128.load(x, 16), 16);
      x += stride;
    }
  } else {
    for (; out < end; out += 32) {
      v128.store(out, v128.load(x));
      x += stride;
    }
  }
}

/**
 * Copies `rows` rows of 4 * `quads` channels, `stride` bytes apart from byte `offset` of the tensor on, to `to` (32 bytes from row to row).
 * `first` is the first of the chunk's quads that they become; `channel` is the tensor's channel that the rows start at.
 */
export function copyRows(
  source: Source,
  offset: usize,
  stride: usize,
  rows: i32,
  channel: i32,
  quads: i32,
  to: usize,
  toStep: usize,
  first: i32,
): void {
  const x = source.base + offset;
  const y = source.other + offset;
  const slots = changetype<usize>(source) + HEADER + SLOTS * 4 * <usize>channel;
  const out = to + <usize>(first >> 1) * toStep + (<usize>(first & 1) << 4);
  const odd = toStep - 16;
  const start: usize = first & 1 ? odd : 16;
  const bytes = <usize>quads << 4;
  const one = f32x4.splat(1);
  const mode = source.mode;
  if (mode == SILU) {
    if (source.sigmoids) {
      siluRowsKeeping(x, stride, rows, bytes, slots, out, toStep, start, source.sigmoids);
      source.sigmoids += <usize>rows * bytes;
    } else siluRows(x, stride, rows, bytes, slots, out, toStep, start);
    return;
  }
  if (mode == SILU_GRAD) {
    siluGradRows(x, y, stride, rows, bytes, slots, out, toStep, start);
    return;
  }
  if (mode == LINEAR_GRAD && first == 0) {
    linearGradRows(x, y, stride, rows, quads, slots, out, toStep);
    return;
  }
  if (mode == COPY && (quads == 1 || (quads == 2 && first == 0))) {
    copyNarrow(x, stride, rows, quads == 2, out);
    return;
  }
  for (let r: usize = 0; r < <usize>rows; r++) {
    const row = r * stride;
    let from = x + row;
    let fromY = y + row;
    const end = from + bytes;
    let at = out + (r << 5);
    let step = start;
    let slot = slots;
    if (mode == COPY) {
      for (; from < end; from += 16) {
        v128.store(at, v128.load(from));
        at += step;
        step = toStep - step;
      }
    } else if (mode == AFFINE) {
      for (; from < end; from += 16) {
        v128.store(at, madd(v128.load(from), v128.load(slot), v128.load(slot, 16)));
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    } else if (mode == RELU) {
      for (; from < end; from += 16) {
        const z = madd(v128.load(from), v128.load(slot), v128.load(slot, 16));
        v128.store(at, f32x4.mul(f32x4.pmax(z, ZERO), v128.load(slot, 32)));
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    } else if (mode == SIGMOID) {
      for (; from < end; from += 16) {
        const z = madd(v128.load(from), v128.load(slot), v128.load(slot, 16));
        v128.store(at, f32x4.mul(sigmoid(z), v128.load(slot, 32)));
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    } else if (mode == LINEAR_GRAD) {
      for (; from < end; from += 16) {
        const rest = madd(v128.load(fromY), v128.load(slot, 64), v128.load(slot, 16));
        v128.store(at, madd(v128.load(from), v128.load(slot), rest));
        fromY += 16;
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    } else if (mode == RELU_GRAD) {
      for (; from < end; from += 16) {
        const value = v128.load(fromY);
        const z = madd(value, v128.load(slot, 32), v128.load(slot, 48));
        const derivative = v128.and(f32x4.gt(z, ZERO), one);
        v128.store(at, gradient(v128.load(from), value, derivative, slot));
        fromY += 16;
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    } else {
      for (; from < end; from += 16) {
        const value = v128.load(fromY);
        const s = sigmoid(madd(value, v128.load(slot, 32), v128.load(slot, 48)));
        v128.store(at, gradient(v128.load(from), value, nmadd(s, s, s), slot));
        fromY += 16;
        at += step;
        step = toStep - step;
        slot += SLOTS * 16;
      }
    }
  }
}

/** The source's values are read as they stand. */
export function isPlain(source: Source): bool {
  return source.mode == COPY;
}

/** Zeros where `copyRows` would write. */
export function zeroRows(rows: i32, quads: i32, to: usize, toStep: usize, first: i32): void {
  for (let q = first; q < first + quads; q++) {
    let at = to + <usize>(q >> 1) * toStep + (<usize>(q & 1) << 4);
    for (let r = 0; r < rows; r++) {
      v128.store(at, ZERO);
      at += 32;
    }
  }
}

/** Rows [row, row + rows) of the tensor, whole pixels in order, `pixels` to the image; channels [channel, channel + 4 quads). */
export function copyPixels(
  source: Source,
  pixels: i32,
  row: i32,
  rows: i32,
  channel: i32,
  quads: i32,
  to: usize,
  toStep: usize,
): void {
  const stride = <usize>source.channels << 2;
  let done = 0;
  while (done < rows) {
    const image = (row + done) / pixels;
    const count = min(rows - done, (image + 1) * pixels - (row + done));
    prepare(source, image);
    copyRows(
      source,
      <usize>(row + done) * stride + (<usize>channel << 2),
      stride,
      count,
      channel,
      quads,
      to + (<usize>done << 5),
      toStep,
      0,
    );
    done += count;
  }
}
