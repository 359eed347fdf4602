/**
 * Cadences as the competition has them, drawn from a recipe: six panels of noise and structure, interference in most, a needle in
 * those that are positive. Everything is a function of recipe, seed and index.
 */

import { cadenceRoles } from "../signal/cadence.ts";
import type { Panels } from "../signal/panels.ts";
import { type Background, drawBackground, renderPanel } from "./backgrounds.ts";
import type { CadenceRecipe } from "./cadence-recipe.ts";
import { uniformIn } from "./draw.ts";
import { addEmitter, type DrawnEmitter, scaleOf } from "./emitters.ts";
import { drawInterference } from "./interference.ts";
import { drawNeedle } from "./needles.ts";
import { pathOffsetHz } from "./paths.ts";
import { type RandomStream, randomStream, streamKey } from "./random.ts";
import type { ScanGrid } from "./signals.ts";

/** A signal that was put in. */
export interface EmitterTruth extends DrawnEmitter {
  /** By matched filter over the whole cadence, in the noise of the background: what lies in the band. */
  readonly snr: number;
  /** Mean over the cadence, of a path that begins anew with every scan over a scan. */
  readonly driftHzPerS: number;
}

export interface SimulatedCadence {
  readonly panels: Panels;
  readonly truth: readonly EmitterTruth[];
}

/** All of a cadence but its pixels. */
export interface CadencePlan {
  readonly recipe: CadenceRecipe;
  readonly seed: number;
  readonly index: number;
  readonly grids: readonly ScanGrid[];
  readonly background: Background;
  readonly emitters: readonly DrawnEmitter[];
}

const [GEOMETRY, BACKGROUND, INTERFERENCE, NEEDLE, NOISE] = [1, 2, 3, 4, 5];

/** The scans of a cadence of a recipe, `gap` scans apart. Frequencies are offsets from the first channel. */
export function cadenceGrids({ cadence }: Pick<CadenceRecipe, "cadence">, gap = 0): ScanGrid[] {
  const { pattern, rows, channels, foffHz, tsampS } = cadence;
  const frequency = { fch1MHz: 0, foffMHz: foffHz * 1e-6, nchans: channels };
  const time = { tstartMjd: 0, tsampS, nsamples: rows };
  return Array.from(pattern, (_, scan) => ({ frequency, time, startS: scan * (1 + gap) * rows * tsampS }));
}

/**
 * Draws a cadence: what lies behind it and what is in it. `seed` and `index` are whole numbers from 0 below 2 ** 53. The background and the interference
 * are the same whether it is positive or not.
 */
export function planCadence(
  recipe: CadenceRecipe,
  seed: number,
  index: number,
  { positive }: { readonly positive: boolean },
): CadencePlan {
  const draw = (part: number): RandomStream => randomStream(streamKey(seed, index, part));
  const { pattern, rows, channels } = recipe.cadence;
  const on = cadenceRoles(pattern).map((role) => role === "ON");
  const grids = cadenceGrids(recipe, uniformIn(draw(GEOMETRY), recipe.cadence.gap));
  const background = drawBackground(draw(BACKGROUND), recipe.background, {
    panels: pattern.length,
    rows,
    channels,
  });
  const emitters = drawInterference(draw(INTERFERENCE), recipe.interference, grids, on);
  if (positive) emitters.push(drawNeedle(draw(NEEDLE), recipe.needles, grids, on));
  return { recipe, seed, index, grids, background, emitters };
}

/** Makes the pixels of a plan: every panel at mean 0 and standard deviation 1. `into`, if given, takes them. */
export function renderCadence(plan: CadencePlan, into?: Float32Array): Panels {
  const { recipe, seed, index, grids, background, emitters } = plan;
  const { pattern, rows, channels } = recipe.cadence;
  const size = rows * channels;
  const data = into ?? new Float32Array(pattern.length * size);
  data.fill(0);
  for (const emitter of emitters) addEmitter(data, emitter, grids);
  for (let panel = 0; panel < pattern.length; panel++) {
    const pixels = data.subarray(panel * size, (panel + 1) * size);
    const { sum, squares } = renderPanel(pixels, background, panel, streamKey(seed, index, NOISE, panel));
    const mean = sum / size;
    scalePixels(pixels, mean, 1 / Math.sqrt(squares / size - mean * mean));
  }
  return { data, panels: pattern.length, rows, channels };
}

/** What was put in, without the pixels. */
export function cadenceTruth({ grids, emitters }: CadencePlan): EmitterTruth[] {
  return emitters.map((emitter) => ({
    ...emitter,
    snr: 10 ** (emitter.snrDb / 20),
    driftHzPerS: meanDrift(emitter, grids),
  }));
}

/** `planCadence`, `renderCadence` and `cadenceTruth` in one. */
export function simulateCadence(
  recipe: CadenceRecipe,
  seed: number,
  index: number,
  options: { readonly positive: boolean },
): SimulatedCadence {
  const plan = planCadence(recipe, seed, index, options);
  return { panels: renderCadence(plan), truth: cadenceTruth(plan) };
}

function meanDrift({ signal, restarts }: DrawnEmitter, grids: readonly ScanGrid[]): number {
  const offsetHz = pathOffsetHz(signal.path);
  const { durationS } = scaleOf(grids, restarts);
  return (offsetHz(durationS) - offsetHz(0)) / durationS;
}

function scalePixels(pixels: Float32Array, mean: number, scale: number): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i]! - mean) * scale;
}
