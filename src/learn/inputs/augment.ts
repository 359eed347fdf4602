/**
 * Changes of a cadence that leave its label as it is. They act on the panels as read, before they are normalised; where cadences are
 * whitened, on the whitened panels, whose noise has deviation 1 and keeps it.
 */

import type { PanelShape, Panels } from "../../signal/panels.ts";
import { fillNoise } from "../../simulate/noise.ts";
import { normalQuantiles, type QuantileTable } from "../../simulate/quantiles.ts";
import type { RandomStream, StreamKey } from "../../simulate/random.ts";
import { isOnPanel, onPanels } from "./input-spec.ts";

/** Chances lie from 0 to 1; a key that is left out does nothing. */
export interface AugmentSpec {
  /** Chance that time runs backwards, see `flippedTime`. */
  readonly flipTime?: number;
  /** Chance that frequency runs backwards. */
  readonly flipFrequency?: number;
  /** Largest shift, in rows of every panel; what leaves at one end comes in at the other. */
  readonly shiftRows?: number;
  /** Largest shift, in channels; what leaves at one end comes in at the other. */
  readonly shiftChannels?: number;
  /** Chance that the ON panels change places. */
  readonly swapOn?: number;
  /** Rectangles set to 0, `count` of them, each in one panel, with sides of up to `size` of the panel's. */
  readonly cutout?: { readonly count: number; readonly size: number };
  /** Largest standard deviation of normal noise that is added; it is drawn evenly from 0. Panels have 1, see `NoiseScale`. */
  readonly noise?: number;
  /** MixUp (Zhang et al. 2018, arXiv:1710.09412), see `MixUpSpec`. */
  readonly mixUp?: MixUpSpec;
}

/**
 * Two cadences are added, with weights w and 1 - w, w drawn from Beta(alpha, alpha), and normalised after that. Labels a and b become
 * `max`: the larger; `or`: a + b - ab; `linear`: wa + (1 - w)b.
 */
export interface MixUpSpec {
  /** Chance that a cadence is mixed. */
  readonly chance: number;
  readonly alpha: number;
  readonly labels: "max" | "or" | "linear";
  /** Share of the training, at its end, in which nothing is mixed. */
  readonly offInLast?: number;
}

/**
 * Panel that stands at each place when time runs backwards: 4, 3, 2, 1, 0, 5 of six, so that ON panels come to ON places and five
 * of the six follow each other as before.
 */
export function flippedPanels(panels: number): number[] {
  const lastOn = isOnPanel(panels - 1) ? panels - 1 : panels - 2;
  return Array.from({ length: panels }, (_, place) => (place <= lastOn ? lastOn - place : place));
}

/** The cadence as if time ran backwards: every panel's rows reversed, the panels in the order of `flippedPanels`. */
export function flippedTime({ data, panels, rows, channels }: Panels, into: Float32Array): void {
  const order = flippedPanels(panels);
  for (let place = 0; place < panels; place++) {
    for (let row = 0; row < rows; row++) {
      const from = (order[place]! * rows + rows - 1 - row) * channels;
      into.set(data.subarray(from, from + channels), (place * rows + row) * channels);
    }
  }
}

/** Reverses the channels, in place. */
export function flipFrequency({ data, channels }: Panels): void {
  for (let at = 0; at < data.length; at += channels) data.subarray(at, at + channels).reverse();
}

/**
 * What becomes of the noise's deviation where noise is added or cadences are mixed. `free`: it changes, for what normalises afterwards.
 * `kept`: panels are divided by the factor that noise of deviation 1, of its own in each, comes out with.
 */
export type NoiseScale = "free" | "kept";

/** Augments `cadence` in place. `scratch` is as large as its data; what it holds afterwards has no meaning. */
export function augment(
  cadence: Panels,
  spec: AugmentSpec,
  random: RandomStream,
  key: StreamKey,
  scratch: Float32Array,
  noiseScale: NoiseScale = "free",
): void {
  // Every draw is made whether it is used or not, so that one key more or less in a recipe does not change the others.
  const draws = Array.from({ length: 6 }, () => random.uniform());
  if (draws[0]! < (spec.flipTime ?? 0)) {
    flippedTime(cadence, scratch);
    cadence.data.set(scratch);
  }
  if (draws[1]! < (spec.flipFrequency ?? 0)) flipFrequency(cadence);
  if (draws[2]! < (spec.swapOn ?? 0)) swapOn(cadence, random, scratch);
  roll(cadence, wholeShift(spec.shiftRows, draws[3]!), wholeShift(spec.shiftChannels, draws[4]!), scratch);
  if (spec.noise) addNoise(cadence, spec.noise * draws[5]!, key, scratch, noiseScale);
  if (spec.cutout) cutOut(cadence, spec.cutout, random);
}

