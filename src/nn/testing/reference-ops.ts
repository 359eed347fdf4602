/**
 * Each op's forward pass in float64, by its definition: direct loops over [n, c, h, w], as PyTorch's manual states it. Slow, and
 * nothing is shared with the engine but the graph.
 */

import type { Shape, Weight } from "../op.ts";

export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export interface ReferencePlace {
  readonly training: boolean;
  /** The result's shape. */
  readonly shape: Shape;
  /** Says what a weight among the inputs is worth after the step. */
  update(input: number, data: Float64Array): void;
}

export type ReferenceOp = (
  inputs: readonly Array64[],
  attributes: never,
  place: ReferencePlace,
) => Float64Array;

type Pair = readonly [number, number];

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

const conv2d = (
  [x, weight, bias]: readonly Array64[],
  { stride, padding, dilation, groups }: Record<"stride" | "padding" | "dilation", Pair> & { groups: number },
  { shape }: ReferencePlace,
) => {
  const [, c, h, w] = four(x!.shape);
  const [n, k, oh, ow] = four(shape);
  const [, cg, kh, kw] = four(weight!.shape);
  const out = new Float64Array(n * k * oh * ow);
  let o = 0;
  for (let image = 0; image < n; image++) {
    for (let to = 0; to < k; to++) {
      const group = Math.floor(to / (k / groups));
      for (let row = 0; row < oh; row++) {
        for (let column = 0; column < ow; column++) {
          let sum = bias ? bias.data[to]! : 0;
          for (let from = 0; from < cg; from++) {
            const plane = (image * c + group * cg + from) * h;
            for (let i = 0; i < kh; i++) {
              const y = row * stride[0] - padding[0] + i * dilation[0];
              if (y < 0 || y >= h) continue;
              for (let j = 0; j < kw; j++) {
                const xx = column * stride[1] - padding[1] + j * dilation[1];
                if (xx < 0 || xx >= w) continue;
                sum += x!.data[(plane + y) * w + xx]! * weight!.data[((to * cg + from) * kh + i) * kw + j]!;
              }
            }
          }
          out[o++] = sum;
        }
      }
    }
  }
  return out;
};

/** The convolution's transpose: each input pixel adds its multiple of the kernel to the result. */
const convTranspose2d = (
  [x, weight, bias]: readonly Array64[],
  { stride, padding, dilation, groups }: Record<"stride" | "padding" | "dilation", Pair> & { groups: number },
  { shape }: ReferencePlace,
) => {
  const [, c, h, w] = four(x!.shape);
  const [n, k, oh, ow] = four(shape);
  const [, kg, kh, kw] = four(weight!.shape);
  const out = new Float64Array(n * k * oh * ow);
  if (bias) for (let o = 0; o < out.length; o++) out[o] = bias.data[Math.floor(o / (oh * ow)) % k]!;
  for (let image = 0; image < n; image++) {
    for (let from = 0; from < c; from++) {
      const group = Math.floor(from / (c / groups));
      for (let y = 0; y < h; y++) {
        for (let xx = 0; xx < w; xx++) {
          const pixel = x!.data[((image * c + from) * h + y) * w + xx]!;
          for (let to = 0; to < kg; to++) {
            const plane = (image * k + group * kg + to) * oh;
            for (let i = 0; i < kh; i++) {
              const row = y * stride[0] - padding[0] + i * dilation[0];
              if (row < 0 || row >= oh) continue;
              for (let j = 0; j < kw; j++) {
                const column = xx * stride[1] - padding[1] + j * dilation[1];
                if (column < 0 || column >= ow) continue;
                out[(plane + row) * ow + column]! +=
                  pixel * weight!.data[((from * kg + to) * kh + i) * kw + j]!;
              }
            }
          }
        }
      }
    }
  }
  return out;
};

const linear = ([x, weight, bias]: readonly Array64[]) => {
  const [n, features] = x!.shape as Pair;
  const [out] = weight!.shape as Pair;
  const y = new Float64Array(n * out);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < out; k++) {
      let sum = bias ? bias.data[k]! : 0;
      for (let f = 0; f < features; f++) sum += x!.data[i * features + f]! * weight!.data[k * features + f]!;
      y[i * out + k] = sum;
    }
  }
  return y;
};

const batchNorm = (
  [x, gamma, beta, runningMean, runningVar]: readonly Array64[],
  { eps, momentum }: { eps: number; momentum: number },
  { training, update }: ReferencePlace,
) => {
  const [n, c, h, w] = four(x!.shape);
  const mean = runningMean!.data.slice();
  const variance = runningVar!.data.slice();
  if (training) {
    const count = n * h * w;
    for (let channel = 0; channel < c; channel++) {
      const pixels = [...channelPixels(x!, channel)];
      mean[channel] = pixels.reduce((sum, value) => sum + value, 0) / count;
      variance[channel] = pixels.reduce((sum, value) => sum + (value - mean[channel]!) ** 2, 0) / count;
    }
    const follow = (running: Float64Array, batch: (channel: number) => number) =>
      running.map((value, channel) => (1 - momentum) * value + momentum * batch(channel));
    update(
      3,
      follow(runningMean!.data, (channel) => mean[channel]!),
    );
    update(
      4,
      follow(runningVar!.data, (channel) => (variance[channel]! * count) / (count - 1)),
    );
  }
  return x!.data.map((value, i) => {
    const channel = Math.floor(i / (h * w)) % c;
    return (
      ((value - mean[channel]!) / Math.sqrt(variance[channel]! + eps)) * gamma!.data[channel]! +
      beta!.data[channel]!
    );
  });
};

