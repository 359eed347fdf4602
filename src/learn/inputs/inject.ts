/**
 * Needles and interferers simulated into cadences at hand. Labels are few and backgrounds plenty: a cadence without a needle becomes a
 * positive by a needle of known place, and stays a negative with one more interferer. They go into whitened panels, whose noise has deviation
 * 1, so that their S/N is what the search would see.
 */

import type { PanelShape } from "../../signal/panels.ts";
import { defaultCadenceRecipe } from "../../simulate/cadence-recipe.ts";
import { cadenceGrids } from "../../simulate/cadences.ts";
import { uniformIn } from "../../simulate/draw.ts";
import { addEmitter } from "../../simulate/emitters.ts";
import { drawInterferer } from "../../simulate/interference.ts";
import { drawNeedle } from "../../simulate/needles.ts";
import type { RandomStream } from "../../simulate/random.ts";
import { isOnPanel, onPanels } from "./panel-roles.ts";
import { markPlaces, type PlaceGrid } from "./places.ts";

export interface InjectSpec {
  /** Chance that a cadence whose target is 0 is given a needle, and with it the target 1. */
  readonly needles: number;
  /** Chance that a cadence is given one more interferer, which doesn't change its target. */
  readonly interference: number;
  /** Lowest and highest S/N by matched filter over the cadence, 20 log10 of it; drawn evenly. */
  readonly snrDb: readonly [number, number];
  /** The same of interferers, where they are to be brighter, say; `snrDb` unless given. */
  readonly interferenceSnrDb?: readonly [number, number];
}

/**
 * Adds to whitened panels in place what the stream draws, and returns the cadence's new target. Where a needle is added, `places`, if given, have
 * the target 1 in the cells that it is in.
 */
export type Injector = (
  white: Float32Array,
  target: number,
  random: RandomStream,
  places?: InjectedPlaces,
) => number;

/** Of one example. */
export interface InjectedPlaces {
  readonly grid: PlaceGrid;
  readonly targets: Float32Array;
}

/** What is drawn has the shapes of `defaultCadenceRecipe`. */
export function createInjector(spec: InjectSpec, shape: PanelShape): Injector {
  const { panels, rows, channels } = shape;
  const { cadence, needles, interference } = defaultCadenceRecipe;
  const on = Array.from({ length: panels }, (_, panel) => isOnPanel(panel));
  const pattern = on.map((isOn) => (isOn ? "A" : "B")).join("");
  const recipe = { cadence: { ...cadence, pattern, rows, channels } };
  const snrDb: [number, number] = [...spec.snrDb];
  const interferenceSnrDb: [number, number] = [...(spec.interferenceSnrDb ?? spec.snrDb)];
  const size = rows * channels;
  const ons = onPanels(shape);
  let before: Float32Array | undefined;
  const keepOnPanels = (white: Float32Array) => {
    before ??= new Float32Array(ons.length * size);
    for (const [place, panel] of ons.entries()) {
      before.set(white.subarray(panel * size, (panel + 1) * size), place * size);
    }
    return before;
  };
  return (white, target, random, places) => {
    // Both are drawn whether they are used or not, so that one share does not change what the other draws.
    const wanted = { interferer: random.uniform(), needle: random.uniform() };
    const grids = cadenceGrids(recipe, uniformIn(random, cadence.gap));
    if (wanted.interferer < spec.interference) {
      const emitter = drawInterferer(random, { ...interference, snrDb: interferenceSnrDb }, grids, on);
      addEmitter(white, emitter, grids);
    }
    if (target !== 0 || wanted.needle >= spec.needles) return target;
    const was = places && keepOnPanels(white);
    const snrByScan = addEmitter(white, drawNeedle(random, { ...needles, snrDb }, grids, on), grids);
    if (was) markPlaces(was, white, shape, places.grid, places.targets);
    return snrByScan.some((snr) => snr > 0) ? 1 : target;
  };
}
