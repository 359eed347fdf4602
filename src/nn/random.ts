/**
 * Random numbers from counters, without state: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", 2011). The engine's kernels draw the same words (kernels/nn/random.ts). Key (seed, stream), counter (block, 0, step, 0).
 */

/** High word of a 32 x 32 bit product, as an int32. No part overflows 32 bits: (2^16 - 1)^2 + 2^16 - 1 < 2^32. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16);
  const carry = Math.imul(aLow, bHigh) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Philox4x32-10 of a counter (c0 to c3) and a key (k0, k1), to out[at] and the three words behind it. */
function writeBlock(
  out: Uint32Array,
  at: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    const next0 = highProduct(0xcd9e8d57, c2) ^ c1 ^ k0;
    c2 = highProduct(0xd2511f53, c0) ^ c3 ^ k1;
    c0 = next0;
    c1 = low1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/** Philox4x32-10 of any counter (four 32-bit words) and key (two): four words. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array {
  const words = new Uint32Array(4);
  writeBlock(words, 0, ...counter, ...key);
  return words;
}

/** Names one sequence of random words: each of `stream` and `step` gives another. All are 32-bit words. */
export interface RandomStream {
  seed: number;
  stream: number;
  /** 0 unless given. */
  step?: number;
}

/** The first `count` words of a stream. Word i is word i % 4 of block i / 4. */
export function randomWords({ seed, stream, step = 0 }: RandomStream, count: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let at = 0; at < words.length; at += 4) writeBlock(words, at, at / 4, 0, step, 0, seed, stream);
  return words.subarray(0, count);
}

/** `count` float32 numbers, uniform on [low, high): 24 bits of each word. */
export function uniformNumbers(stream: RandomStream, count: number, low = 0, high = 1): Float32Array {
  const words = randomWords(stream, count);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = low + (high - low) * ((words[i]! >>> 8) / 16_777_216);
  return out;
}

/** `count` float32 numbers of the normal distribution (Box and Muller 1958), two from each pair of words. */
export function normalNumbers(stream: RandomStream, count: number, mean = 0, deviation = 1): Float32Array {
  const words = randomWords(stream, count + (count % 2));
  const out = new Float32Array(words.length);
  for (let i = 0; i < out.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log((words[i]! + 1) / 4_294_967_296));
    const angle = (2 * Math.PI * words[i + 1]!) / 4_294_967_296;
    out[i] = mean + radius * Math.cos(angle);
    out[i + 1] = mean + radius * Math.sin(angle);
  }
  return out.subarray(0, count);
}
