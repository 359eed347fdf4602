/**
 * Sums over pixels, channel by channel: what batch norm, squeeze-excite and pooling share. Rows (pixels of all images) are split
 * evenly over the threads; sums are kept in float32 for up to CHUNK rows, in float64 across them, and added up in a fixed order.
 */

/** Adds the sums of `rows` rows, from byte `offset` on, within one image, to `acc` ([sums][cp] float32). */
export type AddRows = (args: usize, work: usize, image: usize, offset: usize, rows: usize, acc: usize) => void;

const CHUNK: usize = 96;
/** Rows taken at a time: the sums stay in registers for so many. */
const BLOCK: usize = 4;

/** Where the share of `thread` begins among `total` things. */
// @ts-ignore: decorator
@inline
export function share(total: usize, thread: i32, threads: i32): usize {
  return <usize>((<u64>total * <u64>thread) / <u64>threads);
}

/** Physical channels of c logical ones. */
// @ts-ignore: decorator
@inline
export function padded(c: i32): usize {
  return <usize>((c + 3) & ~3);
}

/** Per-channel vector at `at`, or where there is none, `value` on the logical channels and 0 on the others, written to `spare`. */
export function vectorOr(at: usize, value: f32, c: i32, spare: usize): usize {
  if (at) return at;
  const cp = <i32>padded(c);
  for (let i = 0; i < cp; i++) store<f32>(spare + (<usize>i << 2), i < c ? value : 0);
  return spare;
}

/**
 * Where the block of rows after the one at `offset` begins, or this one where no whole block follows; all in bytes. Loops that read a
 * block's rows side by side, which the processor foresees badly, touch the next block in order on the way.
 */
// @ts-ignore: decorator
@inline
export function blockAfter(offset: usize, stride: usize, all: usize): usize {
  return all - offset >= 2 * BLOCK * stride ? offset + BLOCK * stride : offset;
}

/** acc (float32, emptied) into total (float64), `count` of them, a multiple of 4. */
export function flush(acc: usize, total: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 4) {
    const a = v128.load(acc + (i << 2));
    const at = total + (i << 3);
    v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(a)));
    const high = f64x2.promote_low_f32x4(i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    v128.store(at, f64x2.add(v128.load(at, 16), high), 16);
    v128.store(acc + (i << 2), f32x4.splat(0));
  }
}

/**
 * This thread's `sums` sums over all images, to float64 [sums][cp] at `total`. acc: [sums][cp] float32 of work space. `split` says that
 * an image's rows must come in a call of their own.
 */
export function batchSums(
  n: i32, pixels: i32, cp: usize, sums: i32, split: bool, thread: i32, threads: i32,
  total: usize, acc: usize, args: usize, work: usize, add: AddRows,
): void {
  const count = <usize>sums * cp;
  memory.fill(total, 0, count << 3);
  memory.fill(acc, 0, count << 2);
  const all = <usize>n * <usize>pixels;
  const each = split ? <usize>pixels : all;
  let row = share(all, thread, threads);
  const last = share(all, thread + 1, threads);
  let pending: usize = 0;
  while (row < last) {
    const image = row / each;
    const end = min(last, (image + 1) * each);
    while (row < end) {
      const rows = min(BLOCK, end - row);
      add(args, work, image, row * (cp << 2), rows, acc);
      row += rows;
      pending += rows;
      if (pending >= CHUNK) {
        flush(acc, total, count);
        pending = 0;
      }
    }
  }
  flush(acc, total, count);
}

/** One image's sums, times `factor`, to out [sums][n][cp]. */
export function storeImage(total: usize, image: usize, n: i32, c: i32, sums: i32, factor: f64, accumulate: bool, out: usize): void {
  const cp = padded(c);
  for (let k = 0; k < sums; k++) {
    const from = total + ((<usize>k * cp) << 3);
    const to = out + ((<usize>k * <usize>n + image) * cp << 2);
    for (let i: usize = 0; i < cp; i++) {
      const value = i < <usize>c ? <f32>(load<f64>(from + (i << 3)) * factor) : 0;
      store<f32>(to + (i << 2), accumulate ? load<f32>(to + (i << 2)) + value : value);
    }
  }
}

/**
 * Sums of each image, times `factor`, to out [sums][n][cp]. An image shared by several threads waits in `shared`
 * (threads x 3 x sums x cp float64) for imageSumsFinish. acc: [sums][cp] float32 of work space.
 */
export function imageSums(
  n: i32, pixels: i32, c: i32, sums: i32, factor: f64, accumulate: bool, out: usize, thread: i32, threads: i32,
  shared: usize, acc: usize, args: usize, work: usize, add: AddRows,
): void {
  const cp = padded(c);
  const count = <usize>sums * cp;
  const each = <usize>pixels;
  const all = <usize>n * each;
  let row = share(all, thread, threads);
  const last = share(all, thread + 1, threads);
  memory.fill(acc, 0, count << 2);
  while (row < last) {
    const image = row / each;
    const end = min(last, (image + 1) * each);
    const whole = row == image * each && end == (image + 1) * each;
    const slot: usize = whole ? 2 : row > image * each ? 0 : 1;
    const total = shared + (((<usize>thread * 3 + slot) * count) << 3);
    memory.fill(total, 0, count << 3);
    while (row < end) {
      const chunk = min(row + CHUNK, end);
      while (row < chunk) {
        const rows = min(BLOCK, chunk - row);
        add(args, work, image, row * (cp << 2), rows, acc);
        row += rows;
      }
      flush(acc, total, count);
    }
    if (whole) storeImage(total, image, n, c, sums, factor, accumulate, out);
  }
}

/** The images that no thread had to itself; each thread takes its share of the channels. */
export function imageSumsFinish(
  n: i32, pixels: i32, c: i32, sums: i32, factor: f64, accumulate: bool, out: usize, thread: i32, threads: i32,
  shared: usize,
): void {
  const each = <usize>pixels;
  const all = <usize>n * each;
  const cp = padded(c);
  const count = <usize>sums * cp;
  const firstLane = share(cp, thread, threads);
  const lastLane = share(cp, thread + 1, threads);
  let done: usize = usize.MAX_VALUE;
  for (let t = 1; t < threads; t++) {
    const cut = share(all, t, threads);
    if (cut >= all || cut % each == 0) continue;
    const image = cut / each;
    if (image == done) continue;
    done = image;
    const start = image * each;
    for (let k: usize = 0; k < <usize>sums; k++) {
      const to = out + ((k * <usize>n + image) * cp << 2);
      for (let lane = firstLane; lane < lastLane; lane++) {
        let sum: f64 = 0;
        for (let u = 0; u < threads; u++) {
          const from = max(share(all, u, threads), start);
          const until = min(share(all, u + 1, threads), start + each);
          if (from >= until) continue;
          const slot: usize = from > start ? 0 : 1;
          sum += load<f64>(shared + (((<usize>u * 3 + slot) * count + k * cp + lane) << 3));
        }
        const value = lane < <usize>c ? <f32>(sum * factor) : 0;
        store<f32>(to + (lane << 2), accumulate ? load<f32>(to + (lane << 2)) + value : value);
      }
    }
  }
}
