/** Views made dense: v = act(scale x + shift) gate, its gradient, and the gate's gradient. Rows are split evenly over the threads. */

import { activate, activateGradient } from "./activate";
import { madd } from "./simd";
import { imageSums, imageSumsFinish, padded, share, vectorOr } from "./sums";

@inline const WORK_BYTES: usize = 64;

@unmanaged class MaterialiseArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  r: usize;
  rScale: usize;
  rShift: usize;
  rGate: usize;
  rAct: i32;
  out: usize;
  n: i32;
  pixels: i32;
  c: i32;
}

// @ts-ignore: decorator
@inline
function viewRow(act: i32, x: usize, scale: usize, shift: usize, gate: usize, out: usize, bytes: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const z = madd(v128.load(x + v), v128.load(scale + v), v128.load(shift + v));
    v128.store(out + v, f32x4.mul(activate(act, z), v128.load(gate + v)));
  }
}

// @ts-ignore: decorator
@inline
function sumRow(
  act: i32, x: usize, scale: usize, shift: usize, gate: usize,
  rAct: i32, r: usize, rScale: usize, rShift: usize, rGate: usize, out: usize, bytes: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const z = madd(v128.load(x + v), v128.load(scale + v), v128.load(shift + v));
    const q = madd(v128.load(r + v), v128.load(rScale + v), v128.load(rShift + v));
    v128.store(out + v, madd(activate(act, z), v128.load(gate + v), f32x4.mul(activate(rAct, q), v128.load(rGate + v))));
  }
}

/** As sumRow where the second view is a tensor as it stands. */
// @ts-ignore: decorator
@inline
function addRow(act: i32, x: usize, scale: usize, shift: usize, gate: usize, r: usize, out: usize, bytes: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const z = madd(v128.load(x + v), v128.load(scale + v), v128.load(shift + v));
    v128.store(out + v, madd(activate(act, z), v128.load(gate + v), v128.load(r + v)));
  }
}

/** out = the view of x, plus the view of r where there is one. */
export function materialise(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MaterialiseArgs>(args);
  const bytes = padded(a.c) << 2;
  const scale = vectorOr(a.xScale, 1, a.c, scratch);
  const shift = vectorOr(a.xShift, 0, a.c, scratch + bytes);
  const ones = vectorOr(0, 1, a.c, scratch + 2 * bytes);
  const rScale = vectorOr(a.rScale, 1, a.c, scratch + 3 * bytes);
  const rShift = vectorOr(a.rShift, 0, a.c, scratch + 4 * bytes);
  const plain = a.rScale == 0 && a.rShift == 0 && a.rGate == 0 && a.rAct == 0;
  const each = <usize>a.pixels;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = (row / each) * bytes;
    const from = row * bytes;
    const x = a.x + from;
    const out = a.out + from;
    const gate = a.xGate ? a.xGate + image : ones;
    if (!a.r) {
      if (a.xAct == 0) viewRow(0, x, scale, shift, gate, out, bytes);
      else if (a.xAct == 2) viewRow(2, x, scale, shift, gate, out, bytes);
      else viewRow(a.xAct, x, scale, shift, gate, out, bytes);
      continue;
    }
    const r = a.r + from;
    if (plain) {
      if (a.xAct == 0) addRow(0, x, scale, shift, gate, r, out, bytes);
      else addRow(a.xAct, x, scale, shift, gate, r, out, bytes);
      continue;
    }
    const rGate = a.rGate ? a.rGate + image : ones;
    if (a.xAct == 0 && a.rAct == 0) sumRow(0, x, scale, shift, gate, 0, r, rScale, rShift, rGate, out, bytes);
    else sumRow(a.xAct, x, scale, shift, gate, a.rAct, r, rScale, rShift, rGate, out, bytes);
  }
}

@unmanaged class MaterialiseGradArgs {
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
  out: usize;
  accumulate: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

// @ts-ignore: decorator
@inline
function gradRow(
  act: i32, g: usize, y: usize, scale: usize, shift: usize, gate: usize, spread: usize,
  coefA: usize, coefB: usize, coefC: usize, out: usize, accumulate: bool, bytes: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const value = v128.load(y + v);
    let d = madd(v128.load(g + v), v128.load(gate + v), v128.load(spread + v));
    if (act != 0) d = f32x4.mul(d, activateGradient(act, madd(value, v128.load(scale + v), v128.load(shift + v))));
    d = madd(d, v128.load(coefA + v), madd(value, v128.load(coefB + v), v128.load(coefC + v)));
    v128.store(out + v, accumulate ? f32x4.add(v128.load(out + v), d) : d);
  }
}

