/**
 * The depthwise convolutions of EfficientNet-B0 on 6 x 273 x 256 (6 -> 3 stem), one thread, forward (with moments) and backward (dx and dW)
 * with the views they have in training. Prints for each shape milliseconds an image, GFLOP/s (of the convolution alone) and GB/s (each activation
 * read or written once), what the gradient of the batch norm below the input costs by itself (norm), and the backward that takes its sums as well
 * (through); then the totals over the network's 16 layers.
 *
 *   node bench/nn-depthwise.ts [--batch 4] [--seconds 0.3] [--build nn] [--act 2] [--shape I]
 *
 * The time is the best of what --seconds allow, for each kernel and shape. --act 0 leaves the activations out: what the convolutions cost without the sigmoids.
 */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { encodeArgs, type WasmKernel } from "../src/nn/engines/wasm/kernel.ts";
import {
  depthwiseBackward,
  depthwiseForward,
  packDepthwise,
} from "../src/nn/engines/wasm/kernels/depthwise.ts";
import { normBackward } from "../src/nn/engines/wasm/kernels/norm.ts";

const { values: options } = parseArgs({
  options: {
    batch: { type: "string", default: "4" },
    seconds: { type: "string", default: "0.3" },
    build: { type: "string", default: "nn" },
    act: { type: "string", default: "2" },
    shape: { type: "string" },
  },
});
const n = Number(options.batch);
const act = Number(options.act);

/** Input height and width, channels, kernel, stride, how many such layers B0 has. */
const layers = [
  [139, 130, 32, 3, 1, 1],
  [139, 130, 96, 3, 2, 1],
  [70, 65, 144, 3, 1, 1],
  [70, 65, 144, 5, 2, 1],
  [35, 33, 240, 5, 1, 1],
  [35, 33, 240, 3, 2, 1],
  [18, 17, 480, 3, 1, 2],
  [18, 17, 480, 5, 1, 1],
  [18, 17, 672, 5, 1, 2],
  [18, 17, 672, 5, 2, 1],
  [9, 9, 1152, 5, 1, 3],
  [9, 9, 1152, 3, 1, 1],
] as const;

setFlagsFromString("--no-liftoff");
const memory = new WebAssembly.Memory({ initial: 16_384, maximum: 65_536, shared: true });
const wasm = readFileSync(new URL(`../kernels/build/${options.build}.wasm`, import.meta.url));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
  env: { memory, abort: () => {} },
});
const floats = new Float32Array(memory.buffer);
let end = 4096;

function space(bytes: number): number {
  const at = end;
  end += Math.ceil(bytes / 64) * 64 + 64;
  return at;
}

function noise(count: number): number {
  const at = space(4 * count);
  for (let i = 0; i < count; i++) floats[at / 4 + i] = Math.sin(i) + Math.cos(i / 3);
  return at;
}

/** The best time of one run, in milliseconds an image. */
function measure(kernel: WasmKernel, values: Record<string, number>): number {
  const args: Record<string, number> = {};
  for (const field of kernel.fields) args[field] = values[field] ?? 0;
  const struct = space(4 * kernel.fields.length);
  encodeArgs(kernel, args, memory.buffer, struct);
  const scratch = space(kernel.scratch?.(args) ?? 0);
  const shared = space(kernel.shared?.(args, 1) ?? 0);
  let best = Number.POSITIVE_INFINITY;
  const stop = performance.now() + 1000 * Number(options.seconds);
  for (let start = performance.now(); start < stop; start = performance.now()) {
    for (const phase of kernel.phases)
      (exports[phase] as (...words: number[]) => void)(struct, 0, 1, scratch, shared);
    best = Math.min(best, performance.now() - start);
  }
  return best / n;
}

const rate = (value: number) => value.toFixed(1).padStart(6);
let forwardMs = 0;
let backwardMs = 0;
let separateMs = 0;
let throughMs = 0;
for (const [i, [h, wd, c, k, s, times]] of layers.entries()) {
  if (options.shape !== undefined && Number(options.shape) !== i) continue;
  end = 4096;
  const p = (k - 1) / 2;
  const oh = Math.floor((h + 2 * p - k) / s) + 1;
  const ow = Math.floor((wd + 2 * p - k) / s) + 1;
  const sizes = { n, h, wd, c, oh, ow, kh: k, kw: k, sh: s, sw: s, ph: p, pw: p, dh: 1, dw: 1 };
  const packed = space(4 * k * k * c);
  measure(packDepthwise, { ...sizes, w: noise(k * k * c), packed });
  const ins = h * wd * c;
  const outs = oh * ow * c;
  const vector = () => noise(c);
  const images = () => noise(n * c);
  const input = { x: noise(n * ins), xScale: vector(), xShift: vector(), xAct: act, w: packed };
  const y = noise(n * outs);
  const forward = measure(depthwiseForward, {
    ...sizes,
    ...input,
    y: space(4 * n * outs),
    moments: noise(2 * c),
  });
  const grad = {
    g: noise(n * outs),
    y,
    scale: vector(),
    shift: vector(),
    act,
    gate: images(),
    spread: images(),
  };
  const coefs = { coefA: vector(), coefB: vector(), coefC: vector() };
  const wanted = { dx: noise(n * ins), dW: noise(k * k * c) };
  const backward = measure(depthwiseBackward, { ...sizes, ...grad, ...coefs, ...input, ...wanted });
  const norm = {
    moments: noise(2 * c),
    xMoments: noise(2 * c),
    rstd: vector(),
    gamma: vector(),
    xSums: space(8 * c),
  };
  const below = {
    g: wanted.dx,
    y: input.x,
    scale: input.xScale,
    shift: input.xShift,
    act,
    ...norm,
    dGamma: vector(),
    dBeta: vector(),
    ...coefs,
    n,
    pixels: h * wd,
    c,
  };
  const separate = measure(normBackward, below);
  const through = measure(depthwiseBackward, { ...sizes, ...grad, ...coefs, ...input, ...wanted, ...norm });
  forwardMs += times * forward;
  backwardMs += times * backward;
  separateMs += times * separate;
  throughMs += times * through;
  const flops = 2e-6 * outs * k * k;
  const report = (ms: number, work: number, values: number) =>
    `${ms.toFixed(3).padStart(7)} ms ${rate((work * flops) / ms)} GFLOP/s ${rate((4e-6 * values) / ms)} GB/s`;
  process.stdout.write(
    `${`${h}x${wd}x${c} k${k} s${s} (${times})`.padEnd(22)}` +
      ` forward ${report(forward, 1, ins + outs)}   backward ${report(backward, 2, 2 * (ins + outs))}` +
      `   norm ${separate.toFixed(3)}   through ${through.toFixed(3)}\n`,
  );
}
process.stdout.write(
  `an image: forward ${forwardMs.toFixed(2)} ms, backward ${backwardMs.toFixed(2)} ms, ` +
    `together ${(forwardMs + backwardMs).toFixed(2)} ms\n` +
    `backward and norm apart ${(backwardMs + separateMs).toFixed(2)} ms, through ${throughMs.toFixed(2)} ms\n`,
);
