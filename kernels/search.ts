/**
 * Kernels of the drift search. Every argument named `...At` is an address in bytes; spectrograms are rows of float32 with
 * a fixed distance between rows. Nothing here allocates: src/search/kernels.ts lays out the memory.
 */

const PIECES: i32 = 16;
/** Deviations past which a pixel is left out of a block's mean and deviation. */
const CLIP: f32 = 6.5;

/** Means, then variances, of the pieces of four blocks: vectors of four, one lane a block. */
const piecesAt = memory.data(2 * PIECES * 16, 16);

export const heapBase: usize = __heap_base;

@inline function horizontalSum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

@inline function sortPair(at: usize, i: usize, j: usize): void {
  const a = v128.load(at + (i << 4));
  const b = v128.load(at + (j << 4));
  v128.store(at + (i << 4), f32x4.pmin(a, b));
  v128.store(at + (j << 4), f32x4.pmax(a, b));
}

/** Median of `n` vectors, lane by lane; they are left sorted (Batcher's odd-even merge sort of 16 with the missing ones skipped). */
function medianOfVectors(at: usize, n: i32): v128 {
  for (let p = 1; p < PIECES; p <<= 1) {
    for (let k = p; k >= 1; k >>= 1) {
      for (let j = k & (p - 1); j + k < PIECES; j += 2 * k) {
        for (let i = 0; i < k; i++) {
          const low = i + j;
          const high = low + k;
          if (high < n && low / (2 * p) == high / (2 * p)) sortPair(at, <usize>low, <usize>high);
        }
      }
    }
  }
  const half = <usize>(n >> 1);
  const upper = v128.load(at + (half << 4));
  if (n & 1) return upper;
  return f32x4.mul(f32x4.add(upper, v128.load(at + ((half - 1) << 4))), f32x4.splat(0.5));
}

/** Length of the pieces that a block of `n` pixels is cut into; what is left at the end is in none. */
@inline function pieceLength(n: i32): i32 {
  return min<i32>(n, ((n + 4 * PIECES - 1) / (4 * PIECES)) * 4);
}

/** Mean and variance of each piece of a block, into one lane of the vectors at `piecesAt`. */
function pieceMoments(at: usize, length: i32, pieces: i32, lane: usize): void {
  const inverse: f32 = 1 / <f32>length;
  const unbiased: f32 = 1 / <f32>max<i32>(1, length - 1);
  let out = piecesAt + (lane << 2);
  for (let p = 0; p < pieces; p++) {
    const shift = load<f32>(at);
    const shifts = f32x4.splat(shift);
    let sums = f32x4.splat(0);
    let squares = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const d = f32x4.sub(v128.load(at + (<usize>i << 2)), shifts);
      sums = f32x4.add(sums, d);
      squares = f32x4.add(squares, f32x4.mul(d, d));
    }
    let sum = horizontalSum(sums);
    let square = horizontalSum(squares);
    for (; i < length; i++) {
      const d = load<f32>(at + (<usize>i << 2)) - shift;
      sum += d;
      square += d * d;
    }
    store<f32>(out, shift + sum * inverse);
    store<f32>(out + PIECES * 16, max<f32>(0, (square - sum * sum * inverse) * unbiased));
    at += <usize>length << 2;
    out += 16;
  }
}

/** Mean and variance of those of `n` pixels that lie within `reach` of `middle`. */
function clippedMoments(at: usize, n: i32, middle: f32, reach: f32, meanAt: usize, varianceAt: usize): void {
  const middles = f32x4.splat(middle);
  const reaches = f32x4.splat(reach);
  let sums = f32x4.splat(0);
  let squares = f32x4.splat(0);
  let counts = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const d = f32x4.sub(v128.load(at + (<usize>i << 2)), middles);
    const inside = f32x4.le(f32x4.abs(d), reaches);
    const kept = v128.and(d, inside);
    sums = f32x4.add(sums, kept);
    squares = f32x4.add(squares, f32x4.mul(kept, kept));
    counts = i32x4.sub(counts, inside);
  }
  let sum = horizontalSum(sums);
  let square = horizontalSum(squares);
  let count = <f32>(
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3)
  );
  for (; i < n; i++) {
    const d = load<f32>(at + (<usize>i << 2)) - middle;
    if (abs<f32>(d) <= reach) {
      sum += d;
      square += d * d;
      count += 1;
    }
  }
  const mean: f32 = count > 0 ? sum / count : 0;
  store<f32>(meanAt, middle + mean);
  store<f32>(varianceAt, count > 1 ? max<f32>(0, (square - sum * mean) / (count - 1)) : 0);
}