/** out = (or +=) coefA (g gate + spread) act'(scale y + shift) + coefB y + coefC. */
export function materialiseGrad(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<MaterialiseGradArgs>(args);
  const bytes = padded(a.c) << 2;
  const scale = vectorOr(a.scale, 1, a.c, scratch);
  const shift = vectorOr(a.shift, 0, a.c, scratch + bytes);
  const ones = vectorOr(0, 1, a.c, scratch + 2 * bytes);
  const zeros = vectorOr(0, 0, a.c, scratch + 3 * bytes);
  const coefA = a.coefA ? a.coefA : ones;
  const coefB = a.coefB ? a.coefB : zeros;
  const coefC = a.coefC ? a.coefC : zeros;
  const accumulate = a.accumulate != 0;
  const each = <usize>a.pixels;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const image = (row / each) * bytes;
    const from = row * bytes;
    const g = a.g + from;
    const y = a.y ? a.y + from : g;
    const out = a.out + from;
    const gate = a.gate ? a.gate + image : ones;
    const spread = a.spread ? a.spread + image : zeros;
    if (a.act == 0) gradRow(0, g, y, scale, shift, gate, spread, coefA, coefB, coefC, out, accumulate, bytes);
    else if (a.act == 2) gradRow(2, g, y, scale, shift, gate, spread, coefA, coefB, coefC, out, accumulate, bytes);
    else gradRow(a.act, g, y, scale, shift, gate, spread, coefA, coefB, coefC, out, accumulate, bytes);
  }
}

@unmanaged class GateGradArgs {
  g: usize;
  x: usize;
  xScale: usize;
  xShift: usize;
  xAct: i32;
  dGate: usize;
  accumulate: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

@unmanaged class GateGradWork {
  scale: usize;
  shift: usize;
}

// @ts-ignore: decorator
@inline
function gateGradLoop(act: i32, g: usize, x: usize, scale: usize, shift: usize, rows: usize, stride: usize, acc: usize): void {
  for (let v: usize = 0; v < stride; v += 16) {
    const a = v128.load(scale + v);
    const b = v128.load(shift + v);
    let sum = v128.load(acc + v);
    let from = v;
    for (let r: usize = 0; r < rows; r++, from += stride) {
      sum = madd(v128.load(g + from), activate(act, madd(v128.load(x + from), a, b)), sum);
    }
    v128.store(acc + v, sum);
  }
}

function gateGradRows(args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize): void {
  const a = changetype<GateGradArgs>(args);
  const w = changetype<GateGradWork>(work);
  const stride = padded(a.c) << 2;
  if (a.xAct == 0) gateGradLoop(0, a.g + offset, a.x + offset, w.scale, w.shift, rows, stride, acc);
  else if (a.xAct == 2) gateGradLoop(2, a.g + offset, a.x + offset, w.scale, w.shift, rows, stride, acc);
  else gateGradLoop(a.xAct, a.g + offset, a.x + offset, w.scale, w.shift, rows, stride, acc);
}

/** dGate[n][c] = (or +=) sum over pixels of g times the view of x without its gate. */
export function gateGrad(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GateGradArgs>(args);
  const w = changetype<GateGradWork>(scratch);
  const spare = scratch + WORK_BYTES;
  const bytes = padded(a.c) << 2;
  w.scale = vectorOr(a.xScale, 1, a.c, spare);
  w.shift = vectorOr(a.xShift, 0, a.c, spare + bytes);
  imageSums(a.n, a.pixels, a.c, 1, 1, a.accumulate != 0, a.dGate, thread, threads, shared, spare + 2 * bytes, args, scratch, gateGradRows);
}

export function gateGradFinish(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<GateGradArgs>(args);
  imageSumsFinish(a.n, a.pixels, a.c, 1, 1, a.accumulate != 0, a.dGate, thread, threads, shared);
}

@unmanaged class AddSpreadArgs {
  spread: usize;
  dx: usize;
  accumulate: i32;
  n: i32;
  pixels: i32;
  c: i32;
}

/** dx[n][p][c] = (or +=) spread[n][c]. */
export function addSpread(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<AddSpreadArgs>(args);
  const bytes = padded(a.c) << 2;
  const each = <usize>a.pixels;
  const rows = <usize>a.n * each;
  const last = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < last; row++) {
    const from = a.spread + (row / each) * bytes;
    const to = a.dx + row * bytes;
    if (a.accumulate) {
      for (let v: usize = 0; v < bytes; v += 16) v128.store(to + v, f32x4.add(v128.load(to + v), v128.load(from + v)));
    } else memory.copy(to, from, bytes);
  }
}
