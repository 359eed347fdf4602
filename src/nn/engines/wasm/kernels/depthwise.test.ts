import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBench } from "../../../testing/run-kernel.ts";
import { padded } from "../kernel.ts";
import { depthwiseBackward, depthwiseForward, packDepthwise } from "./depthwise.ts";

interface Shape {
  n: number;
  c: number;
  h: number;
  wd: number;
  oh: number;
  ow: number;
  kh: number;
  kw: number;
  sh: number;
  sw: number;
  ph: number;
  pw: number;
  dh: number;
  dw: number;
}

interface Case {
  shape: Shape;
  seed: number;
  threads: number;
  build: string;
  /** Which optional inputs are there, a bit each. */
  present: number;
  xAct: number;
  act: number;
}

type Layer = Omit<Shape, "oh" | "ow">;

function withOutputs(layer: Layer): Shape {
  const { h, wd, kh, kw, sh, sw, ph, pw, dh, dw } = layer;
  const oh = Math.floor((h + 2 * ph - dh * (kh - 1) - 1) / sh) + 1;
  const ow = Math.floor((wd + 2 * pw - dw * (kw - 1) - 1) / sw) + 1;
  return { ...layer, oh, ow };
}

const shapes = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    c: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 4, 16, 20, 32)),
    h: fc.integer({ min: 1, max: 13 }),
    wd: fc.oneof(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 14, max: 45 })),
    kh: fc.constantFrom(1, 2, 3, 3, 5, 5),
    kw: fc.constantFrom(1, 2, 3, 3, 5, 5, 7),
    sh: fc.integer({ min: 1, max: 3 }),
    sw: fc.constantFrom(1, 1, 2, 2, 3),
    ph: fc.integer({ min: 0, max: 6 }),
    pw: fc.integer({ min: 0, max: 6 }),
    dh: fc.constantFrom(1, 1, 1, 2, 3),
    dw: fc.constantFrom(1, 1, 1, 2, 3),
  })
  .map(withOutputs)
  .filter(({ oh, ow }) => oh > 0 && ow > 0);

const cases: fc.Arbitrary<Case> = fc.record({
  shape: shapes,
  seed: fc.integer({ min: 1, max: 1e6 }),
  threads: fc.integer({ min: 1, max: 3 }),
  build: fc.constantFrom("nn", "nn-plain"),
  present: fc.integer({ min: 0, max: 4095 }),
  xAct: fc.integer({ min: 0, max: 3 }),
  act: fc.integer({ min: 0, max: 3 }),
});

/** What the tests below run on: the layers' kinds in EfficientNet, and shapes at the edges. */
const layers: Layer[] = [
  { n: 2, c: 32, h: 9, wd: 33, kh: 3, kw: 3, sh: 1, sw: 1, ph: 1, pw: 1, dh: 1, dw: 1 },
  { n: 2, c: 48, h: 9, wd: 34, kh: 3, kw: 3, sh: 2, sw: 2, ph: 1, pw: 1, dh: 1, dw: 1 },
  { n: 2, c: 48, h: 9, wd: 33, kh: 5, kw: 5, sh: 1, sw: 1, ph: 2, pw: 2, dh: 1, dw: 1 },
  { n: 2, c: 24, h: 9, wd: 35, kh: 5, kw: 5, sh: 2, sw: 2, ph: 2, pw: 2, dh: 1, dw: 1 },
  { n: 1, c: 1, h: 1, wd: 1, kh: 3, kw: 3, sh: 1, sw: 1, ph: 1, pw: 1, dh: 1, dw: 1 },
  { n: 1, c: 5, h: 2, wd: 3, kh: 3, kw: 3, sh: 1, sw: 1, ph: 5, pw: 6, dh: 1, dw: 1 },
  { n: 1, c: 3, h: 40, wd: 41, kh: 3, kw: 5, sh: 1, sw: 1, ph: 1, pw: 2, dh: 1, dw: 1 },
];

