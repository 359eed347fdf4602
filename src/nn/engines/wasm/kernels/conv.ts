/** Tables of the convolution kernels (kernels/nn/conv.ts, pack.ts). */

import { type KernelArgs, padded, type WasmKernel } from "../kernel.ts";

export interface PackedShape {
  readonly c: number;
  readonly k: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
}

/** Groups that are computed one by one; 1 where they are too narrow and the packed weights get zeros between groups. */
function denseGroups({ c, k, groups }: PackedShape): number {
  return (c / groups) % 4 === 0 && (k / groups) % 4 === 0 ? groups : 1;
}

/** The product's sizes for one group: output channels, and the length of a row of patches. */
function product(shape: PackedShape): { groups: number; k: number; depth: number } {
  const groups = denseGroups(shape);
  const c = groups === 1 ? padded(shape.c) : shape.c / groups;
  return { groups, k: groups === 1 ? padded(shape.k) : shape.k / groups, depth: shape.kh * shape.kw * c };
}

/** Floats of the weights as `convForward` reads them. */
export function packedForwardFloats(shape: PackedShape): number {
  const { groups, k, depth } = product(shape);
  return groups * k * depth;
}

/** Floats of the weights as `convBackward` reads them. */
export const packedBackwardFloats = packedForwardFloats;

/** `chunkRows`, `SMALL` and `SLACK` of the kernels. */
const chunkRows = (floats: number) => Math.max(24, Math.min(90, Math.floor(98_304 / floats / 6) * 6));
const SMALL = 448;
const SLACK = 384;
const align = (bytes: number) => Math.ceil(bytes / 64) * 64;
const sourceBytes = (channels: number) => 64 + 24 * channels;
const stripBytes = (channels: number, rows: number) => Math.ceil(channels / 8) * rows * 32 + SLACK;

/** The sizes of kernels/nn/conv-band.ts, under the same names. */
function usesBand(a: KernelArgs): boolean {
  const pointwise = a.kh === 1 && a.kw === 1 && a.sh === 1 && a.sw === 1 && a.ph === 0 && a.pw === 0;
  const small = a.c! <= 8 && a.groups === 1 && a.kh! * a.kw! <= 64 && a.sh! <= a.kh! && a.sw! <= a.kw!;
  return small && !pointwise && a.dh === 1 && a.dw === 1 && a.ow! >= 24;
}
const isPaired = (a: KernelArgs) => a.c! <= 4 && a.sw === 2;
function bandColumns(a: KernelArgs): number {
  const most = Math.floor(65_536 / (a.kh! * a.kw! * padded(a.c!)));
  const pieces = Math.ceil(a.ow! / Math.max(24, Math.min(264, most)));
  return Math.ceil(Math.ceil(a.ow! / pieces) / 12) * 12;
}
const lineRows = (a: KernelArgs) =>
  (bandColumns(a) + Math.floor((a.kw! - 1) / a.sw!)) * (isPaired(a) ? 1 : a.sw!);
function bandLines(a: KernelArgs, floats: number): number {
  const line = lineRows(a) * 8;
  return Math.max(1, Math.min(8, a.oh!, Math.trunc((65_536 - a.kh! * line) / (a.sh! * line + floats))));
}
const bandBytes = (a: KernelArgs, lines: number) =>
  320 + SLACK + ((lines - 1) * a.sh! + a.kh!) * lineRows(a) * 32;
const bandPartColumns = (a: KernelArgs) => a.kh! * 8 * (isPaired(a) ? Math.ceil(a.kw! / 2) : a.kw!);

const SIZE_FIELDS = [
  "n",
  "h",
  "wd",
  "c",
  "oh",
  "ow",
  "k",
  "kh",
  "kw",
  "sh",
  "sw",
  "ph",
  "pw",
  "dh",
  "dw",
  "groups",
] as const;

const shapeOf = (a: KernelArgs): PackedShape => ({
  c: a.c!,
  k: a.k!,
  kh: a.kh!,
  kw: a.kw!,
  groups: a.groups!,
});

/** OIHW weights to panels; `forward` or `backward` may be 0. */
export const packConv: WasmKernel = {
  fields: ["w", "forward", "backward", "c", "k", "kh", "kw", "groups"],
  phases: ["packConv"],
};

const FORWARD_FIELDS = [
  ...["x", "xScale", "xShift", "xGate", "xAct", "w", "bias", "y", "moments"],
  ...SIZE_FIELDS,
];
const BACKWARD_FIELDS = [
  ...["g", "y", "scale", "shift", "act", "gate", "spread", "coefA", "coefB", "coefC"],
  ...["x", "xScale", "xShift", "xGate", "xAct", "w", "dx", "accumulate", "dW", "dBias"],
  ...SIZE_FIELDS,
];

