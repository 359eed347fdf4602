/**
 * The convolution kernels on EfficientNet-B0's layers at 6 x 273 x 256, one thread: GFLOP/s and the share of the core's measured multiply-add
 * peak, forward and backward, with the Views and GradViews that a training step has. Multiply-adds alone are counted, activations are not.
 *
 *   node bench/nn-kernels.ts [--json] [--batch N] [--runs N] [--layer TEXT] [--plain-views] [--build nn|nn-plain]
 */

import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { encodeArgs, padded, type WasmKernel } from "../src/nn/engines/wasm/kernel.ts";
import {
  convBackward,
  convForward,
  packConv,
  packedBackwardFloats,
  packedForwardFloats,
} from "../src/nn/engines/wasm/kernels/conv.ts";
import { kernelBench } from "../src/nn/testing/run-kernel.ts";

/** Optimised code from the first call on: no run is measured in the code that V8 makes first. */
setFlagsFromString("--no-liftoff");

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    batch: { type: "string", default: "2" },
    runs: { type: "string", default: "7" },
    layer: { type: "string", default: "" },
    "plain-views": { type: "boolean", default: false },
    build: { type: "string", default: "nn" },
  },
});
const batch = Number(options.batch);
const runs = Number(options.runs);

type Role = "first" | "stem" | "expand" | "project" | "squeeze";

/** h, w, c, k, how often B0 has it, role; kernel, stride and padding of those that are not 1x1. */
const layers: [number, number, number, number, number, Role, number?, number?, number?][] = [
  [273, 256, 6, 3, 1, "first", 3, 1, 3],
  [277, 260, 3, 32, 1, "stem", 3, 2, 1],
  [139, 130, 32, 16, 1, "project"],
  [139, 130, 16, 96, 1, "expand"],
  [70, 65, 96, 24, 1, "project"],
  [70, 65, 24, 144, 2, "expand"],
  [70, 65, 144, 24, 1, "project"],
  [35, 33, 144, 40, 1, "project"],
  [35, 33, 40, 240, 2, "expand"],
  [35, 33, 240, 40, 1, "project"],
  [18, 17, 240, 80, 1, "project"],
  [18, 17, 80, 480, 3, "expand"],
  [18, 17, 480, 80, 2, "project"],
  [18, 17, 480, 112, 1, "project"],
  [18, 17, 112, 672, 3, "expand"],
  [18, 17, 672, 112, 2, "project"],
  [9, 9, 672, 192, 1, "project"],
  [9, 9, 192, 1152, 4, "expand"],
  [9, 9, 1152, 192, 3, "project"],
  [9, 9, 1152, 320, 1, "project"],
  [9, 9, 320, 1280, 1, "expand"],
  [1, 1, 1152, 48, 4, "squeeze"],
  [1, 1, 48, 1152, 4, "squeeze"],
];

/** Seconds of one run, the best of `runs` and of as many as fit in a fifth of a second: other programs disturb some of them only. */
function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  const began = performance.now();
  let done = 0;
  do {
    const start = performance.now();
    run();
    const end = performance.now();
    least = Math.min(least, end - start);
    done++;
  } while (done < runs || performance.now() - began < 200);
  return least / 1000;
}

function measurePeak(): number {
  const bench = kernelBench({ build: options.build, megabytes: 1 });
  const at = bench.put(new Float32Array(16).fill(0.5));
  const rounds = 20_000;
  return (12 * 16 * rounds * 8) / best(() => bench.exports.peak!(at, rounds)) / 1e9;
}