function checkCases(check: (one: Case) => void) {
  it.each(layers.map((layer) => [Object.values(layer).join(" "), layer] as const))("layer %s", (_, layer) => {
    for (const build of ["nn", "nn-plain"])
      for (const threads of [1, 2, 3])
        check({ shape: withOutputs(layer), seed: 7, threads, build, present: 4095, xAct: 2, act: 2 });
  });
  it("random shapes", () => {
    fc.assert(fc.property(cases, check), { seed: 20_260_101, numRuns: 250 });
  });
}

function numbers(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  return (count: number) => Float32Array.from({ length: count }, next);
}

/** [n][c][pixels] to [n][pixels][cp]. */
function channelsLast(data: Float32Array, n: number, c: number, pixels: number): Float32Array {
  const cp = padded(c);
  const out = new Float32Array(n * pixels * cp);
  for (let i = 0; i < n; i++)
    for (let ch = 0; ch < c; ch++)
      for (let p = 0; p < pixels; p++) out[(i * pixels + p) * cp + ch] = data[(i * c + ch) * pixels + p]!;
  return out;
}

/** The inverse; padding lanes must be 0. */
function channelsFirst(data: Float32Array, n: number, c: number, pixels: number): Float32Array {
  const cp = padded(c);
  const out = new Float32Array(n * c * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      for (let ch = 0; ch < cp; ch++) {
        const value = data[(i * pixels + p) * cp + ch]!;
        if (ch < c) out[(i * c + ch) * pixels + p] = value;
        else if (value !== 0) throw new Error(`padding lane holds ${value}`);
      }
  return out;
}

function activate(z: number, kind: number): number {
  return [z, Math.max(z, 0), z / (1 + Math.exp(-z)), 1 / (1 + Math.exp(-z))][kind]!;
}

function slope(z: number, kind: number): number {
  const s = 1 / (1 + Math.exp(-z));
  return [1, z > 0 ? 1 : 0, s * (1 + z * (1 - s)), s * (1 - s)][kind]!;
}

interface Vectors {
  scale: Float32Array | undefined;
  shift: Float32Array | undefined;
  gate: Float32Array | undefined;
}

function viewed(x: Float32Array, { scale, shift, gate }: Vectors, kind: number, c: number, pixels: number) {
  return Float64Array.from(x, (value, i) => {
    const plane = Math.floor(i / pixels);
    const z = value * (scale?.[plane % c] ?? 1) + (shift?.[plane % c] ?? 0);
    return activate(z, kind) * (gate?.[plane] ?? 1);
  });
}

/** Calls `each` for every product of the convolution: indices of output, weight, input, all NCHW. */
function everyProduct(s: Shape, each: (output: number, weight: number, input: number) => void) {
  for (let plane = 0; plane < s.n * s.c; plane++)
    for (let oy = 0; oy < s.oh; oy++)
      for (let ox = 0; ox < s.ow; ox++)
        for (let ky = 0; ky < s.kh; ky++)
          for (let kx = 0; kx < s.kw; kx++) {
            const iy = oy * s.sh + ky * s.dh - s.ph;
            const ix = ox * s.sw + kx * s.dw - s.pw;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.wd) continue;
            const weight = ((plane % s.c) * s.kh + ky) * s.kw + kx;
            each((plane * s.oh + oy) * s.ow + ox, weight, (plane * s.h + iy) * s.wd + ix);
          }
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string) {
  let largest = 1;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(actual[i]! - expected[i]!) <= 5e-6 * largest))
      expect.fail(`${what}[${i}] is ${actual[i]}, not ${expected[i]} (largest ${largest})`);
  expect(actual.length).toBe(expected.length);
}

/** The kernels over random arrays; `vector` and `image` put optional arrays into the memory and give [array, address]. */
function setUp({ shape: s, seed, threads, build, present }: Case) {
  const random = numbers(seed);
  const bench = kernelBench({ threads, build, megabytes: 4 });
  const cp = padded(s.c);
  let bit = 0;
  const optional = (rows: number): [Float32Array | undefined, number] => {
    if (!((present >> bit++) & 1)) return [undefined, 0];
    const data = random(rows * s.c);
    return [data, bench.put(channelsLast(data, rows, s.c, 1))];
  };
  const w = random(s.c * s.kh * s.kw);
  const packed = bench.space(s.kh * s.kw * cp);
  bench.run(packDepthwise, { w: bench.put(w), packed, ...s });
  const x = random(s.n * s.c * s.h * s.wd);
  const xAt = bench.put(channelsLast(x, s.n, s.c, s.h * s.wd));
  const [scale, xScale] = optional(1);
  const [shift, xShift] = optional(1);
  const [gate, xGate] = optional(s.n);
  const input = { x: xAt, xScale, xShift, xGate };
  return { s, bench, cp, random, optional, w, packed, x, view: { scale, shift, gate }, input };
}

