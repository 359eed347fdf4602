/** A convolution's sizes as its kernels take them, and how its rows of patches are cut into chunks. */

@unmanaged
export class ConvSize {
  n: i32;
  h: i32;
  wd: i32;
  c: i32;
  oh: i32;
  ow: i32;
  k: i32;
  kh: i32;
  kw: i32;
  sh: i32;
  sw: i32;
  ph: i32;
  pw: i32;
  dh: i32;
  dw: i32;
  groups: i32;
}

// @ts-ignore: decorator
@inline
export function padded(channels: i32): i32 {
  return (channels + 3) & ~3;
}

/** Groups that are computed one by one; 1 where they are too narrow for that and the weights get zeros instead. */
export function denseGroups(groups: i32, c: i32, k: i32): i32 {
  return (c / groups) % 4 == 0 && (k / groups) % 4 == 0 ? groups : 1;
}

/** Every row of patches is a pixel: the matrix is the tensor itself. */
export function isPointwise(s: ConvSize): bool {
  return (s.kh | s.kw | s.sh | s.sw) == 1 && (s.ph | s.pw) == 0;
}

/** Rows of a chunk of which each row takes `floats`: a multiple of six, about 400 kB in all (half of the second cache). */
export function chunkRows(floats: i32): i32 {
  return max(24, min(90, (98304 / floats / 6) * 6));
}

/** The start of a thread's even share of `count` things. */
export function share(count: i32, thread: i32, threads: i32): i32 {
  return <i32>((<i64>count * thread) / threads);
}

// @ts-ignore: decorator
@inline
export function align(bytes: usize): usize {
  return (bytes + 63) & ~63;
}
