/** The convolution kernels against a float64 convolution written as seven loops over NCHW arrays. */

import { describe, expect, it } from "vitest";
import { type KernelBench, kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import {
  convBackward,
  convForward,
  convTransposeBackward,
  convTransposeForward,
  packConv,
  packedBackwardFloats,
  packedForwardFloats,
} from "./conv.ts";

interface Size {
  n: number;
  h: number;
  wd: number;
  c: number;
  oh: number;
  ow: number;
  k: number;
  kh: number;
  kw: number;
  sh: number;
  sw: number;
  ph: number;
  pw: number;
  dh: number;
  dw: number;
  groups: number;
  transposed?: boolean;
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Numbers = Float64Array;
type Random = () => number;

const normal = (random: Random) => random() + random() + random() - 1.5;
const fill = (count: number, random: Random): Numbers =>
  Float64Array.from({ length: count }, () => Math.fround(normal(random)));

function size(part: Partial<Size> & { c: number; k: number }): Size {
  const s = { n: 1, h: 1, wd: 1, kh: 1, kw: 1, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1, groups: 1, ...part };
  const out = (length: number, kernel: number, stride: number, pad: number, dilation: number) =>
    Math.floor((length + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return { ...s, oh: out(s.h, s.kh, s.sh, s.ph, s.dh), ow: out(s.wd, s.kw, s.sw, s.pw, s.dw) };
}

/** [n][c][pixels] to [n][pixels][cp], padding lanes 0. */
function toPhysical(x: Numbers, n: number, c: number, pixels: number): Float32Array {
  const cp = padded(c);
  const out = new Float32Array(n * pixels * cp);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < c; j++)
      for (let p = 0; p < pixels; p++) out[(i * pixels + p) * cp + j] = x[(i * c + j) * pixels + p]!;
  return out;
}

function fromPhysical(x: Float32Array, n: number, c: number, pixels: number): Numbers {
  const cp = padded(c);
  const out = new Float64Array(n * c * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      for (let j = 0; j < cp; j++) {
        const value = x[(i * pixels + p) * cp + j]!;
        if (j < c) out[(i * c + j) * pixels + p] = value;
        else if (value !== 0) throw new Error(`Padding channel ${j} of pixel ${p} holds ${value}.`);
      }
  return out;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const acts = [
  (z: number) => z,
  (z: number) => Math.max(z, 0),
  (z: number) => z * sigmoid(z),
  (z: number) => sigmoid(z),
];
const slopes = [
  () => 1,
  (z: number) => (z > 0 ? 1 : 0),
  (z: number) => sigmoid(z) * (1 + z * (1 - sigmoid(z))),
  (z: number) => sigmoid(z) * (1 - sigmoid(z)),
];

/** ConvTranspose2d's sizes: `outPad` rows and columns more than the least. */
function transposedSize(part: Partial<Size> & { c: number; k: number }, outPad = 0): Size {
  const s = { ...size({ ...part, h: 1, wd: 1, kh: 1, kw: 1 }), ...part };
  const out = (length: number, kernel: number, stride: number, pad: number, dilation: number) =>
    (length - 1) * stride - 2 * pad + dilation * (kernel - 1) + outPad + 1;
  return {
    ...s,
    oh: out(s.h, s.kh, s.sh, s.ph, s.dh),
    ow: out(s.wd, s.kw, s.sw, s.pw, s.dw),
    transposed: true,
  };
}

/** Calls `visit` for every product of ConvTranspose2d, whose weights are [c][k / groups][kh][kw]: each input pixel spreads. */
function eachTransposedProduct(s: Size, visit: (y: number, x: number, w: number) => void): void {
  const cGroup = s.c / s.groups;
  const kGroup = s.k / s.groups;
  for (let n = 0; n < s.n; n++)
    for (let c = 0; c < s.c; c++)
      for (let k = 0; k < kGroup; k++)
        for (let iy = 0; iy < s.h; iy++)
          for (let ix = 0; ix < s.wd; ix++)
            for (let ky = 0; ky < s.kh; ky++)
              for (let kx = 0; kx < s.kw; kx++) {
                const oy = iy * s.sh - s.ph + ky * s.dh;
                const ox = ix * s.sw - s.pw + kx * s.dw;
                if (oy < 0 || oy >= s.oh || ox < 0 || ox >= s.ow) continue;
                const channel = Math.floor(c / cGroup) * kGroup + k;
                visit(
                  ((n * s.k + channel) * s.oh + oy) * s.ow + ox,
                  ((n * s.c + c) * s.h + iy) * s.wd + ix,
                  ((c * kGroup + k) * s.kh + ky) * s.kw + kx,
                );
              }
}

/** Calls `visit` for every product of the convolution with the flat indices of y, x and w. */
function eachProduct(s: Size, visit: (y: number, x: number, w: number) => void): void {
  if (s.transposed) {
    eachTransposedProduct(s, visit);
    return;
  }
  const cGroup = s.c / s.groups;
  const kGroup = s.k / s.groups;
  for (let n = 0; n < s.n; n++)
    for (let k = 0; k < s.k; k++)
      for (let oy = 0; oy < s.oh; oy++)
        for (let ox = 0; ox < s.ow; ox++)
          for (let c = 0; c < cGroup; c++)
            for (let ky = 0; ky < s.kh; ky++)
              for (let kx = 0; kx < s.kw; kx++) {
                const iy = oy * s.sh - s.ph + ky * s.dh;
                const ix = ox * s.sw - s.pw + kx * s.dw;
                if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.wd) continue;
                const channel = Math.floor(k / kGroup) * cGroup + c;
                visit(
                  ((n * s.k + k) * s.oh + oy) * s.ow + ox,
                  ((n * s.c + channel) * s.h + iy) * s.wd + ix,
                  ((k * cGroup + c) * s.kh + ky) * s.kw + kx,
                );
              }
}

/** Largest difference over the largest value: float32 products of some thousand terms stay below 1e-5 of it. */
function expectClose(actual: Numbers, expected: Numbers, what: string, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-3;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  actual.forEach((value, i) => {
    if (!(Math.abs(value - expected[i]!) <= tolerance * scale))
      throw new Error(`${what}[${i}] is ${value}, not ${expected[i]} (scale ${scale}).`);
  });
}

function kernelSize({ transposed: _, ...numbers }: Size): Record<string, number> {
  return numbers;
}

function packWeights(bench: KernelBench, s: Size, w: Numbers, as: "forward" | "backward"): number {
  const shape = s.transposed ? { ...kernelSize(s), ...s, c: s.k, k: s.c } : s;
  const at = bench.space(as === "forward" ? packedForwardFloats(shape) : packedBackwardFloats(shape));
  bench.run(packConv, { ...kernelSize(shape), w: bench.put(Float32Array.from(w)), [as]: at });
  return at;
}

interface Choice {
  threads: number;
  build: string;
  act: number;
  scaled: boolean;
  gated: boolean;
  seed: number;
}

type Optional = Numbers | undefined;

/** A View's or GradView's per-channel and per-image vectors; absent ones are undefined. */
function vectors(s: { n: number }, channels: number, choice: Choice, random: Random) {
  return {
    scale: choice.scaled ? fill(channels, random) : undefined,
    shift: choice.scaled ? fill(channels, random) : undefined,
    gate: choice.gated ? fill(s.n * channels, random) : undefined,
  };
}

function viewOf(
  base: Numbers,
  v: { scale: Optional; shift: Optional; gate: Optional },
  channels: number,
  pixels: number,
  act: number,
): Numbers {
  return base.map((value, i) => {
    const image = Math.floor(i / pixels);
    const c = image % channels;
    const z = value * (v.scale?.[c] ?? 1) + (v.shift?.[c] ?? 0);
    return acts[act]!(z) * (v.gate?.[image] ?? 1);
  });
}

function checkForward(s: Size, choice: Choice, { bias = true, moments = true } = {}): void {
  const random = randomFrom(choice.seed);
  const pixels = s.h * s.wd;
  const outPixels = s.oh * s.ow;
  const x = fill(s.n * s.c * pixels, random);
  const w = fill((s.k * s.c * s.kh * s.kw) / s.groups, random);
  const b = bias ? fill(s.k, random) : undefined;
  const v = vectors(s, s.c, choice, random);
  const value = viewOf(x, v, s.c, pixels, choice.act);
  const expected = new Float64Array(s.n * s.k * outPixels);
  if (b) for (let i = 0; i < expected.length; i++) expected[i] = b[Math.floor(i / outPixels) % s.k]!;
  eachProduct(s, (yi, xi, wi) => {
    expected[yi]! += value[xi]! * w[wi]!;
  });

  const bench = kernelBench(choice);
  const put = (data: Optional, images: number, channels: number) =>
    data ? bench.put(toPhysical(data, images, channels, 1)) : 0;
  const packed = packWeights(bench, s, w, s.transposed ? "backward" : "forward");
  const kp = padded(s.k);
  const y = bench.space(s.n * outPixels * kp);
  const after = bench.space(16);
  const momentsAt = moments ? bench.space(2 * kp) : 0;
  bench.run(s.transposed ? convTransposeForward : convForward, {
    ...kernelSize(s),
    x: bench.put(toPhysical(x, s.n, s.c, pixels)),
    xScale: put(v.scale, 1, s.c),
    xShift: put(v.shift, 1, s.c),
    xGate: put(v.gate, s.n, s.c),
    xAct: choice.act,
    w: packed,
    bias: b ? bench.put(Float32Array.from(b)) : 0,
    y,
    moments: momentsAt,
  });
  expectClose(fromPhysical(bench.read(y, s.n * outPixels * kp), s.n, s.k, outPixels), expected, "y");
  expect(bench.read(after, 16).every(Number.isNaN)).toBe(true);
  if (!moments) return;
  const mean = new Float64Array(s.k);
  const variance = new Float64Array(s.k);
  const count = s.n * outPixels;
  expected.forEach((e, i) => {
    mean[Math.floor(i / outPixels) % s.k]! += e / count;
  });
  expected.forEach((e, i) => {
    const k = Math.floor(i / outPixels) % s.k;
    variance[k]! += (e - mean[k]!) ** 2 / count;
  });
  const got = bench.read(momentsAt, 2 * kp);
  expectClose(fromPhysical(got.slice(0, kp), 1, s.k, 1), mean, "mean");
  expectClose(fromPhysical(got.slice(kp), 1, s.k, 1), variance, "variance", 3e-5);
}

interface BackwardChoice extends Choice {
  gradAct: number;
  gradScaled: boolean;
  gradGated: boolean;
  coefs: boolean;
  accumulate: boolean;
  /** The sums that squeeze-excite wants are wanted too. */
  sums?: boolean;
  parts?: { dx?: boolean; dW?: boolean; dBias?: boolean };
}

/** sums [5][n][c] over each image's pixels of g*s, g*s', s', g*s'*xhat and s'*xhat, s = silu(z). */
function gateSumsOf(
  { n, c, h, wd }: Size,
  g: Numbers,
  x: Numbers,
  v: { scale: Optional; shift: Optional },
  [mean, , rstd]: readonly Numbers[],
): Numbers {
  const sums = new Float64Array(5 * n * c);
  g.forEach((outer, i) => {
    const image = Math.floor(i / (h * wd));
    const channel = image % c;
    const z = x[i]! * v.scale![channel]! + v.shift![channel]!;
    const xhat = (x[i]! - mean![channel]!) * rstd![channel]!;
    const slope = slopes[2]!(z);
    [outer * acts[2]!(z), outer * slope, slope, outer * slope * xhat, slope * xhat].forEach((term, k) => {
      sums[k * n * c + image]! += term;
    });
  });
  return sums;
}

function checkBackward(s: Size, choice: BackwardChoice): void {
  const random = randomFrom(choice.seed);
  const pixels = s.h * s.wd;
  const outPixels = s.oh * s.ow;
  const outputs = s.n * s.k * outPixels;
  const { dx: wantsDx = true, dW: wantsDw = true, dBias: wantsDb = true } = choice.parts ?? {};
  const x = fill(s.n * s.c * pixels, random);
  const w = fill((s.k * s.c * s.kh * s.kw) / s.groups, random);
  const v = vectors(s, s.c, choice, random);
  const g = fill(outputs, random);
  const y = fill(outputs, random);
  const gv = vectors(s, s.k, { ...choice, scaled: choice.gradScaled, gated: choice.gradGated }, random);
  const spread = choice.gradGated ? fill(s.n * s.k, random) : undefined;
  const coef = () => (choice.coefs ? fill(s.k, random) : undefined);
  const [coefA, coefB, coefC] = [coef(), coef(), coef()];
  const dx0 = choice.accumulate ? fill(x.length, random) : new Float64Array(x.length);
  const dW0 = fill(w.length, random);
  const dBias0 = fill(s.k, random);

  const d = g.map((value, i) => {
    const image = Math.floor(i / outPixels);
    const k = image % s.k;
    const z = y[i]! * (gv.scale?.[k] ?? 1) + (gv.shift?.[k] ?? 0);
    const dz = (value * (gv.gate?.[image] ?? 1) + (spread?.[image] ?? 0)) * slopes[choice.gradAct]!(z);
    return dz * (coefA?.[k] ?? 1) + (coefB?.[k] ?? 0) * y[i]! + (coefC?.[k] ?? 0);
  });
  const value = viewOf(x, v, s.c, pixels, choice.act);
  const dx = dx0.slice();
  const dW = dW0.slice();
  const dBias = dBias0.slice();
  d.forEach((e, i) => {
    dBias[Math.floor(i / outPixels) % s.k]! += e;
  });
  eachProduct(s, (yi, xi, wi) => {
    dx[xi]! += d[yi]! * w[wi]!;
    dW[wi]! += d[yi]! * value[xi]!;
  });

  const bench = kernelBench(choice);
  const put = (data: Optional, images: number, channels: number) =>
    data ? bench.put(toPhysical(data, images, channels, 1)) : 0;
  const packed = packWeights(bench, s, w, s.transposed ? "forward" : "backward");
  const dxFloats = s.n * pixels * padded(s.c);
  const dxAt = choice.accumulate ? bench.put(toPhysical(dx0, s.n, s.c, pixels)) : bench.space(dxFloats);
  const dWAt = bench.put(Float32Array.from(dW0));
  const dBiasAt = bench.put(Float32Array.from(dBias0));
  const norm = [fill(s.c, random), fill(s.c, random), fill(s.c, random)];
  const sumFloats = 5 * s.n * padded(s.c);
  const sumsAt = choice.sums ? bench.space(sumFloats) : 0;
  const needsY = choice.gradAct !== 0 || choice.coefs;
  bench.run(s.transposed ? convTransposeBackward : convBackward, {
    ...kernelSize(s),
    g: bench.put(toPhysical(g, s.n, s.k, outPixels)),
    y: needsY ? bench.put(toPhysical(y, s.n, s.k, outPixels)) : 0,
    scale: put(gv.scale, 1, s.k),
    shift: put(gv.shift, 1, s.k),
    act: choice.gradAct,
    gate: put(gv.gate, s.n, s.k),
    spread: put(spread, s.n, s.k),
    coefA: put(coefA, 1, s.k),
    coefB: put(coefB, 1, s.k),
    coefC: put(coefC, 1, s.k),
    x: bench.put(toPhysical(x, s.n, s.c, pixels)),
    xScale: put(v.scale, 1, s.c),
    xShift: put(v.shift, 1, s.c),
    xGate: put(v.gate, s.n, s.c),
    xAct: choice.act,
    ...(choice.sums && {
      xMoments: bench.put(
        Float32Array.from([...norm.slice(0, 2)].flatMap((of) => [...toPhysical(of, 1, s.c, 1)])),
      ),
      xRstd: put(norm[2], 1, s.c),
      sums: sumsAt,
    }),
    w: packed,
    dx: wantsDx ? dxAt : 0,
    accumulate: choice.accumulate ? 1 : 0,
    dW: wantsDw ? dWAt : 0,
    dBias: wantsDb ? dBiasAt : 0,
  });
  if (choice.sums) {
    const sums = fromPhysical(bench.read(sumsAt, sumFloats), 5 * s.n, s.c, 1);
    expectClose(sums, gateSumsOf(s, dx, x, v, norm), "sums");
  }
  if (wantsDx) expectClose(fromPhysical(bench.read(dxAt, dxFloats), s.n, s.c, pixels), dx, "dx");
  if (wantsDw) expectClose(Float64Array.from(bench.read(dWAt, w.length)), dW, "dW");
  if (wantsDb) expectClose(Float64Array.from(bench.read(dBiasAt, s.k)), dBias, "dBias");
}

const plainChoice: Choice = { threads: 1, build: "nn", act: 0, scaled: false, gated: false, seed: 1 };

/** Names for shapes that have each caught, or would catch, a mistake of their own. */
const shapes: Record<string, Size> = {
  "1x1, plain": size({ n: 2, h: 5, wd: 7, c: 8, k: 16 }),
  "1x1, odd channels": size({ n: 3, h: 4, wd: 5, c: 5, k: 7 }),
  "1x1, one pixel": size({ c: 12, k: 20 }),
  "1x1, several chunks": size({ n: 2, h: 13, wd: 11, c: 24, k: 28 }),
  "1x1, deeper than a tile's sum": size({ n: 3, h: 3, wd: 3, c: 404, k: 12 }),
  "1x1, few rows": size({ n: 32, c: 20, k: 36 }),
  "1x1, stride 2": size({ n: 2, h: 7, wd: 6, c: 8, k: 12, sh: 2, sw: 2 }),
  "3x3 from 6 to 3 channels, padding 3": size({ n: 2, h: 9, wd: 8, c: 6, k: 3, kh: 3, kw: 3, ph: 3, pw: 3 }),
  "3x3, stride 2": size({ n: 3, h: 11, wd: 9, c: 3, k: 32, kh: 3, kw: 3, sh: 2, sw: 2, ph: 1, pw: 1 }),
  "one channel, 5x3, stride 3 and 2": size({
    n: 1,
    h: 14,
    wd: 9,
    c: 1,
    k: 1,
    kh: 5,
    kw: 3,
    sh: 3,
    sw: 2,
    ph: 2,
  }),
  "wide, 3x3 from 6 to 3 channels": size({ n: 3, h: 11, wd: 21, c: 6, k: 3, kh: 3, kw: 3, ph: 3, pw: 3 }),
  "wide, several pieces of a line": size({ n: 2, h: 4, wd: 290, c: 7, k: 4, kh: 2, kw: 3, ph: 1, pw: 1 }),
  "wide, 3x3, stride 2, pairs": size({
    ...{ n: 3, h: 19, wd: 53, c: 3, k: 32, kh: 3, kw: 3 },
    ...{ sh: 2, sw: 2, ph: 1, pw: 1 },
  }),
  "wide, strides 1 and 2, padding past the kernel": size({
    ...{ n: 1, h: 5, wd: 44, c: 4, k: 8, kh: 2, kw: 4 },
    ...{ sw: 2, ph: 4, pw: 5 },
  }),
  "wide, 7x8, strides 2 and 3": size({
    ...{ n: 2, h: 15, wd: 76, c: 5, k: 12, kh: 7, kw: 8 },
    ...{ sh: 2, sw: 3, ph: 3, pw: 3 },
  }),
  "wide, one line, one channel": size({ n: 2, h: 1, wd: 40, c: 1, k: 5, kh: 1, kw: 5, sw: 1, pw: 2 }),
  "padding past the kernel": size({ n: 2, h: 3, wd: 2, c: 4, k: 4, kh: 2, kw: 3, ph: 4, pw: 5 }),
  dilation: size({ n: 2, h: 12, wd: 13, c: 4, k: 8, kh: 3, kw: 3, ph: 2, pw: 1, dh: 2, dw: 3 }),
  "groups of four": size({ n: 2, h: 6, wd: 5, c: 12, k: 24, kh: 3, kw: 3, ph: 1, pw: 1, groups: 3 }),
  "narrow groups": size({ n: 3, h: 5, wd: 5, c: 6, k: 9, kh: 3, kw: 2, ph: 1, pw: 1, groups: 3 }),
  "grouped 1x1": size({ n: 2, h: 5, wd: 3, c: 16, k: 8, groups: 2 }),
  "narrow grouped 1x1": size({ n: 2, h: 5, wd: 3, c: 4, k: 6, groups: 2 }),
};

const transposedShapes: Record<string, Size> = {
  "2x2, stride 2": transposedSize({ n: 2, h: 5, wd: 4, c: 8, k: 12, kh: 2, kw: 2, sh: 2, sw: 2 }),
  "3x3, stride 2, output padding": transposedSize(
    { n: 3, h: 4, wd: 5, c: 5, k: 3, kh: 3, kw: 3, sh: 2, sw: 2, ph: 1, pw: 1 },
    1,
  ),
  "stride past the kernel": transposedSize({ n: 1, h: 4, wd: 3, c: 4, k: 4, kh: 2, kw: 1, sh: 3, sw: 2 }, 1),
  "dilation and groups": transposedSize({
    n: 2,
    h: 5,
    wd: 5,
    c: 8,
    k: 16,
    kh: 3,
    kw: 2,
    dh: 2,
    pw: 1,
    groups: 2,
  }),
  "narrow groups": transposedSize({ n: 1, h: 5, wd: 6, c: 6, k: 4, kh: 3, kw: 3, ph: 1, groups: 2 }),
  "wide, 3x3, stride 2": transposedSize({
    ...{ n: 3, h: 6, wd: 30, c: 12, k: 3, kh: 3, kw: 3 },
    ...{ sh: 2, sw: 2, ph: 1, pw: 1 },
  }),
  "1x1": transposedSize({ n: 3, h: 5, wd: 9, c: 24, k: 9 }),
};

function randomSize(random: Random): Size {
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const groups = [1, 1, 1, 2, 3][whole(0, 4)]!;
  const [kh, kw, dh, dw] = [whole(1, 4), whole(1, 4), whole(1, 2), whole(1, 3)];
  const [ph, pw] = [whole(0, 3), whole(0, 3)];
  return size({
    n: whole(1, 5),
    h: Math.max(whole(1, 12), dh * (kh - 1) + 1 - 2 * ph),
    wd: Math.max(whole(1, 12), dw * (kw - 1) + 1 - 2 * pw),
    c: groups * whole(1, 10),
    k: groups * whole(1, 10),
    kh,
    kw,
    sh: whole(1, 3),
    sw: whole(1, 3),
    ph,
    pw,
    dh,
    dw,
    groups,
  });
}

const transposed = () =>
  Object.entries(transposedShapes).map(([name, s]) => [`transposed ${name}`, s] as const);

describe("convForward", () => {
  for (const [name, s] of [...Object.entries(shapes), ...transposed()])
    it(name, () => {
      checkForward(s, plainChoice);
      checkForward(s, { ...plainChoice, threads: 2, act: 2, scaled: true, gated: true });
      checkForward(
        s,
        { ...plainChoice, threads: 3, build: "nn-plain", act: 3, scaled: true },
        { bias: false },
      );
    });

  it("any shape and view", () => {
    const random = randomFrom(7);
    for (let i = 0; i < 60; i++) {
      const s = randomSize(random);
      checkForward(
        s,
        {
          threads: 1 + (i % 3),
          build: i % 4 ? "nn" : "nn-plain",
          act: Math.floor(random() * 4),
          scaled: random() < 0.6,
          gated: random() < 0.5,
          seed: i,
        },
        { bias: random() < 0.5, moments: random() < 0.8 },
      );
    }
  });

  it("keeps the variance of values far from zero", () => {
    const s = size({ n: 4, h: 20, wd: 20, c: 4, k: 4 });
    const bench = kernelBench({ threads: 2 });
    const random = randomFrom(3);
    const x = fill(s.n * s.c * 400, random);
    const forward = bench.space(packedForwardFloats(s));
    const identity = Float32Array.from({ length: 16 }, (_, i) => (i % 5 ? 0 : 1));
    bench.run(packConv, { ...kernelSize(s), w: bench.put(identity), forward });
    const moments = bench.space(8);
    const y = bench.space(s.n * 400 * 4);
    const shifted = toPhysical(
      x.map((value) => Math.fround(value + 1000)),
      s.n,
      s.c,
      400,
    );
    bench.run(convForward, { ...kernelSize(s), x: bench.put(shifted), w: forward, y, moments });
    const got = bench.read(moments, 8);
    for (let c = 0; c < 4; c++) {
      const values = Array.from({ length: s.n * 400 }, (_, i) => shifted[i * 4 + c]!);
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      expect(got[c]! / mean).toBeCloseTo(1, 6);
      expect(got[4 + c]! / variance).toBeCloseTo(1, 5);
    }
  });
});

describe("convBackward", () => {
  const base: BackwardChoice = {
    ...plainChoice,
    gradAct: 0,
    gradScaled: false,
    gradGated: false,
    coefs: false,
    accumulate: false,
  };
  for (const [name, s] of [...Object.entries(shapes), ...transposed()])
    it(name, () => {
      checkBackward(s, base);
      checkBackward(s, {
        ...base,
        threads: 2,
        act: 2,
        scaled: true,
        gated: true,
        gradAct: 2,
        gradScaled: true,
        gradGated: true,
        coefs: true,
        accumulate: true,
      });
      checkBackward(s, { ...base, threads: 3, build: "nn-plain", act: 1, scaled: true, coefs: true });
    });

  it("any shape, view and gradient", () => {
    const random = randomFrom(11);
    for (let i = 0; i < 80; i++) {
      checkBackward(randomSize(random), {
        threads: 1 + (i % 3),
        build: i % 4 ? "nn" : "nn-plain",
        act: Math.floor(random() * 4),
        scaled: random() < 0.6,
        gated: random() < 0.5,
        gradAct: Math.floor(random() * 4),
        gradScaled: random() < 0.6,
        gradGated: random() < 0.5,
        coefs: random() < 0.6,
        accumulate: random() < 0.5,
        parts: { dx: random() < 0.8, dW: random() < 0.8, dBias: random() < 0.8 },
        seed: i,
      });
    }
  });

  it("and takes squeeze-excite's sums where images are whole, shared by threads or smaller than a chunk", () => {
    const sizes = [
      size({ n: 5, h: 4, wd: 5, c: 24, k: 8 }),
      size({ n: 1, h: 19, wd: 17, c: 7, k: 5 }),
      size({ n: 7, h: 3, wd: 3, c: 340, k: 36 }),
      size({ n: 3, h: 11, wd: 13, c: 18, k: 30 }),
      size({ n: 2, c: 9, k: 4 }),
    ];
    for (const [i, s] of sizes.entries())
      for (const threads of [1, 2, 3, 8])
        checkBackward(s, {
          ...{ ...base, threads, build: threads % 2 ? "nn-plain" : "nn", seed: i },
          ...{ act: 2, scaled: true, gated: true, coefs: true, sums: true },
        });
  });
});
