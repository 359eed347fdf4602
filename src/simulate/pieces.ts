/** Lists that are filled and emptied for every row of a signal, and sequences that are made as far as they are asked for. */

/** Triples of numbers, in memory that is used again after `clear`. */
export interface Pieces {
  readonly count: number;
  /** Triple i is at 3 i. */
  readonly values: Float64Array;
  add(a: number, b: number, c: number): void;
  clear(): void;
}

export function createPieces(): Pieces {
  let values = new Float64Array(3 * 64);
  let count = 0;
  return {
    get count() {
      return count;
    },
    get values() {
      return values;
    },
    add(a, b, c) {
      if (3 * count === values.length) {
        const wider = new Float64Array(2 * values.length);
        wider.set(values);
        values = wider;
      }
      values[3 * count] = a;
      values[3 * count + 1] = b;
      values[3 * count + 2] = c;
      count++;
    },
    clear() {
      count = 0;
    },
  };
}

/** Element i of a sequence in which each follows from the one before, `next(i, element i - 1)`; made once, in order. */
export function growing(
  next: (index: number, before: number) => number,
  first: number,
): (index: number) => number {
  const made = [first];
  return (index) => {
    for (let i = made.length; i <= index; i++) made.push(next(i, made[i - 1]!));
    return made[index]!;
  };
}