const momentsBytes = (a: KernelArgs, threads: number) => (a.moments ? threads * align(28 * padded(a.k!)) : 0);

/** Bytes that a pass of patches times panels works in. */
function patchesBytes(a: KernelArgs): number {
  const shape = shapeOf(a);
  const { depth } = product(shape);
  if (usesBand(a)) return 192 + SMALL + 4 * padded(shape.k) + bandBytes(a, bandLines(a, 0));
  return 128 + SMALL + 4 * padded(shape.k) + stripBytes(depth, chunkRows(depth));
}

/** Bytes that a pass over gradients works in, its two sources apart. */
function gradientBytes(a: KernelArgs): number {
  const { k, depth } = product(shapeOf(a));
  if (usesBand(a)) {
    const columns = bandColumns(a);
    const lines = bandLines(a, columns * k);
    return 256 + SMALL + stripBytes(k, lines * columns) + bandBytes(a, lines) + columns * depth * 4;
  }
  const rows = chunkRows(depth + k);
  return 128 + SMALL + stripBytes(k, rows) + stripBytes(depth, rows) + rows * depth * 4;
}

/** Bytes of the threads' parts of the gradients of the weights and of `biases` biases. */
function partBytes(a: KernelArgs, biases: number, threads: number): number {
  const { groups, k, depth } = product(shapeOf(a));
  const columns = usesBand(a) ? bandPartColumns(a) : groups * Math.ceil(depth / 8) * 8;
  return threads * (columns * k * 4 + 8 * padded(biases));
}

const sourcesBytes = (a: KernelArgs) =>
  256 + align(sourceBytes(padded(a.k!))) + align(sourceBytes(padded(a.c!)));

/** y = conv(view of x) + bias, and y's mean and biased variance per channel if `moments` is not 0. */
export const convForward: WasmKernel = {
  fields: FORWARD_FIELDS,
  phases: ["convForward", "convForwardMoments"],
  scratch: (a) => sourcesBytes(a) + patchesBytes(a),
  shared: momentsBytes,
};

/**
 * dx (written or added to), dW and dBias (added to) of a convolution, from the gradient of its output read through a GradView.
 *
 * `sums` may be wanted of a 1x1 convolution without groups whose x stands for silu(norm(x)) * gate, with dx written and dW: [5][n][cp], as
 * gateSums makes them of dx and x. xMoments and xRstd are the norm's.
 */
export const convBackward: WasmKernel = {
  fields: BACKWARD_FIELDS.flatMap((field) => {
    if (field === "w") return ["xMoments", "xRstd", field];
    return field === "dBias" ? [field, "sums"] : [field];
  }),
  phases: ["convBackward", "convBackwardWeights"],
  scratch: (a) => sourcesBytes(a) + gradientBytes(a) + (a.sums ? 128 + 24 * padded(a.c!) : 0),
  shared: (a, threads) => partBytes(a, a.k!, threads) + (a.sums ? threads * 3 * 40 * padded(a.c!) : 0),
};

/** The convolution that a transposed one is the gradient of. */
function exchanged(a: KernelArgs): KernelArgs {
  return { ...a, c: a.k!, k: a.c!, h: a.oh!, wd: a.ow!, oh: a.h!, ow: a.wd! };
}

/**
 * y = transposed convolution of the view of x, as `convForward`; c, h, wd are x's, k, oh, ow are y's. `w` is what `packConv` makes of the
 * weights [c][k / groups][kh][kw] with c and k exchanged, as `backward`.
 */
export const convTransposeForward: WasmKernel = {
  fields: FORWARD_FIELDS,
  phases: ["convTransposeForward", "convTransposeBias", "convTransposeMoments"],
  scratch: (a) => sourcesBytes(a) + gradientBytes(exchanged(a)),
  shared: momentsBytes,
};

/** dx, dW [c][k / groups][kh][kw] and dBias of a transposed convolution; `w` is packed with c and k exchanged, as `forward`. */
export const convTransposeBackward: WasmKernel = {
  fields: BACKWARD_FIELDS,
  phases: ["convTransposeBackward", "convTransposeBackwardWeights"],
  scratch: (a) =>
    sourcesBytes(a) +
    Math.max(gradientBytes(exchanged(a)), patchesBytes(exchanged(a)), Math.ceil(a.k! / 8) * 64 * 32),
  shared: (a, threads) => partBytes(exchanged(a), a.k!, threads),
};
