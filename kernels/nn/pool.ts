/** Pooling over windows (average, maximum) and over whole images (average, generalised mean). All read a view. */

import { activate } from "./activate";
import { exp64, log, log64 } from "./math";
import { CONSTANTS, onePlusExp } from "./one-plus-exp";
import { exp, madd, ZERO } from "./simd";
import { blockAfter, imageSums, imageSumsFinish, padded, share, vectorOr } from "./sums";

@unmanaged class ImagePoolArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  y: usize;
  n: i32;
  pixels: i32;
  c: i32;
  p: usize;
}

@unmanaged class Work {
  scale: usize;
  shift: usize;
  ones: usize;
  touched: i32;
}

@inline const WORK_BYTES: usize = 128;
/** The generalised mean's floor, as timm has it. */
@inline const EPS: f32 = 1e-6;

// @ts-ignore: decorator
@inline
function sumLoop(act: i32, x: usize, w: Work, gate: usize, rows: usize, stride: usize, acc: usize): void {
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(w.scale + v);
    const b = v128.load(w.shift + v);
    let sum = ZERO;
    let at = x + v;
    for (let r: usize = 0; r < rows; r++, at += stride) sum = f32x4.add(sum, activate(act, madd(v128.load(at), a, b)));
    v128.store(acc + v, madd(sum, v128.load(gate + v), v128.load(acc + v)));
  }
}

/** sumLoop for silu and four rows. ahead: the next rows, which are brought near on the way. */
function sumSilu4(x: usize, ahead: usize, w: Work, gate: usize, stride: usize, acc: usize): void {
  const one = v128.load(CONSTANTS), round = v128.load(CONSTANTS, 16), log2 = v128.load(CONSTANTS, 32);
  const high = v128.load(CONSTANTS, 48), low = v128.load(CONSTANTS, 64), c5 = v128.load(CONSTANTS, 80);
  const c4 = v128.load(CONSTANTS, 96), c3 = v128.load(CONSTANTS, 112), c2 = v128.load(CONSTANTS, 128), c1 = v128.load(CONSTANTS, 144);
  const scale = w.scale, shift = w.shift;
  const x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
  let touched = 0;
  for (let v: usize = 0; v < stride; v += 16) {
    touched |= load<i32>(ahead + 4 * v);
    let z = madd(v128.load(x + v), v128.load(scale + v), v128.load(shift + v));
    let sum = f32x4.div(z, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1));
    z = madd(v128.load(x1 + v), v128.load(scale + v), v128.load(shift + v));
    sum = f32x4.add(sum, f32x4.div(z, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1)));
    z = madd(v128.load(x2 + v), v128.load(scale + v), v128.load(shift + v));
    sum = f32x4.add(sum, f32x4.div(z, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1)));
    z = madd(v128.load(x3 + v), v128.load(scale + v), v128.load(shift + v));
    sum = f32x4.add(sum, f32x4.div(z, onePlusExp(z, one, round, log2, high, low, c5, c4, c3, c2, c1)));
    v128.store(acc + v, madd(sum, v128.load(gate + v), v128.load(acc + v)));
  }
  w.touched = touched;
}

function averageRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  const w = changetype<Work>(work);
  const stride = padded(a.c) << 2;
  const gate = a.xGate ? a.xGate + image * stride : w.ones;
  const all = <usize>a.n * <usize>a.pixels * stride;
  if (a.xAct == 2 && rows == 4) sumSilu4(a.x + offset, a.x + blockAfter(offset, stride, all), w, gate, stride, acc);
  else if (a.xAct == 2) sumLoop(2, a.x + offset, w, gate, rows, stride, acc);
  else sumLoop(a.xAct, a.x + offset, w, gate, rows, stride, acc);
}

