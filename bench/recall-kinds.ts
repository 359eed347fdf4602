/** Kinds of needles, each with the rest of the recipe as it is, and the cadences that hold them. */

import { type CadenceRecipe, defaultCadenceRecipe } from "../src/simulate/cadence-recipe.ts";
import { type CadencePlan, planCadence } from "../src/simulate/cadences.ts";
import type { NeedleRecipe } from "../src/simulate/needles.ts";

type Choice<Weights> = Partial<Weights>;

interface Kind {
  readonly name: string;
  readonly path?: Choice<NeedleRecipe["path"]["kind"]>;
  readonly time?: Choice<NeedleRecipe["time"]["kind"]>;
  readonly profile?: Choice<NeedleRecipe["profile"]["kind"]>;
  readonly scans?: Choice<NeedleRecipe["scans"]>;
  readonly width?: NeedleRecipe["profile"]["width"];
}

/**
 * What isn't named is a straight, steady tone in all ON scans. `any` is as the recipe draws it. New kinds go to the end: a kind's place is
 * in what its cadences are drawn from.
 */
const kinds: readonly (Kind | "any")[] = [
  { name: "linear" },
  { name: "quadratic", path: { quadratic: 1 } },
  { name: "sine", path: { sine: 1 } },
  { name: "random-walk", path: { "random-walk": 1 } },
  { name: "stepped", path: { stepped: 1 } },
  { name: "hopping", path: { hopping: 1 } },
  { name: "pulsed", time: { pulsed: 1, "gaussian-pulses": 0.6 } },
  { name: "broad", profile: { box: 1, gaussian: 1, lorentzian: 1, voigt: 1 }, width: [3, 10] },
  "any",
  { name: "partial", time: { partial: 1 } },
  { name: "scintillating", time: { scintillating: 1 } },
  { name: "lines", profile: { lines: 1 } },
  { name: "two-scans", scans: { "all-but-one": 1 } },
];

export const kindNames: readonly string[] = kinds.map((kind) => (kind === "any" ? kind : kind.name));
export const defaultKinds: readonly string[] = kindNames.slice(0, kindNames.indexOf("any") + 1);

/** A cadence to be scored: the number of a negative, or of a positive of a kind and a strength. */
export interface Task {
  readonly number: number;
  readonly needle?: { readonly kind: string; readonly snrDb: number };
}

/** Cadences of a kind lie so far apart in the sequence of a seed; the negatives come first. */
const KIND_STRIDE = 2 ** 32;

/** Background, interference and needle of a kind's cadence are the same at every strength. */
export function planTask({ number, needle }: Task, seed: number): CadencePlan {
  if (!needle) return planCadence(defaultCadenceRecipe, seed, number, { positive: false });
  const place = kindNames.indexOf(needle.kind);
  const index = (1 + place) * KIND_STRIDE + number;
  return planCadence(recipeOf(kinds[place]!, needle.snrDb), seed, index, { positive: true });
}

function recipeOf(kind: Kind | "any", snrDb: number): CadenceRecipe {
  const { needles } = defaultCadenceRecipe;
  if (kind === "any") return { ...defaultCadenceRecipe, needles: { ...needles, snrDb: [snrDb, snrDb] } };
  const { path = { linear: 1 }, time = { steady: 1 }, profile = { tone: 1 }, scans = { all: 1 } } = kind;
  return {
    ...defaultCadenceRecipe,
    needles: {
      ...needles,
      snrDb: [snrDb, snrDb],
      restarts: 0,
      scans: only(needles.scans, scans),
      path: { ...needles.path, kind: only(needles.path.kind, path) },
      time: { ...needles.time, kind: only(needles.time.kind, time) },
      profile: {
        ...needles.profile,
        kind: only(needles.profile.kind, profile),
        width: kind.width ?? needles.profile.width,
      },
    },
  };
}

function only<Weights extends object>(all: Weights, chosen: Partial<Weights>): Weights {
  const none = Object.fromEntries(Object.keys(all).map((key) => [key, 0]));
  return { ...none, ...chosen } as Weights;
}
