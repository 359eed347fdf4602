/** The ideal observer on drawn noise, beside its closed form: a check of both, and of what the simulator calls S/N. */

import { idealRecall, idealThreshold } from "../src/learn/metrics/ideal-observer.ts";
import { renderPanel } from "../src/simulate/backgrounds.ts";
import type { CadencePlan } from "../src/simulate/cadences.ts";
import { addEmitter } from "../src/simulate/emitters.ts";
import { streamKey } from "../src/simulate/random.ts";
import { planTask } from "./recall-kinds.ts";

export interface IdealCheck {
  readonly draws: number;
  /** Of the statistic without a needle: 0 and 1 in theory. */
  readonly noiseMean: number;
  readonly noiseDeviation: number;
  readonly strengths: readonly {
    readonly snrDb: number;
    readonly recall: number;
    readonly closedForm: number;
  }[];
}

const STRENGTHS_DB = [8, 10, 12];

/**
 * Draws cadences with needles of any kind and takes out all but needle and noise, which the observer knows; noise that has a part of its
 * neighbours' is left out, as the closed form is of white noise.
 */
export function checkIdeal(seed: number, draws: number, rate: number): IdealCheck {
  const noise: number[] = [];
  const found = STRENGTHS_DB.map(() => 0);
  const threshold = idealThreshold(rate);
  for (let number = 0; noise.length < draws; number++) {
    const plans = STRENGTHS_DB.map((snrDb) => planTask({ number, needle: { kind: "any", snrDb } }, seed));
    const { correlation } = plans[0]!.background;
    if (correlation.rows > 0 || correlation.channels > 0) continue;
    for (const [i, plan] of plans.entries()) {
      const template = needleAlone(plan);
      if (i === 0) noise.push(statistic(template, withNoise(plan, new Float32Array(template.length))));
      if (statistic(template, withNoise(plan, template.slice())) >= threshold) found[i]!++;
    }
  }
  const noiseMean = noise.reduce((sum, value) => sum + value, 0) / draws;
  const squares = noise.reduce((sum, value) => sum + (value - noiseMean) ** 2, 0);
  return {
    draws,
    noiseMean,
    noiseDeviation: Math.sqrt(squares / (draws - 1)),
    strengths: STRENGTHS_DB.map((snrDb, i) => ({
      snrDb,
      recall: found[i]! / draws,
      closedForm: idealRecall(10 ** (snrDb / 20), rate),
    })),
  };
}

/** In deviations of the noise. */
function needleAlone({ grids, emitters, recipe }: CadencePlan): Float32Array {
  const { pattern, rows, channels } = recipe.cadence;
  const pixels = new Float32Array(pattern.length * rows * channels);
  for (const emitter of emitters) if (emitter.kind === "needle") addEmitter(pixels, emitter, grids);
  return pixels;
}

const OWN_NOISE = 99;

/** The simulator's own noise, on a background that is even. In place. */
function withNoise({ background, recipe, seed, index }: CadencePlan, pixels: Float32Array): Float32Array {
  const { pattern, rows, channels } = recipe.cadence;
  const even = {
    columns: new Float64Array(channels),
    rows: new Float64Array(rows),
    columnSigma: new Float64Array(channels).fill(1),
    rowSigma: new Float64Array(rows).fill(1),
  };
  const panels = Array.from(pattern, () => even);
  const size = rows * channels;
  for (let panel = 0; panel < panels.length; panel++) {
    const key = streamKey(seed, index, OWN_NOISE, panel);
    const part = pixels.subarray(panel * size, (panel + 1) * size);
    renderPanel(part, { ...background, coupling: 0, panels, patches: [] }, panel, key);
  }
  return pixels;
}

function statistic(template: Float32Array, pixels: Float32Array): number {
  let product = 0;
  let squares = 0;
  for (let i = 0; i < template.length; i++) {
    product += template[i]! * pixels[i]!;
    squares += template[i]! ** 2;
  }
  return product / Math.sqrt(squares);
}
