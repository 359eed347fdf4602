/**
 * Needles: signals that are there only while the telescope points at the target. Their paths go on through the time of the OFF
 * scans, where they are not seen.
 */

import { chance, pickKind, pickOne, uniformIn, type Weights } from "./draw.ts";
import {
  alternating,
  type DrawnEmitter,
  drawFrequency,
  drawPath,
  drawProfile,
  drawTime,
  roughSquares,
  type Shape,
  type SignalRecipe,
  scaleOf,
  shareInBand,
} from "./emitters.ts";
import type { RandomStream } from "./random.ts";
import type { ScanGrid } from "./signals.ts";

export interface NeedleRecipe extends SignalRecipe {
  /** In how many ON scans it is: all, all but one, one alone. */
  readonly scans: Weights<"all" | "all-but-one" | "one">;
}

/** Draws of a shape until one shows where it should; each goes less far than the one before. */
const TRIES = 24;

/**
 * Draws a needle. `on` says which scans see it, every other one from the first if not given. Its S/N, over all that lies in the band, is that of the
 * recipe; every scan that it is in has a part of it. Draws the same for the same stream.
 */
export function drawNeedle(
  random: RandomStream,
  recipe: NeedleRecipe,
  grids: readonly ScanGrid[],
  on: readonly boolean[] = alternating(grids.length),
): DrawnEmitter {
  const snrDb = uniformIn(random, recipe.snrDb);
  const scanGains = drawScans(random, recipe, on);
  const restarts = chance(random, recipe.restarts);
  const pathKind = pickKind(random, recipe.path.kind);
  const timeKind = pickKind(random, recipe.time.kind);
  const profileKind = pickKind(random, recipe.profile.kind);
  const scale = scaleOf(grids, restarts);
  const timeScale = scaleOf(grids);
  let best: { shape: Shape; shown: number } | undefined;
  for (let i = 0; i < TRIES; i++) {
    const path = drawPath(random, recipe.path, pathKind, scale, 1 - i / TRIES);
    const timeProfile = drawTime(random, recipe.time, timeKind, restarts ? scale : timeScale);
    const profile = drawProfile(random, recipe.profile, profileKind, scale);
    const frequencyMHz = drawFrequency(random, path, scanGains, grids, restarts);
    const shape = { signal: { frequencyMHz, path, profile, timeProfile }, scanGains, restarts };
    if (shareInBand(shape, grids) < LEAST_IN_BAND) continue;
    const shown = shareShown(roughSquares(shape, grids), scanGains);
    if (!best || shown > best.shown) best = { shape, shown };
    if (shown === 1) break;
  }
  if (!best || best.shown === 0) {
    // What is drawn here can't be missed: a steady tone that stays where it is.
    const path = { shape: "linear", driftHzPerS: 0 } as const;
    const frequencyMHz = drawFrequency(random, path, scanGains, grids, restarts);
    const signal = {
      frequencyMHz,
      path,
      profile: { shape: "tone" },
      timeProfile: { shape: "steady" },
    } as const;
    best = { shape: { signal, scanGains, restarts }, shown: 1 };
  }
  return { kind: "needle", label: best.shape.signal.path.shape, snrDb, ...best.shape };
}

/** Of the time of the scans that it is in. */
const LEAST_IN_BAND = 0.4;
/** A scan shows a signal where it holds this part of the squared S/N that it would hold if all scans were alike. */
const SHOWN = 0.15;

/** The share of the scans that a signal should be in that show it. */
function shareShown(squares: readonly number[], scanGains: readonly number[]): number {
  const present = scanGains.filter((gain) => gain > 0).length;
  const total = squares.reduce((sum, one) => sum + one, 0);
  if (!(total > 0)) return 0;
  return squares.filter((one) => one > (SHOWN * total) / present).length / present;
}

function drawScans(random: RandomStream, recipe: NeedleRecipe, on: readonly boolean[]): number[] {
  const places = on.flatMap((isOn, scan) => (isOn ? [scan] : []));
  const kind = pickKind(random, recipe.scans);
  const special = pickOne(random, places);
  const scatter = uniformIn(random, recipe.scanScatter);
  return on.map((isOn, scan) => {
    const gain = Math.exp(scatter * random.normal());
    if (!isOn || places.length === 1) return isOn ? 1 : 0;
    if (kind === "all") return gain;
    return (kind === "one") === (scan === special) ? gain : 0;
  });
}
