/**
 * NumPy's `RandomState`: the Mersenne Twister MT19937 (Matsumoto and Nishimura, ACM Trans. Model. Comput. Simul. 8, 1998), seeded and
 * drawn from as numpy/random/mtrand.pyx does, so that shuffles are NumPy's own. For agreeing with scikit-learn; everything else draws
 * from `simulate/random.ts`.
 */

import { UsageError } from "../signal/errors.ts";

export interface NumpyRandomState {
  /** The next 32 bits, as `bit_generator.random_raw()` gives them. */
  uint32(): number;
  /** A whole number from 0 to `max`, both included. */
  interval(max: number): number;
  /** Puts the items in random order, in place: `RandomState.shuffle` of one axis. */
  shuffle(items: { length: number; [i: number]: number }): void;
  /** `RandomState.permutation(count)`. */
  permutation(count: number): Int32Array;
}

const WORDS = 624;
const MIDDLE = 397;
const MAX_SEED = 0xffff_ffff;

/** `numpy.random.RandomState(seed)`. Throws a UsageError for a seed that is no whole number of 32 bits. */
export function numpyRandomState(seed: number): NumpyRandomState {
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw new UsageError(`Seed ${seed}: give a whole number from 0 to ${MAX_SEED}.`);
  }
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1_812_433_253, before) + i;
  }
  let at = WORDS;

  function twist(): void {
    for (let i = 0; i < WORDS; i++) {
      const bits = (state[i]! & 0x8000_0000) | (state[(i + 1) % WORDS]! & 0x7fff_ffff);
      state[i] = state[(i + MIDDLE) % WORDS]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908_b0df : 0);
    }
    at = 0;
  }

  function uint32(): number {
    if (at === WORDS) twist();
    let bits = state[at++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c_5680;
    bits ^= (bits << 15) & 0xefc6_0000;
    bits ^= bits >>> 18;
    return bits >>> 0;
  }

  function interval(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffff_ffff >>> Math.clz32(max);
    for (;;) {
      const value = (uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  function shuffle(items: { length: number; [i: number]: number }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = interval(i);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
  }

  function permutation(count: number): Int32Array {
    const places = Int32Array.from({ length: count }, (_, i) => i);
    shuffle(places);
    return places;
  }

  return { uint32, interval, shuffle, permutation };
}
