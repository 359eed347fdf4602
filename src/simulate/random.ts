/**
 * Random numbers that are a function of where they are used. Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a key and a counter into two words, so any part of a
 * stream can be made by itself, in any order and on any thread, with the same bits.
 */

/** 64 bits, as two words. */
export type StreamKey = readonly [number, number];

const PARITY = 0x1bd11bda;
const TWO_32 = 4_294_967_296;

/**
 * The key of a stream: a seed (a whole number from 0 below 2 ** 53), then the names of ever smaller parts, whole numbers
 * too. Different paths give unrelated streams.
 */
export function streamKey(seed: number, ...path: number[]): StreamKey {
  let key: StreamKey = [seed | 0, Math.floor(seed / TWO_32) | 0];
  for (const part of path) key = threefry(key, part | 0, Math.floor(part / TWO_32) | 0);
  return key;
}

/** The two words (as signed 32-bit integers) of one counter. */
export function threefry(key: StreamKey, counter0: number, counter1: number): [number, number] {
  const words = new Int32Array(2);
  threefryWords(words, 1, key, counter0, counter1);
  return [words[0]!, words[1]!];
}

/** Fills `words` with the words of `pairs` counters (counter0, counter1), (counter0 + 1, counter1) and so on, two each. */
export function threefryWords(
  words: Int32Array,
  pairs: number,
  key: StreamKey,
  counter0: number,
  counter1: number,
): void {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = PARITY ^ k0 ^ k1;
  const y0 = (counter1 + k1) | 0;
  for (let i = 0; i < pairs; i++) {
    let x = (counter0 + i + k0) | 0;
    let y = y0;
    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k1) | 0;
    y = (y + k2 + 1) | 0;

    x = (x + y) | 0;
    y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k2) | 0;
    y = (y + k0 + 2) | 0;

    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k0) | 0;
    y = (y + k1 + 3) | 0;

    x = (x + y) | 0;
    y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k1) | 0;
    y = (y + k2 + 4) | 0;

    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    words[2 * i] = (x + k2) | 0;
    words[2 * i + 1] = (y + k0 + 5) | 0;
  }
}

/** Draws one after another: for the few numbers that describe a scene, not for its pixels. */
export interface RandomStream {
  /** In [0, 1), 53 bits. */
  uniform(): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** Mean `shape`, scale 1; any shape above 0. */
  gamma(shape: number): number;
  /** Any number of degrees of freedom above 0. */
  chiSquared(dof: number): number;
}

/** Numbers that a stream makes at a time. A divisor of 2 ** 32. */
const STREAM_BLOCK = 16;

export function randomStream(key: StreamKey): RandomStream {
  const words = new Int32Array(2 * STREAM_BLOCK);
  let counter = 0;
  let at = words.length;

  function uniform(): number {
    if (at === words.length) {
      threefryWords(words, STREAM_BLOCK, key, counter | 0, Math.floor(counter / TWO_32) | 0);
      counter += STREAM_BLOCK;
      at = 0;
    }
    const a = words[at++]!;
    const b = words[at++]!;
    return ((a >>> 5) * 67_108_864 + (b >>> 6)) / 9_007_199_254_740_992;
  }

  /** Box and Muller, Ann. Math. Stat. 29 (1958). */
  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  /** Marsaglia and Tsang, ACM Trans. Math. Softw. 26 (2000), exact; their section 6 for a shape below 1. */
  function gamma(shape: number): number {
    if (shape < 1) return gamma(shape + 1) * (1 - uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = normal();
      const v = (1 + c * z) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * z * z + d * (1 - v + Math.log(v))) return d * v;
    }
  }

  return { uniform, normal, gamma, chiSquared: (dof) => 2 * gamma(dof / 2) };
}