@inline function blockEdge(block: i32, blocks: i32, n: i32): i32 {
  return <i32>((<i64>block * n) / blocks);
}

/**
 * Mean and variance of each of `blocks` parts of a row of `n` pixels, of those pixels that lie within 6.5 deviations of the part's
 * middle. Middle and deviation for the cut are medians over sixteen pieces of the part, so that lines in some of the pieces don't
 * move them. Four parts are done at a time.
 */
export function rowMoments(rowAt: usize, n: i32, blocks: i32, meanAt: usize, varianceAt: usize): void {
  const shortest = n / blocks;
  const length = pieceLength(shortest);
  const pieces = min<i32>(PIECES, shortest / length);
  for (let b = 0; b < blocks; b += 4) {
    const lanes = min<i32>(4, blocks - b);
    for (let lane = 0; lane < lanes; lane++) {
      pieceMoments(rowAt + (<usize>blockEdge(b + lane, blocks, n) << 2), length, pieces, <usize>lane);
    }
    const middles = medianOfVectors(piecesAt, pieces);
    const reaches = f32x4.mul(
      f32x4.sqrt(medianOfVectors(piecesAt + PIECES * 16, pieces)),
      f32x4.splat(CLIP),
    );
    v128.store(piecesAt, middles);
    v128.store(piecesAt, reaches, 16);
    for (let lane = 0; lane < lanes; lane++) {
      const start = blockEdge(b + lane, blocks, n);
      const at = <usize>lane << 2;
      clippedMoments(
        rowAt + (<usize>start << 2),
        blockEdge(b + lane + 1, blocks, n) - start,
        load<f32>(piecesAt + at),
        load<f32>(piecesAt + at, 16),
        meanAt + (<usize>(b + lane) << 2),
        varianceAt + (<usize>(b + lane) << 2),
      );
    }
  }
}

/**
 * (x - baseline) * gain in place, both interpolated between the middles of `blocks` equal parts of the row: the baseline by
 * a Catmull-Rom cubic, the gain linearly. Each has two knots more on either side. What isn't finite becomes 0.
 */
export function normaliseRow(rowAt: usize, n: i32, blocks: i32, baselineAt: usize, gainAt: usize): void {
  const length: f32 = <f32>n / <f32>blocks;
  const inverse: f32 = 1 / length;
  const largest = f32x4.splat(1e30);
  const ramp = f32x4(0, 1, 2, 3);
  let channel = 0;
  for (let q = -1; q < blocks; q++) {
    const left: f32 = (<f32>q + 0.5) * length;
    const stop = q == blocks - 1 ? n : min<i32>(n, <i32>ceil<f32>(left + length - 0.5));
    const k = baselineAt + (<usize>(q + 1) << 2);
    const k0 = load<f32>(k);
    const k1 = load<f32>(k + 4);
    const k2 = load<f32>(k + 8);
    const k3 = load<f32>(k + 12);
    const g0 = load<f32>(gainAt + (<usize>(q + 2) << 2));
    const g1 = load<f32>(gainAt + (<usize>(q + 3) << 2));
    const c0 = f32x4.splat(k1);
    const c1 = f32x4.splat(0.5 * (k2 - k0));
    const c2 = f32x4.splat(k0 - 2.5 * k1 + 2 * k2 - 0.5 * k3);
    const c3 = f32x4.splat(0.5 * (k3 - k0) + 1.5 * (k1 - k2));
    const gain = f32x4.splat(g0);
    const gainSlope = f32x4.splat(g1 - g0);
    while (channel < stop) {
      const u = f32x4.mul(
        f32x4.add(f32x4.splat(<f32>channel + 0.5 - left), ramp),
        f32x4.splat(inverse),
      );
      const base = f32x4.add(
        c0,
        f32x4.mul(u, f32x4.add(c1, f32x4.mul(u, f32x4.add(c2, f32x4.mul(u, c3))))),
      );
      const scale = f32x4.add(gain, f32x4.mul(u, gainSlope));
      const at = rowAt + (<usize>channel << 2);
      const z = f32x4.mul(f32x4.sub(v128.load(at), base), scale);
      const clean = v128.and(z, f32x4.lt(f32x4.abs(z), largest));
      const left4 = stop - channel;
      if (left4 >= 4) {
        v128.store(at, clean);
        channel += 4;
      } else {
        store<f32>(at, f32x4.extract_lane(clean, 0));
        if (left4 > 1) store<f32>(at + 4, f32x4.extract_lane(clean, 1));
        if (left4 > 2) store<f32>(at + 8, f32x4.extract_lane(clean, 2));
        channel = stop;
      }
    }
  }
}

