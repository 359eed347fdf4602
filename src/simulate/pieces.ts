/** Lists that are filled and emptied for every row of a signal, and sequences that are made as far as they are asked for. */

import { UsageError } from "../signal/errors.ts";

/** Triples of numbers: triple i at 3 i. To empty it, set `count` to 0; the memory stays. */
export interface Pieces {
  count: number;
  values: Float64Array;
}

export function createPieces(): Pieces {
  return { count: 0, values: new Float64Array(3 * 64) };
}

export function addPiece(pieces: Pieces, a: number, b: number, c: number): void {
  const at = 3 * pieces.count++;
  if (at === pieces.values.length) {
    const wider = new Float64Array(2 * at);
    wider.set(pieces.values);
    pieces.values = wider;
  }
  const { values } = pieces;
  values[at] = a;
  values[at + 1] = b;
  values[at + 2] = c;
}

const MOST_ELEMENTS = 1e7;

/**
 * Element i of a sequence in which each follows from the one before, `next(i, element i - 1)`; made once, in order. Throws a UsageError
 * past ten million.
 */
export function growing(
  next: (index: number, before: number) => number,
  first: number,
): (index: number) => number {
  const made = [first];
  return (index) => {
    if (!(index < MOST_ELEMENTS)) {
      throw new UsageError(
        `A random path or strength has more than ${MOST_ELEMENTS} steps in this observation. Give it a longer step.`,
      );
    }
    for (let i = made.length; i <= index; i++) made.push(next(i, made[i - 1]!));
    return made[index]!;
  };
}