describe("depthwiseForward", () => {
  checkCases((one) => {
    const { s, bench, cp, optional, w, packed, x, view, input } = setUp(one);
    const [bias, biasAt] = optional(1);
    const y = bench.space(s.n * s.oh * s.ow * cp);
    const moments = one.present & 16 ? bench.space(2 * cp) : 0;
    const { xAct } = one;
    bench.run(depthwiseForward, { ...input, xAct, w: packed, bias: biasAt, y, moments, ...s });

    const v = viewed(x, view, one.xAct, s.c, s.h * s.wd);
    const pixels = s.oh * s.ow;
    const expected = Float64Array.from(
      { length: s.n * s.c * pixels },
      (_, i) => bias?.[Math.floor(i / pixels) % s.c] ?? 0,
    );
    everyProduct(s, (o, k, i) => {
      expected[o]! += w[k]! * v[i]!;
    });
    expectClose(channelsFirst(bench.read(y, s.n * pixels * cp), s.n, s.c, pixels), expected, "y");
    if (!moments) return;
    const mean = new Float64Array(s.c);
    const variance = new Float64Array(s.c);
    expected.forEach((value, i) => {
      mean[Math.floor(i / pixels) % s.c]! += value / (s.n * pixels);
    });
    expected.forEach((value, i) => {
      const c = Math.floor(i / pixels) % s.c;
      variance[c]! += (value - mean[c]!) ** 2 / (s.n * pixels);
    });
    const found = channelsFirst(bench.read(moments, 2 * cp), 2, s.c, 1);
    expectClose(found, [...mean, ...variance], "moments");
  });

  it("keeps the variance of outputs far from zero", () => {
    const layer = { kh: 1, kw: 1, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1 };
    const shape = withOutputs({ n: 2, c: 4, h: 20, wd: 130, ...layer });
    for (const threads of [1, 2]) {
      const bench = kernelBench({ threads, megabytes: 4 });
      const values = 2 * 20 * 130 * 4;
      const x = bench.put(Float32Array.from({ length: values }, (_, i) => 1000 + (((i >> 2) * 7) % 3) - 1));
      const moments = bench.space(8);
      const w = bench.put(Float32Array.of(1, 1, 1, 1));
      bench.run(depthwiseForward, { x, w, y: bench.space(values), moments, ...shape });
      for (const variance of bench.read(moments, 8).slice(4)) expect(variance).toBeCloseTo(2 / 3, 3);
    }
  });
});