function* channelPixels({ shape, data }: Array64, channel: number) {
  const [n, c, h, w] = four(shape);
  for (let image = 0; image < n; image++) {
    for (let pixel = 0; pixel < h * w; pixel++) yield data[(image * c + channel) * h * w + pixel]!;
  }
}

/** `reduce` of every window's pixels within the image; `size` counts the padding too. */
function pool(
  [x]: readonly Array64[],
  { kernel, stride, padding }: Window,
  { shape }: ReferencePlace,
  reduce: (pixels: readonly number[], size: number) => number,
): Float64Array {
  const [, , h, w] = four(x!.shape);
  const [n, c, oh, ow] = four(shape);
  const out = new Float64Array(n * c * oh * ow);
  for (let o = 0; o < out.length; o++) {
    const plane = Math.floor(o / (oh * ow));
    const top = (Math.floor(o / ow) % oh) * stride[0] - padding[0];
    const left = (o % ow) * stride[1] - padding[1];
    const pixels: number[] = [];
    for (let y = Math.max(top, 0); y < Math.min(top + kernel[0], h); y++) {
      for (let xx = Math.max(left, 0); xx < Math.min(left + kernel[1], w); xx++) {
        pixels.push(x!.data[(plane * h + y) * w + xx]!);
      }
    }
    out[o] = reduce(pixels, kernel[0] * kernel[1]);
  }
  return out;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);

const maxPool = (inputs: readonly Array64[], window: Window, place: ReferencePlace) =>
  pool(inputs, window, place, (pixels) => Math.max(...pixels));

const avgPool = (
  inputs: readonly Array64[],
  { countIncludePad, ...window }: Window & { countIncludePad: boolean },
  place: ReferencePlace,
) => pool(inputs, window, place, (pixels, size) => sum(pixels) / (countIncludePad ? size : pixels.length));

/** A number for each image and channel, of all its pixels. */
function globalPool({ shape, data }: Array64, reduce: (pixels: readonly number[]) => number): Float64Array {
  const [n, c, h, w] = four(shape);
  return Float64Array.from({ length: n * c }, (_, plane) =>
    reduce([...data.subarray(plane * h * w, (plane + 1) * h * w)]),
  );
}

const globalAvgPool = ([x]: readonly Array64[]) => globalPool(x!, (pixels) => sum(pixels) / pixels.length);

/** Generalised mean (Radenovic 2018) with timm's floor of 1e-6: p = 1 is the mean, p towards infinity the maximum. */
const gemPool = ([x, power]: readonly Array64[]) => {
  const [p] = power!.data as unknown as [number];
  const powers = (pixels: readonly number[]) => pixels.map((value) => Math.max(value, 1e-6) ** p);
  return globalPool(x!, (pixels) => (sum(powers(pixels)) / pixels.length) ** (1 / p));
};

/** Of channels: [n, c, h, w] or [n, features]. */
const concat = (inputs: readonly Array64[], _: unknown, { shape }: ReferencePlace) => {
  const out = new Float64Array(shape.reduce((product, length) => product * length, 1));
  let filled = 0;
  for (let image = 0; image < shape[0]!; image++) {
    for (const { data } of inputs) {
      const length = data.length / shape[0]!;
      out.set(data.subarray(image * length, (image + 1) * length), filled);
      filled += length;
    }
  }
  return out;
};

/** The second factor's height and width may be 1. */
const multiply = ([a, b]: readonly Array64[]) => {
  const repeats = a!.data.length / b!.data.length;
  return a!.data.map((value, i) => value * b!.data[Math.floor(i / repeats)]!);
};

const add = ([a, b]: readonly Array64[]) => a!.data.map((value, i) => value + b!.data[i]!);

const each = (f: (x: number) => number) => (inputs: readonly Array64[]) => inputs[0]!.data.map(f);
const same = each((x) => x);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** What leaves things out by chance does nothing in inference; in training only probability 0 has one answer. */
const chance = (inputs: readonly Array64[], { p }: { p: number }, { training }: ReferencePlace) => {
  if (training && p > 0)
    throw new Error(`The reference can't leave things out by chance; build the graph with p = 0, not ${p}.`);
  return same(inputs);
};

/** By the ops' names. `input` and `weight` are the interpreter's own. */
export const referenceOps: Readonly<Record<string, ReferenceOp>> = {
  conv2d,
  convTranspose2d,
  linear,
  batchNorm,
  relu: each((x) => Math.max(x, 0)),
  silu: each((x) => x * logistic(x)),
  sigmoid: each(logistic),
  add,
  multiply,
  globalAvgPool,
  avgPool,
  maxPool,
  gemPool,
  concat,
  reshape: same,
  dropout: chance,
  dropPath: chance,
};

/** The name of a weight. */
export function weightName(attributes: unknown): string {
  return (attributes as Weight).name;
}

function four(shape: Shape): [number, number, number, number] {
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  return [n, c, h, w];
}