function wholeShift(largest = 0, draw: number): number {
  return Math.floor(draw * (2 * largest + 1)) - largest;
}

function swapOn({ data, ...shape }: Panels, random: RandomStream, scratch: Float32Array): void {
  const size = shape.rows * shape.channels;
  const places = onPanels(shape);
  const order = [...places];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  scratch.set(data);
  for (const [i, place] of places.entries()) {
    data.set(scratch.subarray(order[i]! * size, (order[i]! + 1) * size), place * size);
  }
}

function roll(
  { data, panels, rows, channels }: Panels,
  byRows: number,
  byChannels: number,
  scratch: Float32Array,
): void {
  if (byRows === 0 && byChannels === 0) return;
  scratch.set(data);
  const right = ((byChannels % channels) + channels) % channels;
  for (let panel = 0; panel < panels; panel++) {
    for (let row = 0; row < rows; row++) {
      const from = (panel * rows + ((((row - byRows) % rows) + rows) % rows)) * channels;
      const to = (panel * rows + row) * channels;
      data.set(scratch.subarray(from, from + channels - right), to + right);
      data.set(scratch.subarray(from + channels - right, from + channels), to);
    }
  }
}

let normalTable: QuantileTable | undefined;

function addNoise(
  { data, panels, rows, channels }: Panels,
  sigma: number,
  key: StreamKey,
  scratch: Float32Array,
  noiseScale: NoiseScale,
): void {
  const range = { rowStart: 0, rowStop: panels * rows, channelStart: 0, channelStop: channels };
  const gain = new Float64Array(channels).fill(sigma);
  normalTable ??= normalQuantiles();
  fillNoise(scratch, range, key, normalTable, { offset: 0, scale: 1 }, gain);
  const scale = noiseScale === "kept" ? 1 / Math.hypot(1, sigma) : 1;
  for (let i = 0; i < data.length; i++) data[i] = scale * (data[i]! + scratch[i]!);
}

function cutOut(
  { data, panels, rows, channels }: Panels,
  { count, size }: { count: number; size: number },
  random: RandomStream,
): void {
  for (let n = 0; n < count; n++) {
    const panel = Math.floor(random.uniform() * panels);
    const high = Math.round(random.uniform() * size * rows);
    const wide = Math.round(random.uniform() * size * channels);
    const top = Math.floor(random.uniform() * (rows - high + 1));
    const left = Math.floor(random.uniform() * (channels - wide + 1));
    for (let row = top; row < top + high; row++) {
      const at = (panel * rows + row) * channels + left;
      data.fill(0, at, at + wide);
    }
  }
}

/** Mixes `other` into `cadence`, in place, and returns the label of the mixture. */
export function mixUp(
  cadence: Panels,
  label: number,
  other: { readonly cadence: PanelShape & { readonly data: Float32Array }; readonly label: number },
  spec: MixUpSpec,
  random: RandomStream,
  noiseScale: NoiseScale = "free",
): number {
  const weight = betaWeight(spec.alpha, random);
  const scale = noiseScale === "kept" ? 1 / Math.hypot(weight, 1 - weight) : 1;
  const [own, others] = [scale * weight, scale * (1 - weight)];
  const { data } = cadence;
  for (let i = 0; i < data.length; i++) data[i] = own * data[i]! + others * other.cadence.data[i]!;
  if (spec.labels === "max") return Math.max(label, other.label);
  if (spec.labels === "or") return label + other.label - label * other.label;
  return weight * label + (1 - weight) * other.label;
}

/** Beta(alpha, alpha). For a very small alpha both gammas may be too small for a float64; then the weight is 0 or 1. */
function betaWeight(alpha: number, random: RandomStream): number {
  const a = random.gamma(alpha);
  const sum = a + random.gamma(alpha);
  return sum > 0 ? a / sum : Math.round(random.uniform());
}