/** x^p summed, x no less than EPS. */
function gemRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  const w = changetype<Work>(work);
  const stride = padded(a.c) << 2;
  const gate = a.xGate ? a.xGate + image * stride : w.ones;
  const p = v128.load32_splat(a.p);
  for (let v: usize = 0; v < stride; v += 16) {
    const scale = v128.load(w.scale + v);
    const shift = v128.load(w.shift + v);
    const g = v128.load(gate + v);
    let sum = v128.load(acc + v);
    let at = a.x + offset + v;
    for (let r: usize = 0; r < rows; r++, at += stride) {
      const value = f32x4.mul(activate(a.xAct, madd(v128.load(at), scale, shift)), g);
      sum = f32x4.add(sum, exp(f32x4.mul(p, log(f32x4.pmax(value, f32x4.splat(EPS))))));
    }
    v128.store(acc + v, sum);
  }
}

/** Fills in the vectors that are absent; gives where work space begins. */
function prepare(a: ImagePoolArgs, scratch: usize): usize {
  const w = changetype<Work>(scratch);
  const spare = scratch + WORK_BYTES;
  const bytes = padded(a.c) << 2;
  w.scale = vectorOr(a.xScale, 1, a.c, spare);
  w.shift = vectorOr(a.xShift, 0, a.c, spare + bytes);
  w.ones = vectorOr(0, 1, a.c, spare + 2 * bytes);
  return spare + 3 * bytes;
}

export function globalAvgPool(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  const acc = prepare(a, scratch);
  imageSums(a.n, a.pixels, a.c, 1, 1 / <f64>a.pixels, false, a.y, thread, threads, shared, acc, args, scratch, averageRows);
}

export function globalAvgPoolFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  imageSumsFinish(a.n, a.pixels, a.c, 1, 1 / <f64>a.pixels, false, a.y, thread, threads, shared);
}

/** y = mean(max(x, eps)^p)^(1 / p) (Radenovic et al. 2018): here the mean of the powers. */
export function gemPool(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  const acc = prepare(a, scratch);
  imageSums(a.n, a.pixels, a.c, 1, 1 / <f64>a.pixels, false, a.y, thread, threads, shared, acc, args, scratch, gemRows);
}

export function gemPoolFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  imageSumsFinish(a.n, a.pixels, a.c, 1, 1 / <f64>a.pixels, false, a.y, thread, threads, shared);
}

export function gemPoolRoot(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ImagePoolArgs>(args);
  const inverse = 1 / <f64>load<f32>(a.p);
  const count = <usize>a.n * padded(a.c);
  const last = share(count, thread + 1, threads);
  for (let i = share(count, thread, threads); i < last; i++) {
    const at = a.y + (i << 2);
    const mean = <f64>load<f32>(at);
    store<f32>(at, mean == 0 ? 0 : <f32>exp64(log64(mean) * inverse));
  }
}

