/**
 * Evidence of lines. A volume holds float32 [drifts, blocks, width]: `channels` of them `margin` from either end, zeros outside, both
 * multiples of four. The memory: src/learn/inputs/line-evidence.ts.
 */

@inline function clamp(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmax(low, f32x4.pmin(high, v));
}

@inline function rowOf(volumeAt: usize, drift: i32, block: i32, blocks: i32, width: i32): usize {
  return volumeAt + <usize>((drift * blocks + block) * width * 4);
}

/**
 * Sums of `blockRows` pixels along each drift's channel offsets [drifts, blockRows], times `gain`, less what lies beside them: the lower
 * of the means over eight channels from `near` on either side; at least `least`. Pixels [panels * rows, channels] are clipped to `low` and `high`; a panel's
 * first `perPanel` blocks count. `paddedAt` holds blockRows padded rows, `sumsAt` and `flanksAt` one.
 */
export function blockSums(
  pixelsAt: usize,
  panels: i32,
  rows: i32,
  channels: i32,
  blockRows: i32,
  perPanel: i32,
  drifts: i32,
  offsetsAt: usize,
  margin: i32,
  near: i32,
  low: f32,
  high: f32,
  gain: f32,
  least: f32,
  paddedAt: usize,
  sumsAt: usize,
  flanksAt: usize,
  volumeAt: usize,
): void {
  const width = channels + 2 * margin;
  const blocks = panels * perPanel;
  const bytes = <usize>(channels << 2);
  const first = <usize>(margin << 2);
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  memory.fill(paddedAt, 0, <usize>(blockRows * width * 4));
  memory.fill(sumsAt, 0, <usize>(width * 4));
  memory.fill(volumeAt, 0, <usize>(drifts * blocks * width * 4));
  for (let block = 0; block < blocks; block++) {
    const row = (block / perPanel) * rows + (block % perPanel) * blockRows;
    for (let t = 0; t < blockRows; t++) {
      const source = pixelsAt + <usize>(row + t) * bytes;
      const target = paddedAt + <usize>(t * width * 4) + first;
      for (let at: usize = 0; at < bytes; at += 16) v128.store(target + at, clamp(v128.load(source + at), lowest, highest));
    }
    for (let drift = 0; drift < drifts; drift++) {
      sumAlong(paddedAt + first, width, blockRows, offsetsAt + <usize>(drift * blockRows * 4), gain, bytes, sumsAt + first);
      contrast(sumsAt + first, near, least, channels, margin, flanksAt + first, rowOf(volumeAt, drift, block, blocks, width) + first);
    }
  }
}

@inline function sumAlong(
  padded: usize,
  width: i32,
  blockRows: i32,
  offsetsAt: usize,
  gain: f32,
  bytes: usize,
  out: usize,
): void {
  const scale = f32x4.splat(gain);
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let t = 0; t < blockRows; t++) {
      sum = f32x4.add(sum, v128.load(padded + <usize>((t * width + load<i32>(offsetsAt + <usize>(t << 2))) << 2) + at));
    }
    v128.store(out + at, f32x4.mul(sum, scale));
  }
}

/** Less the lower of the means over the eight channels from `near` on either side. `flanks` has room for a padded row. */
@inline function contrast(
  sums: usize,
  near: i32,
  least: f32,
  channels: i32,
  margin: i32,
  flanks: usize,
  out: usize,
): void {
  sumEights(sums, channels, margin, flanks);
  const share = f32x4.splat(0.125);
  const lowest = f32x4.splat(least);
  const toLeft = <usize>((near + 7) << 2);
  const toRight = <usize>(near << 2);
  for (let at: usize = 0; at < <usize>(channels << 2); at += 16) {
    const lower = f32x4.pmin(v128.load(flanks + at - toLeft), v128.load(flanks + at + toRight));
    v128.store(out + at, f32x4.pmax(lowest, f32x4.sub(v128.load(sums + at), f32x4.mul(share, lower))));
  }
}

/** At each place the sum of eight numbers from there on, of a padded row whose band begins at `from`. */
@inline function sumEights(from: usize, channels: i32, margin: i32, into: usize): void {
  const start = -<isize>(margin << 2);
  const end = <isize>((channels + margin - 8) << 2);
  addShifted(from, start, end, 4, into);
  addShifted(into, start, end, 8, into);
  addShifted(into, start, end, 16, into);
}

@inline function addShifted(from: usize, start: isize, end: isize, step: usize, into: usize): void {
  for (let at = start; at < end; at += 16) {
    v128.store(into + at, f32x4.add(v128.load(from + at), v128.load(from + at + step)));
  }
}

/**
 * Adds up along lines: each place's sum, and `keep` times the most that leads there from the block before (`direction` -1) or after (1), at
 * the same drift or, less `changeCost`, a drift beside it; less `stepCost` a channel beside. `shifts` [drifts, 3] are the channels that a line
 * moves in a block between the drift below, the same and the one above, and a drift. A panel's first block (its last, in the other direction) stays
 * as it is. `steppedAt` holds a padded row for each drift.
 */
