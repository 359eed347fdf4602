/** Folds for cross-validation. */

import { UsageError } from "../signal/errors.ts";
import { numpyRandomState } from "./numpy-random.ts";

export interface FoldOptions {
  /** How many, 2 or more. */
  readonly folds: number;
  /** Whether the places of each class are dealt in random order; else in the order given. */
  readonly shuffle?: boolean;
  /** Of the shuffle, scikit-learn's `random_state`. 0 unless given. */
  readonly seed?: number;
}

/**
 * The fold, from 0, in which each place is held out, with every class spread evenly: scikit-learn's `StratifiedKFold(n_splits, shuffle,
 * random_state)`, place for place. Labels are whole numbers; round soft ones first. Throws a UsageError where a class has fewer places
 * than there are folds, which would leave a fold without it.
 */
export function stratifiedKFold(labels: ArrayLike<number>, options: FoldOptions): Int32Array {
  const { folds, shuffle = false, seed = 0 } = options;
  if (!Number.isInteger(folds) || folds < 2) {
    throw new UsageError(`${folds} folds: give a whole number, 2 or more.`);
  }
  const random = shuffle ? numpyRandomState(seed) : undefined;
  const places = placesByClass(labels);
  for (const [label, { length }] of places) {
    if (length < folds) {
      const remedy = length > 1 ? `Give at most ${length} folds, or more data.` : "Give more data.";
      throw new UsageError(
        `Label ${label} stands at ${length} of ${labels.length} places, too few for ${folds} folds. ${remedy}`,
      );
    }
  }
  const found = new Int32Array(labels.length);
  let before = 0;
  for (const own of places.values()) {
    const dealt = dealClass(before, own.length, folds);
    random?.shuffle(dealt);
    own.forEach((place, i) => {
      found[place] = dealt[i]!;
    });
    before += own.length;
  }
  return found;
}

/** Places of each class, the classes in the order in which they first appear. */
function placesByClass(labels: ArrayLike<number>): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label)) {
      throw new UsageError(`Label ${label} at place ${i}: folds need whole numbers. Round the labels first.`);
    }
    const own = places.get(label);
    if (own) own.push(i);
    else places.set(label, [i]);
  }
  return places;
}

/**
 * The folds of one class in rising order, as many of each as this class gets when all places, sorted by class, are dealt to the folds
 * in turn; `before` places went to the classes before it.
 */
function dealClass(before: number, count: number, folds: number): Int32Array {
  const dealt = new Int32Array(count);
  for (let i = 0; i < count; i++) dealt[i] = (before + i) % folds;
  return dealt.sort();
}
