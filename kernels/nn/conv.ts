/**
 * Convolution as a product of the matrix of patches (never stored whole) with packed weights; Chellapilla 2006, with Goto's panels (2008).
 * Each thread takes rows of patches, chunk by chunk, through its first and second cache.
 */

import { Backward, addParts, backwardShare, openBackward, partFloats } from "./conv-gradient";
import { finishGateSums, openGateSums } from "./conv-gate-sums";
import { joinMoments, momentsBytes } from "./conv-moments";
import { multiplyPatches } from "./conv-patches";
import { ConvSize, align, padded, share } from "./conv-size";
import { GradView, View, openGrad, openView, sourceBytes } from "./conv-source";
import { FROM_C, FROM_ROW, FROM_ZERO } from "./gemm";

@unmanaged
class ConvForwardArgs {
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
class ConvBackwardArgs {
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
  xMoments: usize;
  xRstd: usize;
  w: usize;
  dx: usize;
  accumulate: i32;
  dW: usize;
  dBias: usize;
  sums: usize;
  n: i32;
}

export function convForward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvForwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvForwardArgs>("n"));
  const cp = padded(s.c);
  const source = openView(scratch, changetype<View>(args), cp);
  multiplyPatches(
    source,
    s,
    a.w,
    a.bias,
    FROM_ROW,
    a.y,
    a.moments ? shared + <usize>thread * momentsBytes(padded(s.k)) : 0,
    thread,
    threads,
    align(scratch + sourceBytes(cp)),
  );
}

export function convForwardMoments(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvForwardArgs>(args);
  if (!a.moments) return;
  const s = changetype<ConvSize>(args + offsetof<ConvForwardArgs>("n"));
  const kp = padded(s.k);
  joinMoments(shared, threads, kp, share(kp, thread, threads), share(kp, thread + 1, threads), a.moments);
}

/** Where the threads' gate sums lie in shared memory: behind the parts of the gradients of weights and biases. */
function gateParts(s: ConvSize, shared: usize, threads: i32): usize {
  return shared + <usize>threads * ((partFloats(s) << 2) + (<usize>padded(s.k) << 3));
}

export function convBackward(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<ConvBackwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvBackwardArgs>("n"));
  const cp = padded(s.c);
  const kp = padded(s.k);
  const floats = partFloats(s);

  const b = changetype<Backward>(scratch);
  let at = align(scratch + offsetof<Backward>());
  b.d = openGrad(at, changetype<GradView>(args), kp);
  at = align(at + sourceBytes(kp));
  b.x = openView(at, changetype<View>(args + offsetof<ConvBackwardArgs>("x")), cp);
  at = align(at + sourceBytes(cp));
  at = openBackward(b, s, at);
  b.w = a.w;
  b.dx = a.dx;
  b.from = a.accumulate ? FROM_C : FROM_ZERO;
  b.part = a.dW ? shared + <usize>thread * (floats << 2) : 0;
  b.biasPart = a.dBias ? shared + <usize>threads * (floats << 2) + <usize>thread * (<usize>kp << 3) : 0;
  if (b.biasPart) memory.fill(b.biasPart, 0, <usize>kp << 3);
  if (a.sums) {
    const view = changetype<View>(args + offsetof<ConvBackwardArgs>("x"));
    const sums = openGateSums(at, s, view, a.xMoments, a.xRstd, a.sums, gateParts(s, shared, threads), thread, threads);
    b.sums = changetype<usize>(sums);
  }
  backwardShare(b, s, thread, threads);
  if (b.part && !b.begun) memory.fill(b.part, 0, floats << 2);
}

/** Adds all threads' parts to dW (OIHW) and dBias. */
export function convBackwardWeights(
  args: usize,
  thread: i32,
  threads: i32,
  scratch: usize,
  shared: usize,
): void {
  const a = changetype<ConvBackwardArgs>(args);
  const s = changetype<ConvSize>(args + offsetof<ConvBackwardArgs>("n"));
  const k0 = share(s.k, thread, threads);
  const k1 = share(s.k, thread + 1, threads);
  const bytes = partFloats(s) << 2;
  if (a.dW) addParts(s, shared, bytes, threads, k0, k1, a.dW);
  if (a.sums) finishGateSums(s, a.sums, gateParts(s, shared, threads), thread, threads);
  if (!a.dBias) return;
  const wide = <usize>padded(s.k) << 3;
  for (let k = k0; k < k1; k++) {
    let sum: f64 = 0;
    for (let t = 0; t < threads; t++)
      sum += load<f64>(shared + <usize>threads * bytes + <usize>t * wide + (<usize>k << 3));
    const at = a.dBias + (<usize>k << 2);
    store<f32>(at, <f32>(<f64>load<f32>(at) + sum));
  }
}