export function follow(
  volumeAt: usize,
  outAt: usize,
  direction: i32,
  perPanel: i32,
  blocks: i32,
  channels: i32,
  drifts: i32,
  margin: i32,
  shiftsAt: usize,
  keep: f32,
  changeCost: f32,
  stepCost: f32,
  steppedAt: usize,
): void {
  const width = channels + 2 * margin;
  const bytes = <usize>(channels << 2);
  const first = <usize>(margin << 2);
  const kept = f32x4.splat(keep);
  const cost = f32x4.splat(changeCost);
  memory.fill(outAt, 0, <usize>(drifts * blocks * width * 4));
  memory.fill(steppedAt, 0, <usize>(drifts * width * 4));
  for (let n = 0; n < blocks; n++) {
    const block = direction < 0 ? n : blocks - 1 - n;
    const other = block + direction;
    const alone = other < 0 || other >= blocks || other / perPanel !== block / perPanel;
    if (!alone) stepAside(outAt, other, blocks, channels, drifts, margin, stepCost, steppedAt);
    for (let drift = 0; drift < drifts; drift++) {
      const own = rowOf(volumeAt, drift, block, blocks, width) + first;
      const out = rowOf(outAt, drift, block, blocks, width) + first;
      if (alone) {
        memory.copy(out, own, bytes);
        continue;
      }
      const below = drift > 0 ? drift - 1 : drift;
      const above = drift < drifts - 1 ? drift + 1 : drift;
      const shifts = shiftsAt + <usize>(drift * 12);
      const same = rowOf(steppedAt, drift, 0, 1, width) + first + <usize>((direction * load<i32>(shifts, 4)) << 2);
      const lower = rowOf(steppedAt, below, 0, 1, width) + first + <usize>((direction * load<i32>(shifts)) << 2);
      const upper = rowOf(steppedAt, above, 0, 1, width) + first + <usize>((direction * load<i32>(shifts, 8)) << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const beside = f32x4.sub(f32x4.pmax(v128.load(lower + at), v128.load(upper + at)), cost);
        const most = f32x4.pmax(v128.load(same + at), beside);
        v128.store(out + at, f32x4.add(v128.load(own + at), f32x4.mul(kept, most)));
      }
    }
  }
}

/** Of each drift's row of a block, the most at each place or, less `cost`, a channel beside it. */
@inline function stepAside(
  volumeAt: usize,
  block: i32,
  blocks: i32,
  channels: i32,
  drifts: i32,
  margin: i32,
  cost: f32,
  steppedAt: usize,
): void {
  const width = channels + 2 * margin;
  const less = f32x4.splat(cost);
  for (let drift = 0; drift < drifts; drift++) {
    const from = rowOf(volumeAt, drift, block, blocks, width);
    const to = rowOf(steppedAt, drift, 0, 1, width);
    for (let at: usize = 16; at < <usize>((width - 4) << 2); at += 16) {
      const beside = f32x4.pmax(v128.load(from + at - 4), v128.load(from + at + 4));
      v128.store(to + at, f32x4.pmax(v128.load(from + at), f32x4.sub(beside, less)));
    }
  }
}

/** The largest of the numbers up to `reach` to either side of each; there must be as many before the first and after the last. */
export function largestNearby(sourceAt: usize, channels: i32, reach: i32, outAt: usize): void {
  for (let at: usize = 0; at < <usize>(channels << 2); at += 16) {
    let most = v128.load(sourceAt + at);
    for (let k = 1; k <= reach; k++) {
      const step = <usize>(k << 2);
      most = f32x4.pmax(most, f32x4.pmax(v128.load(sourceAt + at - step), v128.load(sourceAt + at + step)));
    }
    v128.store(outAt + at, most);
  }
}

/** What paths before and after add up at each place of a row, times `gain`: its own sum counts once. */
export function joinPaths(
  ownAt: usize,
  beforeAt: usize,
  afterAt: usize,
  gain: f32,
  channels: i32,
  outAt: usize,
): void {
  const scale = f32x4.splat(gain);
  for (let at: usize = 0; at < <usize>(channels << 2); at += 16) {
    const both = f32x4.add(v128.load(beforeAt + at), v128.load(afterAt + at));
    v128.store(outAt + at, f32x4.mul(scale, f32x4.sub(both, v128.load(ownAt + at))));
  }
}

/** The largest of two rows at each place. */
export function larger(aAt: usize, bAt: usize, channels: i32, outAt: usize): void {
  for (let at: usize = 0; at < <usize>(channels << 2); at += 16) {
    v128.store(outAt + at, f32x4.pmax(v128.load(aAt + at), v128.load(bAt + at)));
  }
}

/** The larger (or, with `lesser`, the smaller) of two rows at each place, less `offset`, compressed. */
export function compress(
  aAt: usize,
  bAt: usize,
  lesser: boolean,
  offset: f32,
  channels: i32,
  outAt: usize,
): void {
  const less = f32x4.splat(offset);
  for (let at: usize = 0; at < <usize>(channels << 2); at += 16) {
    const a = v128.load(aAt + at);
    const b = v128.load(bAt + at);
    v128.store(outAt + at, compressed(f32x4.sub(lesser ? f32x4.pmin(a, b) : f32x4.pmax(a, b), less)));
  }
}

/** Half, and past 1 in size by the root, so that the brightest lines don't rule a network's first layer. */
@inline function compressed(value: v128): v128 {
  const one = f32x4.splat(1);
  const half = f32x4.mul(value, f32x4.splat(0.5));
  const size = f32x4.abs(half);
  const root = f32x4.sub(f32x4.mul(f32x4.splat(2), f32x4.sqrt(size)), one);
  const signed = v128.bitselect(half, root, f32x4.splat(-0.0));
  return v128.bitselect(signed, half, f32x4.gt(size, one));
}
