import { exp, sigmoid } from "./simd";

/** Writes exp and sigmoid of n floats (a multiple of 4), for the tests of simd.ts. */
export function probeExp(x: usize, expAt: usize, sigmoidAt: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n * 4; i += 16) {
    v128.store(expAt + i, exp(v128.load(x + i)));
    v128.store(sigmoidAt + i, sigmoid(v128.load(x + i)));
  }
}