/** out[i] = in[i] + in[i + 1] + in[i + 2] for `n` values: boxes of three pixels. */
export function addThree(inAt: usize, outAt: usize, n: i32): void {
  const end = outAt + (<usize>n << 2);
  while (outAt + 16 <= end) {
    v128.store(outAt, f32x4.add(f32x4.add(v128.load(inAt), v128.load(inAt, 4)), v128.load(inAt, 8)));
    inAt += 16;
    outAt += 16;
  }
  while (outAt < end) {
    store<f32>(outAt, load<f32>(inAt) + load<f32>(inAt, 4) + load<f32>(inAt, 8));
    inAt += 4;
    outAt += 4;
  }
}

/** out[i] = in[2 i] + in[2 i + 3] for `n` values: boxes of twice the width, placed twice as far apart. */
export function addTwo(inAt: usize, outAt: usize, n: i32): void {
  const end = outAt + (<usize>n << 2);
  while (outAt + 16 <= end) {
    const a = f32x4.add(v128.load(inAt), v128.load(inAt, 12));
    const b = f32x4.add(v128.load(inAt, 16), v128.load(inAt, 28));
    v128.store(outAt, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
    inAt += 32;
    outAt += 16;
  }
  while (outAt < end) {
    store<f32>(outAt, load<f32>(inAt) + load<f32>(inAt, 12));
    inAt += 8;
    outAt += 4;
  }
}

/**
 * best[i] = the largest over the templates of the sum over `rows` offsets of the float at originAt + 4 i + offset. Offsets are
 * in bytes, `rows` a template, and include the distance between rows. `n` is rounded up to a multiple of 32.
 */
export function bestOverTemplates(
  originAt: usize,
  offsetsAt: usize,
  rows: i32,
  templates: i32,
  bestAt: usize,
  n: i32,
): void {
  const templateBytes = <usize>rows << 2;
  const offsetsEnd = offsetsAt + <usize>templates * templateBytes;
  for (let i = 0; i < n; i += 32) {
    const origin = originAt + (<usize>i << 2);
    const best = bestAt + (<usize>i << 2);
    for (let j: usize = 0; j < 128; j += 16) v128.store(best + j, f32x4.splat(-Infinity));
    let offset = offsetsAt;
    while (offset < offsetsEnd) {
      const end = offset + templateBytes;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let a4 = a0;
      let a5 = a0;
      let a6 = a0;
      let a7 = a0;
      while (offset < end) {
        const at = origin + load<u32>(offset);
        a0 = f32x4.add(a0, v128.load(at));
        a1 = f32x4.add(a1, v128.load(at, 16));
        a2 = f32x4.add(a2, v128.load(at, 32));
        a3 = f32x4.add(a3, v128.load(at, 48));
        a4 = f32x4.add(a4, v128.load(at, 64));
        a5 = f32x4.add(a5, v128.load(at, 80));
        a6 = f32x4.add(a6, v128.load(at, 96));
        a7 = f32x4.add(a7, v128.load(at, 112));
        offset += 4;
      }
      v128.store(best, f32x4.pmax(v128.load(best), a0));
      v128.store(best, f32x4.pmax(v128.load(best, 16), a1), 16);
      v128.store(best, f32x4.pmax(v128.load(best, 32), a2), 32);
      v128.store(best, f32x4.pmax(v128.load(best, 48), a3), 48);
      v128.store(best, f32x4.pmax(v128.load(best, 64), a4), 64);
      v128.store(best, f32x4.pmax(v128.load(best, 80), a5), 80);
      v128.store(best, f32x4.pmax(v128.load(best, 96), a6), 96);
      v128.store(best, f32x4.pmax(v128.load(best, 112), a7), 112);
    }
  }
}

/** out[i] = the sum over `rows` offsets (in bytes) of the float at originAt + 4 i + offset. `n` is rounded up to a multiple of 16. */
export function sumOverRows(originAt: usize, offsetsAt: usize, rows: i32, outAt: usize, n: i32): void {
  const offsetsEnd = offsetsAt + (<usize>rows << 2);
  for (let i = 0; i < n; i += 16) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let offset = offsetsAt; offset < offsetsEnd; offset += 4) {
      const at = originAt + load<u32>(offset);
      a0 = f32x4.add(a0, v128.load(at));
      a1 = f32x4.add(a1, v128.load(at, 16));
      a2 = f32x4.add(a2, v128.load(at, 32));
      a3 = f32x4.add(a3, v128.load(at, 48));
    }
    v128.store(outAt, a0);
    v128.store(outAt, a1, 16);
    v128.store(outAt, a2, 32);
    v128.store(outAt, a3, 48);
    originAt += 64;
    outAt += 64;
  }
}