@unmanaged class GemPoolBackwardArgs {
  g: usize;
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  y: usize;
  p: usize;
  dx: usize;
  dP: usize;
  accumulate: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

/**
 * dx = (or +=) g / pixels * (x / y)^(p - 1) where x >= eps, and dP += g y / p * (mean((x / y)^p ln x) - ln y). x is the view's value.
 */
export function gemPoolBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GemPoolBackwardArgs>(args);
  const bytes = padded(a.c) << 2;
  const scale = vectorOr(a.xScale, 1, a.c, scratch);
  const shift = vectorOr(a.xShift, 0, a.c, scratch + bytes);
  const ones = vectorOr(0, 1, a.c, scratch + 2 * bytes);
  const logs = scratch + 3 * bytes;
  const each = <usize>a.pixels;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  const p = v128.load32_splat(a.p);
  const less = f32x4.sub(p, f32x4.splat(1));
  const inverse = f32x4.splat(1 / <f32>a.pixels);
  const floor = f32x4.splat(EPS);
  let current: usize = usize.MAX_VALUE;
  let total: f64 = 0;
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = row / each;
    const y = a.y + image * bytes;
    if (image != current) {
      current = image;
      for (let v: usize = 0; v < bytes; v += 16) {
        v128.store(logs + v, log(f32x4.pmax(v128.load(y + v), f32x4.splat(1e-30))));
      }
    }
    const gate = a.xGate ? a.xGate + image * bytes : ones;
    const from = row * bytes;
    let sum = ZERO;
    for (let v: usize = 0; v < bytes; v += 16) {
      const z = madd(v128.load(a.x + from + v), v128.load(scale + v), v128.load(shift + v));
      const value = f32x4.mul(activate(a.xAct, z), v128.load(gate + v));
      const kept = f32x4.ge(value, floor);
      const bounded = f32x4.pmax(value, floor);
      const logX = log(bounded);
      const ratio = exp(f32x4.mul(less, f32x4.sub(logX, v128.load(logs + v))));
      const d = f32x4.mul(f32x4.mul(v128.load(a.g + image * bytes + v), inverse), ratio);
      sum = madd(f32x4.mul(d, bounded), logX, sum);
      if (a.dx) {
        const out = v128.and(d, kept);
        v128.store(a.dx + from + v, a.accumulate ? f32x4.add(v128.load(a.dx + from + v), out) : out);
      }
    }
    total += <f64>f32x4.extract_lane(sum, 0) + <f64>f32x4.extract_lane(sum, 1);
    total += <f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3);
  }
  store<f64>(shared + (<usize>thread << 3), total);
}

export function gemPoolBackwardFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GemPoolBackwardArgs>(args);
  if (thread != 0 || a.dP == 0) return;
  const cp = padded(a.c);
  let total: f64 = 0;
  for (let t = 0; t < threads; t++) total += load<f64>(shared + (<usize>t << 3));
  for (let image: usize = 0; image < <usize>a.n; image++) {
    for (let c: usize = 0; c < <usize>a.c; c++) {
      const i = (image * cp + c) << 2;
      const y = <f64>load<f32>(a.y + i);
      total -= <f64>load<f32>(a.g + i) * y * log64(y);
    }
  }
  store<f32>(a.dP, load<f32>(a.dP) + <f32>(total / <f64>load<f32>(a.p)));
}

@unmanaged class WindowPoolArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  y: usize;
  indices: usize;
  n: i32;
  h: i32;
  w: i32;
  c: i32;
  oh: i32;
  ow: i32;
  kh: i32;
  kw: i32;
  sh: i32;
  sw: i32;
  ph: i32;
  pw: i32;
  countIncludePad: i32;
}

/** What PyTorch divides a window's sum by: its pixels, of the padded image if they count. */
function divisor(oy: i32, ox: i32, h: i32, w: i32, kh: i32, kw: i32, sh: i32, sw: i32, ph: i32, pw: i32, includePad: i32): f32 {
  const top = oy * sh - ph;
  const left = ox * sw - pw;
  const bottom = min(top + kh, h + ph);
  const right = min(left + kw, w + pw);
  if (includePad) return <f32>((bottom - top) * (right - left));
  return <f32>((min(bottom, h) - max(top, 0)) * (min(right, w) - max(left, 0)));
}

