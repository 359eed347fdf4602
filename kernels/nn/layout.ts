/** Between the host's order, [n][c][h][w] without padding, and the engine's, [n][h][w][cp]. */

import { padded, share } from "./sums";

@unmanaged class LayoutArgs {
  x: usize;
  y: usize;
  n: i32;
  c: i32;
  h: i32;
  w: i32;
}

/** Rows of all images are split over the threads; four channels are written at a time. */
export function nchwToNhwc(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<LayoutArgs>(args);
  const cp = padded(a.c);
  const width = <usize>a.w;
  const plane = <usize>a.h * width << 2;
  const rows = <usize>a.n * <usize>a.h;
  const end = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < end; row++) {
    const image = row / <usize>a.h;
    const from = a.x + image * <usize>a.c * plane + ((row - image * <usize>a.h) * width << 2);
    const to = a.y + (row * width * cp << 2);
    for (let c: usize = 0; c < cp; c++) {
      const source = from + c * plane;
      const given = c < <usize>a.c;
      for (let x: usize = 0; x < width; x++) {
        store<f32>(to + ((x * cp + c) << 2), given ? load<f32>(source + (x << 2)) : 0);
      }
    }
  }
}

export function nhwcToNchw(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<LayoutArgs>(args);
  const cp = padded(a.c);
  const width = <usize>a.w;
  const plane = <usize>a.h * width << 2;
  const rows = <usize>a.n * <usize>a.h;
  const end = share(rows, thread + 1, threads);
  for (let row = share(rows, thread, threads); row < end; row++) {
    const image = row / <usize>a.h;
    const to = a.y + image * <usize>a.c * plane + ((row - image * <usize>a.h) * width << 2);
    const from = a.x + (row * width * cp << 2);
    for (let c: usize = 0; c < <usize>a.c; c++) {
      for (let x: usize = 0; x < width; x++) {
        store<f32>(to + c * plane + (x << 2), load<f32>(from + ((x * cp + c) << 2)));
      }
    }
  }
}
