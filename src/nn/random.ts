/**
 * Random numbers from counters, without state: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", 2011). The engine's kernels draw the same words (kernels/nn/random.ts). Key (seed, stream), counter (block, 0, step, 0).
 */

/** High and low word of a 32 x 32 bit product. */
function product(a: number, b: number): [number, number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return [(aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(carry / 65_536)) >>> 0, Math.imul(a, b) >>> 0];
}

/** Philox4x32-10 of any counter (four 32-bit words) and key (two): four words. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = product(0xd2511f53, c0);
    const [high1, low1] = product(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
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
  for (let block = 0; block < words.length / 4; block++)
    words.set(philox([block, 0, step >>> 0, 0], [seed >>> 0, stream >>> 0]), 4 * block);
  return words.subarray(0, count);
}

/** `count` float32 numbers, uniform on [low, high): 24 bits of each word. */
export function uniformNumbers(stream: RandomStream, count: number, low = 0, high = 1): Float32Array {
  return Float32Array.from(
    randomWords(stream, count),
    (word) => low + (high - low) * ((word >>> 8) / 16_777_216),
  );
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
