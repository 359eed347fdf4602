/**
 * Transposed convolution: the gradient of the convolution that takes its output's shape to its input's. Its weights [c][k / groups][kh][kw]
 * are that convolution's OIHW, so `packConv` takes them with c and k exchanged.
 */

import { Backward, addBias, addParts, backwardShare, openBackward, partFloats } from "./conv-gradient";
import { addMoments, clearMoments, joinMoments, momentsBytes } from "./conv-moments";
import { multiplyPatches } from "./conv-patches";
import { ConvSize, align, padded, share } from "./conv-size";
import { GradView, Source, View, copyPixels, openGrad, openView, sourceBytes } from "./conv-source";
import { FROM_C, FROM_ZERO } from "./gemm";

@unmanaged
class TransposeForwardArgs {
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  w: usize;
  bias: usize;
  y: usize;
  moments: usize;
  n: i32;
}

@unmanaged
class TransposeBackwardArgs {
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
  x: usize;
  xScale: usize;
  xShift: usize;
  xGate: usize;
  xAct: i32;
  w: usize;
  dx: usize;
  accumulate: i32;
  dW: usize;
  dBias: usize;
  n: i32;
}

/** Rows whose bias, moments or bias gradient are taken at a time. */
const ROWS: i32 = 64;

/** Writes the sizes of the convolution that this one is the gradient of to `at`. */
function exchanged(size: usize, at: usize): ConvSize {
  memory.copy(at, size, offsetof<ConvSize>());
  const from = changetype<ConvSize>(size);
  const to = changetype<ConvSize>(at);
  to.h = from.oh;
  to.wd = from.ow;
  to.c = from.k;
  to.oh = from.h;
  to.ow = from.wd;
  to.k = from.c;
  return to;
}

export function convTransposeForward(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<TransposeForwardArgs>(args);
  const s = exchanged(args + offsetof<TransposeForwardArgs>("n"), scratch);
  const b = changetype<Backward>(scratch + 64);
  const sourceAt = align(scratch + 64 + offsetof<Backward>());
  const channels = padded(s.k);
  b.d = openView(sourceAt, changetype<View>(args), channels);
  openBackward(b, s, align(sourceAt + sourceBytes(channels)));
  b.w = a.w;
  b.dx = a.y;
  backwardShare(b, s, thread, threads);
}

/** Adds the bias and takes the moments of this thread's rows. */
export function convTransposeBias(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<TransposeForwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<TransposeForwardArgs>("n"));
  const kp = padded(s.k);
  const stride = <usize>kp << 2;
  const m = s.n * s.oh * s.ow;
  const end = share(m, thread + 1, threads);
  const part = shared + <usize>thread * momentsBytes(kp);
  if (a.moments) clearMoments(part, kp);
  for (let row = share(m, thread, threads); row < end; row += ROWS) {
    const rows = min(ROWS, end - row);
    const from = a.y + <usize>row * stride;
    if (a.bias) {
      for (let r = 0; r < rows; r++) {
        for (let k: usize = 0; k < <usize>s.k; k++) {
          const at = from + <usize>r * stride + (k << 2);
          store<f32>(at, load<f32>(at) + load<f32>(a.bias + (k << 2)));
        }
      }
    }
    if (a.moments) addMoments(part, kp, 0, from, stride, rows, kp);
  }
}

export function convTransposeMoments(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<TransposeForwardArgs>(args);
  if (!a.moments) return;
  const kp = padded(changetype<ConvSize>(args + offsetof<TransposeForwardArgs>("n")).k);
  joinMoments(shared, threads, kp, share(kp, thread, threads), share(kp, thread + 1, threads), a.moments);
}

export function convTransposeBackward(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<TransposeBackwardArgs>(args);
  const s = exchanged(args + offsetof<TransposeBackwardArgs>("n"), scratch);
  const b = changetype<Backward>(scratch + 64);
  let at = align(scratch + 64 + offsetof<Backward>());
  const grad = openGrad(at, changetype<GradView>(args), padded(s.c));
  at = align(at + sourceBytes(padded(s.c)));
  b.d = openView(at, changetype<View>(args + offsetof<TransposeBackwardArgs>("x")), padded(s.k));
  at = align(at + sourceBytes(padded(s.k)));
  if (a.dx) multiplyPatches(grad, s, a.w, 0, a.accumulate ? FROM_C : FROM_ZERO, a.dx, 0, thread, threads, at);

  openBackward(b, s, at);
  b.x = grad;
  const bytes = partFloats(s) << 2;
  if (a.dW) {
    b.part = shared + <usize>thread * bytes;
    backwardShare(b, s, thread, threads);
    if (!b.begun) memory.fill(b.part, 0, bytes);
  }
  if (a.dBias) sumGradient(grad, s, shared + <usize>threads * bytes, thread, threads, at);
}

/** This thread's rows of the output's gradient, summed by channel. */
function sumGradient(grad: Source, s: ConvSize, sums: usize, thread: i32, threads: i32, strips: usize): void {
  const channels = padded(s.c);
  const own = sums + <usize>thread * (<usize>channels << 3);
  memory.fill(own, 0, <usize>channels << 3);
  const m = s.n * s.h * s.wd;
  const end = share(m, thread + 1, threads);
  const step: usize = <usize>ROWS << 5;
  for (let row = share(m, thread, threads); row < end; row += ROWS) {
    const rows = min(ROWS, end - row);
    copyPixels(grad, s.h * s.wd, row, rows, 0, channels >> 2, strips, step);
    addBias(strips, step, rows, channels, own);
  }
}

export function convTransposeBackwardWeights(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<TransposeBackwardArgs>(args);
  const s = exchanged(args + offsetof<TransposeBackwardArgs>("n"), scratch);
  const bytes = partFloats(s) << 2;
  if (a.dW) addParts(s, shared, bytes, threads, share(s.k, thread, threads), share(s.k, thread + 1, threads), a.dW);
  if (!a.dBias) return;
  const wide = <usize>padded(s.c) << 3;
  for (let c = share(s.c, thread, threads); c < share(s.c, thread + 1, threads); c++) {
    let sum: f64 = 0;
    for (let t = 0; t < threads; t++)
      sum += load<f64>(shared + <usize>threads * bytes + <usize>t * wide + (<usize>c << 3));
    const at = a.dBias + (<usize>c << 2);
    store<f32>(at, <f32>(<f64>load<f32>(at) + sum));
  }
}