function measure([h, wd, c, k, , role, kernel = 1, stride = 1, pad = 0]: (typeof layers)[number]) {
  const out = (length: number) => Math.floor((length + 2 * pad - kernel) / stride) + 1;
  const s = {
    ...{ n: batch, h, wd, c, k, oh: out(h), ow: out(wd), kh: kernel, kw: kernel },
    ...{ sh: stride, sw: stride, ph: pad, pw: pad, dh: 1, dw: 1, groups: 1 },
  };
  const inputs = s.n * h * wd * padded(c);
  const outputs = s.n * s.oh * s.ow * padded(k);
  const floats = 2 * inputs + 3 * outputs + 8 * c * k * kernel * kernel;
  const bench = kernelBench({ build: options.build, megabytes: Math.ceil(floats / 250_000) + 16 });
  const random = (count: number) =>
    bench.put(Float32Array.from({ length: count }, () => Math.random() - 0.5));
  const prepare = (wasm: WasmKernel, args: Record<string, number>) => {
    const all: Record<string, number> = {};
    for (const field of wasm.fields) all[field] = args[field] ?? 0;
    const words = new Float32Array(wasm.fields.length);
    encodeArgs(wasm, all, words.buffer, 0);
    const struct = bench.put(words);
    const scratch = bench.space((wasm.scratch?.(all) ?? 0) / 4);
    const shared = bench.space((wasm.shared?.(all, 1) ?? 0) / 4);
    return () => {
      for (const phase of wasm.phases) bench.exports[phase]!(struct, 0, 1, scratch, shared);
    };
  };
  const forward = bench.space(packedForwardFloats(s));
  const backward = bench.space(packedBackwardFloats(s));
  const pack = prepare(packConv, { ...s, w: random(c * k * kernel * kernel), forward, backward });
  const views = !options["plain-views"];
  const viewed = views && role === "project";
  const normed = role !== "squeeze" && role !== "first";
  const graded = views && normed;
  const view = {
    x: random(inputs),
    xScale: viewed ? random(padded(c)) : 0,
    xShift: viewed ? random(padded(c)) : 0,
    xGate: viewed ? random(s.n * padded(c)) : 0,
    xAct: viewed ? 2 : 0,
  };
  const run = {
    pack,
    forward: prepare(convForward, {
      ...s,
      ...view,
      w: forward,
      y: bench.space(outputs),
      moments: normed ? bench.space(2 * padded(k)) : 0,
    }),
    backward: prepare(convBackward, {
      ...s,
      ...view,
      g: random(outputs),
      y: graded ? random(outputs) : 0,
      coefA: graded ? random(padded(k)) : 0,
      coefB: graded ? random(padded(k)) : 0,
      coefC: graded ? random(padded(k)) : 0,
      w: backward,
      dx: role === "first" ? 0 : bench.space(inputs),
      dW: bench.put(new Float32Array(c * k * kernel * kernel)),
    }),
  };
  const products = s.n * s.oh * s.ow * c * k * kernel * kernel;
  const backwardProducts = products * (role === "first" ? 1 : 2);
  return {
    products,
    backwardProducts,
    packS: best(run.pack),
    forwardS: best(run.forward),
    backwardS: best(run.backward),
  };
}

const peak = measurePeak();
const rows = [];
const total = { products: 0, seconds: 0 };
for (const layer of layers) {
  const [h, wd, c, k, times, role, kernel = 1, stride = 1] = layer;
  const name = `${h}x${wd} ${c}->${k} ${kernel}x${kernel}/${stride} ${role}`;
  if (!name.includes(options.layer)) continue;
  const m = measure(layer);
  rows.push({
    name,
    times,
    forwardMs: m.forwardS * 1e3,
    forwardGflops: (2e-9 * m.products) / m.forwardS,
    backwardMs: m.backwardS * 1e3,
    backwardGflops: (2e-9 * m.backwardProducts) / m.backwardS,
    packMs: m.packS * 1e3,
  });
  total.products += times * (m.products + m.backwardProducts);
  total.seconds += times * (m.forwardS + m.backwardS);
}
const share = (gflops: number) => gflops / peak;
if (options.json) console.log(JSON.stringify({ peakGflops: peak, batch, rows }));
else {
  console.log(`peak ${peak.toFixed(1)} GFLOP/s a core, batch ${batch}`);
  for (const r of rows)
    console.log(
      `${r.name.padEnd(32)} x${r.times}  forward ${r.forwardMs.toFixed(2).padStart(7)} ms ${r.forwardGflops.toFixed(1).padStart(5)} ` +
        `${(100 * share(r.forwardGflops)).toFixed(0).padStart(3)} %  backward ${r.backwardMs.toFixed(2).padStart(7)} ms ` +
        `${r.backwardGflops.toFixed(1).padStart(5)} ${(100 * share(r.backwardGflops)).toFixed(0).padStart(3)} %  pack ${r.packMs.toFixed(2)} ms`,
    );
  const gflops = (2e-9 * total.products) / total.seconds;
  console.log(
    `all: ${((1e3 * total.seconds) / batch).toFixed(1)} ms an image on one thread, ${gflops.toFixed(1)} GFLOP/s, ${(100 * share(gflops)).toFixed(0)} % of the peak`,
  );
}
