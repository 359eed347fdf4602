/** Whether this machine's WebAssembly has relaxed SIMD, asked with the smallest module that uses it. */

const probe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  // One function type, () -> v128; one function of it.
  ...[1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  // i32.const 0, i8x16.splat, three times, f32x4.relaxed_madd.
  ...[10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11],
);

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(probe);
}