/** The template with the largest sum at one position. */
export function bestTemplate(originAt: usize, offsetsAt: usize, rows: i32, templates: i32): i32 {
  let best: f32 = -Infinity;
  let index = 0;
  for (let k = 0; k < templates; k++) {
    let sum: f32 = 0;
    for (let t = 0; t < rows; t++) {
      sum += load<f32>(originAt + load<u32>(offsetsAt));
      offsetsAt += 4;
    }
    if (sum > best) {
      best = sum;
      index = k;
    }
  }
  return index;
}

/**
 * S/N of boxes moved along straight paths: for each of `slopes` slopes (channels a row) and `positions` positions (channel at
 * the middle of the rows), the sum over the box of `width` channels nearest to the path in every row, over the root of the
 * number of pixels that aren't 0 (0 marks what is missing). NaN where fewer than half are there.
 */
export function pathGrid(
  originAt: usize,
  rowBytes: usize,
  rows: i32,
  width: i32,
  position: f64,
  positionStep: f64,
  positions: i32,
  slope: f64,
  slopeStep: f64,
  slopes: i32,
  outAt: usize,
): void {
  const middle: f64 = 0.5 * <f64>(rows - 1);
  const toFirst: f64 = 0.5 - 0.5 * <f64>(width - 1);
  const least: f32 = <f32>((rows * width + 1) >> 1);
  // Positions a whole channel apart differ by an address alone: four of them are done at a time.
  let phases = <i32>nearest<f64>(1 / positionStep);
  if (phases < 1 || phases > positions || abs<f64>(<f64>phases * positionStep - 1) > 1e-9) phases = positions;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let s = 0; s < slopes; s++) {
    const perRow = slope + <f64>s * slopeStep;
    for (let phase = 0; phase < phases; phase++) {
      const start = position + <f64>phase * positionStep - perRow * middle + toFirst;
      for (let p = phase; p < positions; p += 4 * phases) {
        const shift = <usize>((p - phase) / phases) << 2;
        let path = start;
        let row = originAt + shift;
        let sums = zero;
        let counts = zero;
        for (let t = 0; t < rows; t++) {
          let at = row + (<isize>floor<f64>(path) << 2);
          for (let c = 0; c < width; c++) {
            const values = v128.load(at);
            sums = f32x4.add(sums, values);
            counts = f32x4.add(counts, v128.and(one, f32x4.ne(values, zero)));
            at += 4;
          }
          path += perRow;
          row += rowBytes;
        }
        const snrs = v128.bitselect(
          f32x4.div(sums, f32x4.sqrt(counts)),
          f32x4.splat(NaN),
          f32x4.ge(counts, f32x4.splat(least)),
        );
        const out = outAt + (<usize>p << 2);
        const stride = <usize>phases << 2;
        store<f32>(out, f32x4.extract_lane(snrs, 0));
        if (p + phases < positions) store<f32>(out + stride, f32x4.extract_lane(snrs, 1));
        if (p + 2 * phases < positions) store<f32>(out + 2 * stride, f32x4.extract_lane(snrs, 2));
        if (p + 3 * phases < positions) store<f32>(out + 3 * stride, f32x4.extract_lane(snrs, 3));
      }
    }
    outAt += <usize>positions << 2;
  }
}
