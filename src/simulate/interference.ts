/**
 * Interference: signals of our own, which come whatever the telescope points at. Each is in an OFF scan at least, and shows there, so that
 * none could be taken for a needle.
 */

import { chance, logUniformIn, pickKind, type Range, uniformIn, type Weights } from "./draw.ts";
import {
  alternating,
  type DrawnEmitter,
  drawFrequency,
  drawPath,
  drawProfile,
  drawTime,
  type PathKind,
  type ProfileKind,
  roughSquares,
  type Shape,
  type SignalRecipe,
  scaleOf,
  type TimeKind,
} from "./emitters.ts";
import type { RandomStream } from "./random.ts";
import type { ScanGrid } from "./signals.ts";

/**
 * `carrier`: fixed and steady. `line`: straight, slow or fast. `pulsed`. `intermittent`: comes and goes over minutes. `hopping`. `wide`. `walk`: a wandering
 * oscillator. `comb`: many lines, evenly spaced. `like-needle`: any of the paths that needles have.
 */
export type InterferenceKind =
  | "carrier"
  | "line"
  | "pulsed"
  | "intermittent"
  | "hopping"
  | "wide"
  | "walk"
  | "comb"
  | "like-needle";

export interface InterferenceRecipe extends SignalRecipe {
  /** The share of cadences that have none. */
  readonly none: number;
  /** How many the others have; few more often than many. */
  readonly count: Range;
  readonly kind: Weights<InterferenceKind>;
  /** Where it is: everywhere, in the OFF scans alone, in some scans that are not all ON. */
  readonly scans: Weights<"all" | "off" | "some">;
  /** Full width of wide ones, in channels. */
  readonly wide: Range;
  /** Channels from line to line of a comb, and how many lines. */
  readonly combSpacing: Range;
  readonly combLines: Range;
}

/** A cadence's interferers, none or several. */
export function drawInterference(
  random: RandomStream,
  recipe: InterferenceRecipe,
  grids: readonly ScanGrid[],
  on: readonly boolean[] = alternating(grids.length),
): DrawnEmitter[] {
  if (chance(random, recipe.none)) return [];
  const [low, high] = recipe.count;
  const count = Math.min(high, Math.floor(logUniformIn(random, [low, high + 1])));
  return Array.from({ length: count }, () => drawInterferer(random, recipe, grids, on));
}

const TRIES = 16;

export function drawInterferer(
  random: RandomStream,
  recipe: InterferenceRecipe,
  grids: readonly ScanGrid[],
  on: readonly boolean[] = alternating(grids.length),
): DrawnEmitter {
  const snrDb = uniformIn(random, recipe.snrDb);
  const kind = pickKind(random, recipe.kind);
  const restarts = kind !== "carrier" && chance(random, recipe.restarts);
  for (let i = 0; i < TRIES; i++) {
    const shape = drawShape(random, recipe, kind, grids, on, restarts, 1 - i / TRIES);
    if (showsInOff(roughSquares(shape, grids), on)) {
      return { kind: "interference", label: kind, snrDb, ...shape };
    }
  }
  const shape = drawShape(random, recipe, "carrier", grids, on, false, 0);
  return { kind: "interference", label: "carrier", snrDb, ...shape };
}

/** The least part of the squared S/N that lies in OFF scans. */
const LEAST_IN_OFF = 0.12;

function showsInOff(squares: readonly number[], on: readonly boolean[]): boolean {
  let total = 0;
  let off = 0;
  squares.forEach((one, scan) => {
    total += one;
    if (!on[scan]) off += one;
  });
  return total > 0 && off >= LEAST_IN_OFF * total;
}

function drawShape(
  random: RandomStream,
  recipe: InterferenceRecipe,
  kind: InterferenceKind,
  grids: readonly ScanGrid[],
  on: readonly boolean[],
  restarts: boolean,
  tame: number,
): Shape {
  const scale = scaleOf(grids, restarts);
  const make = makers[kind];
  const path =
    kind === "carrier"
      ? ({ shape: "linear", driftHzPerS: 0 } as const)
      : drawPath(random, recipe.path, make.path ?? pickKind(random, recipe.path.kind), scale, tame);
  const stays = make.stays && path.shape === "linear" && chance(random, make.stays);
  const timeKind = make.time ?? pickKind(random, recipe.time.kind);
  const timeRecipe =
    kind === "intermittent"
      ? { ...recipe.time, pulsePeriod: slowPeriod(grids), pulseDuty: SLOW_DUTY }
      : recipe.time;
  const timeProfile = drawTime(random, timeRecipe, timeKind, scale);
  const profile = drawProfile(
    random,
    profileRecipe(recipe, kind),
    make.profile ? pickKind(random, make.profile) : pickKind(random, recipe.profile.kind),
    scale,
  );
  const scanGains = drawScans(random, recipe, on);
  const settled = stays ? ({ shape: "linear", driftHzPerS: 0 } as const) : path;
  const frequencyMHz = drawFrequency(random, settled, scanGains, grids, restarts);
  return { signal: { frequencyMHz, path: settled, profile, timeProfile }, scanGains, restarts };
}

interface Maker {
  readonly path?: PathKind;
  readonly time?: TimeKind;
  readonly profile?: Weights<ProfileKind>;
  /** The share that doesn't drift at all. */
  readonly stays?: number;
}

const WIDE: Weights<ProfileKind> = { tone: 0, box: 3, gaussian: 4, lorentzian: 1, voigt: 1, lines: 0 };
const COMB: Weights<ProfileKind> = { tone: 0, box: 0, gaussian: 0, lorentzian: 0, voigt: 0, lines: 1 };

const makers: Readonly<Record<InterferenceKind, Maker>> = {
  carrier: { path: "linear", time: "steady" },
  line: { path: "linear" },
  pulsed: { path: "linear", time: "pulsed", stays: 0.5 },
  intermittent: { path: "linear", time: "pulsed", stays: 0.6 },
  hopping: { path: "hopping" },
  wide: { profile: WIDE, path: "linear", stays: 0.5 },
  walk: { path: "random-walk" },
  comb: { profile: COMB, path: "linear", stays: 0.6 },
  "like-needle": {},
};

const SLOW_DUTY: Range = [0.3, 0.85];

/** From a third of a scan to two scans, in rows. */
function slowPeriod(grids: readonly ScanGrid[]): Range {
  const rows = grids[0]!.time.nsamples;
  return [0.35 * rows, 2 * rows];
}

function profileRecipe(recipe: InterferenceRecipe, kind: InterferenceKind): SignalRecipe["profile"] {
  if (kind === "wide") return { ...recipe.profile, width: recipe.wide };
  if (kind !== "comb") return recipe.profile;
  return { ...recipe.profile, lineCount: recipe.combLines, lineSpacing: recipe.combSpacing };
}

function drawScans(random: RandomStream, recipe: InterferenceRecipe, on: readonly boolean[]): number[] {
  const kind = pickKind(random, recipe.scans);
  const scatter = uniformIn(random, recipe.scanScatter);
  const gains = on.map(() => Math.exp(scatter * random.normal()));
  const present = on.map((isOn) => kind === "all" || (kind === "off" ? !isOn : random.uniform() < 0.5));
  if (!present.some((is, scan) => is && !on[scan])) {
    const off = on.flatMap((isOn, scan) => (isOn ? [] : [scan]));
    present[off[Math.floor(off.length * random.uniform())]!] = true;
  }
  return gains.map((gain, scan) => (present[scan] ? gain : 0));
}