describe("depthwiseBackward", () => {
  checkCases((one) => {
    const { s, bench, cp, random, optional, w, packed, x, view, input } = setUp(one);
    const pixels = s.oh * s.ow;
    const [scale, scaleAt] = optional(1);
    const [shift, shiftAt] = optional(1);
    const [gate, gateAt] = optional(s.n);
    const [spread, spreadAt] = optional(s.n);
    const [coefA, coefAAt] = optional(1);
    const [coefB, coefBAt] = optional(1);
    const [coefC, coefCAt] = optional(1);
    const g = random(s.n * s.c * pixels);
    const y = random(s.n * s.c * pixels);
    const needsY = one.act !== 0 || coefA || coefB || coefC;
    const wanted = one.seed % 8;
    const accumulate = one.seed % 3 === 1 ? 1 : 0;
    const oldDx = random(x.length);
    const dx = wanted === 1 ? 0 : accumulate ? bench.put(channelsLast(oldDx, s.n, s.c, s.h * s.wd)) : 0;
    const dxAt = dx || (wanted === 1 ? 0 : bench.space(s.n * s.h * s.wd * cp));
    const oldDw = random(w.length);
    const dW = wanted === 2 ? 0 : bench.put(oldDw);
    const oldBias = random(s.c);
    const dBias = wanted === 3 ? 0 : bench.put(oldBias);
    bench.run(depthwiseBackward, {
      g: bench.put(channelsLast(g, s.n, s.c, pixels)),
      y: needsY ? bench.put(channelsLast(y, s.n, s.c, pixels)) : 0,
      scale: scaleAt,
      shift: shiftAt,
      act: one.act,
      gate: gateAt,
      spread: spreadAt,
      coefA: coefAAt,
      coefB: coefBAt,
      coefC: coefCAt,
      ...input,
      xAct: one.xAct,
      w: packed,
      dx: dxAt,
      accumulate,
      dW,
      dBias,
      ...s,
    });

    const d = Float64Array.from(g, (value, i) => {
      const plane = Math.floor(i / pixels);
      const c = plane % s.c;
      const z = y[i]! * (scale?.[c] ?? 1) + (shift?.[c] ?? 0);
      const dz = (value * (gate?.[plane] ?? 1) + (spread?.[plane] ?? 0)) * slope(z, one.act);
      return (coefA?.[c] ?? 1) * dz + (coefB?.[c] ?? 0) * y[i]! + (coefC?.[c] ?? 0);
    });
    const v = viewed(x, view, one.xAct, s.c, s.h * s.wd);
    const dv = Float64Array.from(oldDx, (value) => (accumulate ? value : 0));
    const dWeights = Float64Array.from(oldDw);
    const dBiases = Float64Array.from(oldBias);
    everyProduct(s, (o, k, i) => {
      dv[i]! += w[k]! * d[o]!;
      dWeights[k]! += v[i]! * d[o]!;
    });
    d.forEach((value, i) => {
      dBiases[Math.floor(i / pixels) % s.c]! += value;
    });
    if (dxAt) {
      const found = bench.read(dxAt, s.n * s.h * s.wd * cp);
      expectClose(channelsFirst(found, s.n, s.c, s.h * s.wd), dv, "dx");
    }
    if (dW) expectClose(bench.read(dW, w.length), dWeights, "dW");
    if (dBias) expectClose(bench.read(dBias, s.c), dBiases, "dBias");
  });

  describe("through the activation of a batch norm", () => {
    checkCases((one) => {
      const { s, bench, cp, random, w, packed, x, view, input } = setUp({
        ...one,
        present: one.present & ~4,
      });
      const pixels = s.oh * s.ow;
      const inputPixels = s.h * s.wd;
      const g = random(s.n * s.c * pixels);
      const mean = random(s.c);
      const oldDw = random(w.length);
      const dW = one.seed % 4 === 1 ? 0 : bench.put(oldDw);
      const dx = bench.space(s.n * inputPixels * cp);
      const xSums = bench.space(2 * cp);
      bench.run(depthwiseBackward, {
        ...input,
        ...s,
        g: bench.put(channelsLast(g, s.n, s.c, pixels)),
        xAct: one.xAct,
        xMoments: bench.put(channelsLast(Float32Array.of(...mean, ...random(s.c)), 2, s.c, 1)),
        w: packed,
        dx,
        dW,
        xSums,
      });

      const v = viewed(x, view, one.xAct, s.c, inputPixels);
      const dz = new Float64Array(x.length);
      const dWeights = Float64Array.from(oldDw);
      everyProduct(s, (o, k, i) => {
        dz[i]! += w[k]! * g[o]!;
        dWeights[k]! += v[i]! * g[o]!;
      });
      const sums = new Float64Array(2 * s.c);
      x.forEach((value, i) => {
        const c = Math.floor(i / inputPixels) % s.c;
        dz[i]! *= slope(value * (view.scale?.[c] ?? 1) + (view.shift?.[c] ?? 0), one.xAct);
        sums[c]! += dz[i]!;
        sums[s.c + c]! += dz[i]! * (value - mean[c]!);
      });
      expectClose(channelsFirst(bench.read(dx, s.n * inputPixels * cp), s.n, s.c, inputPixels), dz, "dx");
      expectClose(channelsFirst(bench.read(xSums, 2 * cp), 2, s.c, 1), sums, "xSums");
      if (dW) expectClose(bench.read(dW, w.length), dWeights, "dW");
    });
  });
});
