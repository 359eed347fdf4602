/**
 * Random numbers from counters: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
 * Key (seed, stream), counter (block, 0, step, 0); each block gives four words. src/nn/random.ts is its twin.
 */

import { padded, share } from "./sums";

/** The four words of one block, to `out`. */
function philox(seed: u32, stream: u32, block: u32, step: u32, out: usize): void {
  let c0 = block;
  let c1: u32 = 0;
  let c2 = step;
  let c3: u32 = 0;
  let k0 = seed;
  let k1 = stream;
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>0xd2511f53 * <u64>c0;
    const p1 = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(out, c0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/** Words below this are dropped, with probability p. */
// @ts-ignore: decorator
@inline
function threshold(p: f32): u64 {
  return <u64>nearest<f64>(<f64>p * 4294967296);
}

@unmanaged class DropoutArgs {
  x: usize;
  out: usize;
  seedAt: usize;
  stepAt: usize;
  stream: u32;
  accumulate: i32;
  count: usize;
  p: f32;
}

/**
 * out = (or +=) x where kept, over 1 - p; word i of the stream decides on float i, padding counted. On the gradient it draws the same mask.
 */
export function dropout(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DropoutArgs>(args);
  const seed = load<u32>(a.seedAt);
  const step = load<u32>(a.stepAt);
  const limit = threshold(a.p);
  const factor: f32 = a.p < 1 ? 1 / (1 - a.p) : 0;
  const last = share(a.count >> 2, thread + 1, threads);
  for (let block = share(a.count >> 2, thread, threads); block < last; block++) {
    philox(seed, a.stream, <u32>block, step, scratch);
    for (let i: usize = 0; i < 4; i++) {
      const at = (block << 4) + (i << 2);
      const kept = <u64>load<u32>(scratch + (i << 2)) >= limit;
      const value = kept ? load<f32>(a.x + at) * factor : 0;
      store<f32>(a.out + at, a.accumulate ? load<f32>(a.out + at) + value : value);
    }
  }
}

@unmanaged class DropPathGateArgs {
  gate: usize;
  seedAt: usize;
  stepAt: usize;
  stream: u32;
  n: i32;
  c: i32;
  p: f32;
}

/** gate[n][c] = 1 / (1 - p) for images kept, 0 for those dropped; the first word of block n decides. */
export function dropPathGate(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<DropPathGateArgs>(args);
  const cp = padded(a.c);
  const limit = threshold(a.p);
  const factor: f32 = a.p < 1 ? 1 / (1 - a.p) : 0;
  const last = share(<usize>a.n, thread + 1, threads);
  for (let image = share(<usize>a.n, thread, threads); image < last; image++) {
    philox(load<u32>(a.seedAt), a.stream, <u32>image, load<u32>(a.stepAt), scratch);
    const value: f32 = <u64>load<u32>(scratch) >= limit ? factor : 0;
    for (let i: usize = 0; i < cp; i++) store<f32>(a.gate + ((image * cp + i) << 2), i < <usize>a.c ? value : 0);
  }
}
