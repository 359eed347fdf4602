/** A network's weights: first values, values from a checkpoint, and what a checkpoint holds. By name, in PyTorch's layout. */

import { InputError, UsageError } from "../signal/errors.ts";
import type { Model } from "./models/config.ts";
import { type Graph, numel, type Shape, type Weight } from "./op.ts";
import { normalNumbers, uniformNumbers } from "./random.ts";
import type { SafeTensor, WritableTensor } from "./safetensors.ts";

export type Weights = Map<string, Float32Array>;

/**
 * The first values of all weights. Each is drawn from the seed and its own name, so layers that two networks share start alike
 * whatever else they hold.
 */
export function initWeights(graph: Graph, seed: number): Weights {
  return new Map([...graph.weights].map(([name, weight]) => [name, initWeight(weight, seed)]));
}

export interface LoadOptions {
  /** What errors call the tensors: the file's name. */
  readonly source?: string;
  /** The weight that reads the images: if the file's is for other channels, it is adapted (see `adaptFirstConv`). */
  readonly firstConv?: string;
  /** Layers, as `classifier`, whose weights may be missing or of another shape; they then start at first values. */
  readonly fresh?: readonly string[];
  /** Draws those first values. 0 if not given. */
  readonly seed?: number;
}

export interface LoadedWeights {
  readonly weights: Weights;
  /** Names of the weights that are at their first values. */
  readonly fresh: readonly string[];
  /** Names of the weights that were adapted to other channels. */
  readonly adapted: readonly string[];
}

/**
 * The network's weights out of a checkpoint of timm, PyTorch or our own; `num_batches_tracked` is left aside. The arrays are copies.
 * Throws an InputError that names every tensor that is missing, unexpected, of the wrong shape or not finite.
 */
export function loadWeights(
  graph: Graph,
  tensors: ReadonlyMap<string, SafeTensor>,
  { source = "the checkpoint", firstConv, fresh: freshLayers = [], seed = 0 }: LoadOptions = {},
): LoadedWeights {
  const weights: Weights = new Map();
  const fresh: string[] = [];
  const adapted: string[] = [];
  const missing: string[] = [];
  const misshapen: string[] = [];
  const notFinite: string[] = [];
  for (const [name, weight] of graph.weights) {
    let tensor = tensors.get(name);
    if (tensor && name === firstConv && differsInChannels(tensor.shape, weight.shape)) {
      tensor = adaptFirstConv(tensor, weight.shape[1]!);
      adapted.push(name);
    }
    if (tensor && sameShape(tensor.shape, weight.shape)) {
      if (!tensor.data.every(Number.isFinite)) notFinite.push(name);
      weights.set(name, tensor.data.slice());
    } else if (freshLayers.some((layer) => name.startsWith(`${layer}.`))) {
      weights.set(name, initWeight(weight, seed));
      fresh.push(name);
    } else if (tensor) {
      misshapen.push(`${name} (${show(tensor.shape)}, the network's is ${show(weight.shape)})`);
    } else {
      missing.push(name);
    }
  }
  const unexpected = [...tensors.keys()].filter((name) => !graph.weights.has(name) && !isCount(name));
  const problems = [
    ...problem("Missing", missing),
    ...problem("Unexpected", unexpected),
    ...problem("Of another shape", misshapen),
    ...problem("Not finite", notFinite),
  ];
  if (problems.length > 0) {
    throw new InputError(`${source} doesn't fit the network; is it of another model? ${problems.join(" ")}`);
  }
  return { weights, fresh, adapted };
}

/**
 * As `loadWeights`, to go on from a network that was trained for other images and classes: the first convolution is adapted; the
 * classifier, the tutorial's stem and the pool's power start anew where the checkpoint has none that fit.
 */
export function loadPretrained(
  model: Model,
  graph: Graph,
  tensors: ReadonlyMap<string, SafeTensor>,
  options: Pick<LoadOptions, "source" | "seed"> = {},
): LoadedWeights {
  const fresh = [model.classifier, "stem", "global_pool"];
  return loadWeights(graph, tensors, { ...options, fresh, firstConv: model.firstConv });
}

/**
 * A first convolution [k, c, h, w] for another number of channels, as timm does it (adapt_input_conv): for one channel the sum over
 * channels; for more, the channels in turn, scaled so that the sum stays what it was for images whose channels are alike.
 */
export function adaptFirstConv({ shape, data }: SafeTensor, channels: number): SafeTensor {
  const [k, c, h, w] = shape as [number, number, number, number];
  const area = h * w;
  const adapted = new Float32Array(k * channels * area);
  for (let out = 0; out < k; out++) {
    for (let to = 0; to < Math.max(channels, channels === 1 ? c : 0); to++) {
      const from = (out * c + (to % c)) * area;
      const into = (out * channels + (to % channels)) * area;
      const scale = channels === 1 ? 1 : c / channels;
      for (let i = 0; i < area; i++) adapted[into + i]! += data[from + i]! * scale;
    }
  }
  return { shape: [k, channels, h, w], data: adapted };
}

/**
 * What a checkpoint holds, in the order and under the names of PyTorch's state_dict: the weights and, for each batch norm,
 * `num_batches_tracked`, which timm and PyTorch want to find. It counts training steps and does not change what they compute.
 */
export function checkpointTensors(
  graph: Graph,
  weights: ReadonlyMap<string, Float32Array>,
  { batchesTracked = 0 }: { readonly batchesTracked?: number } = {},
): Map<string, WritableTensor> {
  const tensors = new Map<string, WritableTensor>();
  for (const [name, { shape }] of graph.weights) {
    const data = weights.get(name);
    if (!data) throw new UsageError(`The weights to save lack ${name}.`);
    tensors.set(name, { shape, data });
    if (name.endsWith(".running_var")) {
      const count = BigInt64Array.of(BigInt(batchesTracked));
      tensors.set(name.replace(/running_var$/, "num_batches_tracked"), { shape: [], data: count });
    }
  }
  return tensors;
}

function initWeight({ name, shape, init }: Weight, seed: number): Float32Array {
  const count = numel(shape);
  if (init.kind === "constant") return new Float32Array(count).fill(init.value);
  const stream = { seed, stream: hash(name), step: initStep };
  return init.kind === "normal"
    ? normalNumbers(stream, count, 0, init.std)
    : uniformNumbers(stream, count, -init.bound, init.bound);
}

/** No training comes to this step, so dropout never draws the numbers that weights were made of. */
const initStep = 0xffff_ffff;

/** FNV-1a of the name's UTF-16 units. */
function hash(name: string): number {
  let value = 2166136261;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 16777619);
  return value >>> 0;
}

function isCount(name: string): boolean {
  return /(^|\.)num_batches_tracked$/.test(name);
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function differsInChannels(a: Shape, b: Shape): boolean {
  return a.length === 4 && a[1] !== b[1] && a[1]! > 0 && sameShape(a.with(1, 0), b.with(1, 0));
}

function show(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** A network of another kind lacks hundreds. */
const MOST_NAMED = 6;

function problem(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - MOST_NAMED;
  // One more is named rather than counted.
  if (more <= 1) return [`${what}: ${names.join(", ")}.`];
  return [`${what}: ${names.slice(0, MOST_NAMED).join(", ")} and ${more} more.`];
}
