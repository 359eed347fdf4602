/** Which cadences a simulated data set has: their ids, their labels, and what its tables say of them. */

import type { TruthRow } from "../formats/truth-csv.ts";
import type { CadenceRecipe } from "../simulate/cadence-recipe.ts";
import type { EmitterTruth } from "../simulate/cadences.ts";
import { streamKey } from "../simulate/random.ts";

export interface SetSpec {
  readonly recipe: CadenceRecipe;
  readonly seed: number;
  /** Cadences with labels, and cadences to be scored. */
  readonly train: number;
  readonly test: number;
}

export interface SetMember {
  readonly split: "train" | "test";
  /** Of `simulateCadence`. */
  readonly index: number;
  /** 15 hexadecimal digits, which tell nothing of index and label. */
  readonly id: string;
  readonly label: 0 | 1;
}

/** Indices of the cadences of the test split begin here. */
const FIRST_TEST_INDEX = 2 ** 40;
/** Parts of a cadence's stream that `cadences.ts` doesn't use. */
const ID = 1_000;

/**
 * The members of a set, each split's by index. A set with more cadences begins with those of a smaller one; among the first n of a
 * split, the recipe's share of n is positive, rounded down.
 */
export function setMembers({ recipe, seed, train, test }: SetSpec): SetMember[] {
  const taken = new Set<string>();
  const count = (cadences: number) => Math.floor(cadences * recipe.positives + 1e-9);
  const members = (split: SetMember["split"], length: number, first: number) =>
    Array.from({ length }, (_, i): SetMember => {
      const index = first + i;
      return { split, index, id: freeId(seed, index, taken), label: count(i + 1) > count(i) ? 1 : 0 };
    });
  return [...members("train", train, 0), ...members("test", test, FIRST_TEST_INDEX)];
}

function freeId(seed: number, index: number, taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const [high, low] = streamKey(seed, index, ID + attempt);
    const digits = (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
    const id = digits.slice(0, 15);
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

/** Where the competition has a cadence: `train/0/0a1b....npy`. */
export function memberPath({ split, id }: Pick<SetMember, "split" | "id">): string {
  return `${split}/${id[0]}/${id}.npy`;
}

/** The rows of `truth.csv` for one cadence. `path` is the signal as JSON, with its power in each scan. */
export function truthRows(
  { id, label }: Pick<SetMember, "id" | "label">,
  truth: readonly EmitterTruth[],
): TruthRow[] {
  return truth.map((one) => ({
    id,
    label,
    kind: one.kind,
    shape: one.signal.path.shape,
    profile: one.signal.profile.shape,
    time: one.signal.timeProfile.shape,
    snr: round(one.snr, 6),
    snrDb: round(one.snrDb, 6),
    driftHzPerS: round(one.driftHzPerS, 6),
    scans: one.scanGains.map((gain) => (gain > 0 ? 1 : 0)).join(" "),
    path: JSON.stringify({
      ...one.signal,
      label: one.label,
      scanGains: one.scanGains.map((gain) => round(gain, 4)),
      ...(one.restarts && { restarts: true }),
    }),
  }));
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