function windows(maximum: bool, args: usize, thread: i32, threads: i32, scratch: usize): void {
  const a = changetype<WindowPoolArgs>(args);
  const bytes = padded(a.c) << 2;
  const scale = vectorOr(a.xScale, 1, a.c, scratch);
  const shift = vectorOr(a.xShift, 0, a.c, scratch + bytes);
  const ones = vectorOr(0, 1, a.c, scratch + 2 * bytes);
  const each = <usize>a.oh * <usize>a.ow;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = row / each;
    const pixel = <i32>(row - image * each);
    const oy = pixel / a.ow;
    const ox = pixel - oy * a.ow;
    const top = max(0, oy * a.sh - a.ph);
    const bottom = min(a.h, oy * a.sh - a.ph + a.kh);
    const left = max(0, ox * a.sw - a.pw);
    const right = min(a.w, ox * a.sw - a.pw + a.kw);
    const gate = a.xGate ? a.xGate + image * bytes : ones;
    const x = a.x + image * <usize>a.h * <usize>a.w * bytes;
    const factor = f32x4.splat(
      maximum ? 1 : 1 / divisor(oy, ox, a.h, a.w, a.kh, a.kw, a.sh, a.sw, a.ph, a.pw, a.countIncludePad),
    );
    for (let v: usize = 0; v < bytes; v += 16) {
      const sc = v128.load(scale + v);
      const sf = v128.load(shift + v);
      const g = v128.load(gate + v);
      let best = maximum ? f32x4.splat(-Infinity) : ZERO;
      let where = i32x4.splat(top * a.w + left);
      for (let iy = top; iy < bottom; iy++) {
        for (let ix = left; ix < right; ix++) {
          const here = iy * a.w + ix;
          const value = f32x4.mul(activate(a.xAct, madd(v128.load(x + <usize>here * bytes + v), sc, sf)), g);
          if (maximum) {
            const more = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
            best = v128.bitselect(value, best, more);
            where = v128.bitselect(i32x4.splat(here), where, more);
          } else best = madd(value, factor, best);
        }
      }
      v128.store(a.y + row * bytes + v, best);
      if (maximum) v128.store(a.indices + row * bytes + v, where);
    }
  }
}

/** As torch.nn.AvgPool2d with ceil_mode false. */
export function avgPool(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  windows(false, args, thread, threads, scratch);
}

/** As torch.nn.MaxPool2d: the first maximum wins, a NaN wins over all. indices: y * w + x of each. */
export function maxPool(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  windows(true, args, thread, threads, scratch);
}

@unmanaged class WindowPoolBackwardArgs {
  g: usize;
  indices: usize;
  dx: usize;
  accumulate: i32;
  n: i32;
  h: i32;
  w: i32;
  c: i32;
  oh: i32;
  ow: i32;
  kh: i32;
  kw: i32;
  sh: i32;
  sw: i32;
  ph: i32;
  pw: i32;
  countIncludePad: i32;
}

/** Each input pixel gathers from the windows that it is in, so that threads never meet. */
function windowsBackward(maximum: bool, args: usize, thread: i32, threads: i32): void {
  const a = changetype<WindowPoolBackwardArgs>(args);
  const bytes = padded(a.c) << 2;
  const each = <usize>a.h * <usize>a.w;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = row / each;
    const pixel = <i32>(row - image * each);
    const iy = pixel / a.w;
    const ix = pixel - iy * a.w;
    const top = max(0, (iy + a.ph - a.kh + a.sh) / a.sh);
    const bottom = min(a.oh - 1, (iy + a.ph) / a.sh);
    const left = max(0, (ix + a.pw - a.kw + a.sw) / a.sw);
    const right = min(a.ow - 1, (ix + a.pw) / a.sw);
    const base = image * <usize>a.oh * <usize>a.ow * bytes;
    const here = i32x4.splat(pixel);
    const dx = a.dx + row * bytes;
    for (let v: usize = 0; v < bytes; v += 16) {
      let sum = a.accumulate ? v128.load(dx + v) : ZERO;
      for (let oy = top; oy <= bottom; oy++) {
        for (let ox = left; ox <= right; ox++) {
          const from = base + <usize>(oy * a.ow + ox) * bytes + v;
          const g = v128.load(a.g + from);
          if (maximum) sum = f32x4.add(sum, v128.and(g, i32x4.eq(v128.load(a.indices + from), here)));
          else {
            const size = divisor(oy, ox, a.h, a.w, a.kh, a.kw, a.sh, a.sw, a.ph, a.pw, a.countIncludePad);
            sum = madd(g, f32x4.splat(1 / size), sum);
          }
        }
      }
      v128.store(dx + v, sum);
    }
  }
}

export function avgPoolBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  windowsBackward(false, args, thread, threads);
}

export function maxPoolBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  windowsBackward(true, args, thread, threads);
}
