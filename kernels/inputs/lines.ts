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
 * of the means over channels `near` to `far` on either side; at least `least`. Pixels [panels * rows, channels] are clipped to `low` and `high`; a panel's
 * first `perPanel` blocks count. `paddedAt` holds blockRows padded rows, `sumsAt` one.
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
  far: i32,
  low: f32,
  high: f32,
  gain: f32,
  least: f32,
  paddedAt: usize,
  sumsAt: usize,
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
      contrast(sumsAt + first, near, far, least, bytes, rowOf(volumeAt, drift, block, blocks, width) + first);
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

@inline function contrast(sums: usize, near: i32, far: i32, least: f32, bytes: usize, out: usize): void {
  const share = f32x4.splat(<f32>1 / <f32>(far - near + 1));
  for (let at: usize = 0; at < bytes; at += 16) {
    let left = f32x4.splat(0);
    let right = f32x4.splat(0);
    for (let k = near; k <= far; k++) {
      left = f32x4.add(left, v128.load(sums + at - <usize>(k << 2)));
      right = f32x4.add(right, v128.load(sums + at + <usize>(k << 2)));
    }
    const over = f32x4.sub(v128.load(sums + at), f32x4.mul(share, f32x4.pmin(left, right)));
    v128.store(out + at, f32x4.pmax(f32x4.splat(least), over));
  }
}

/**
 * The sums, each with the best of `earlier` one block before it (`direction` -1) or after it (1): at the same drift, or a drift beside it
 * less `penalty`. `shifts` [drifts, 3] are the channels that a line moves in a block between the drift below, the same and the one
 * above, and a drift. A panel's first block (its last, in the other direction) stays as it is.
 */
export function bestBefore(
  volumeAt: usize,
  earlierAt: usize,
  outAt: usize,
  direction: i32,
  perPanel: i32,
  blocks: i32,
  channels: i32,
  drifts: i32,
  margin: i32,
  shiftsAt: usize,
  penalty: f32,
): void {
  const width = channels + 2 * margin;
  const bytes = <usize>(channels << 2);
  const first = <usize>(margin << 2);
  const cost = f32x4.splat(penalty);
  memory.fill(outAt, 0, <usize>(drifts * blocks * width * 4));
  for (let drift = 0; drift < drifts; drift++) {
    const below = drift > 0 ? drift - 1 : drift;
    const above = drift < drifts - 1 ? drift + 1 : drift;
    const shifts = shiftsAt + <usize>(drift * 12);
    for (let block = 0; block < blocks; block++) {
      const own = rowOf(volumeAt, drift, block, blocks, width) + first;
      const out = rowOf(outAt, drift, block, blocks, width) + first;
      const other = block + direction;
      if (other < 0 || other >= blocks || other / perPanel !== block / perPanel) {
        memory.copy(out, own, bytes);
        continue;
      }
      const same = rowOf(earlierAt, drift, other, blocks, width) + first + <usize>((direction * load<i32>(shifts, 4)) << 2);
      const lower = rowOf(earlierAt, below, other, blocks, width) + first + <usize>((direction * load<i32>(shifts)) << 2);
      const upper = rowOf(earlierAt, above, other, blocks, width) + first + <usize>((direction * load<i32>(shifts, 8)) << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const beside = f32x4.sub(f32x4.pmax(v128.load(lower + at), v128.load(upper + at)), cost);
        v128.store(out + at, f32x4.add(v128.load(own + at), f32x4.pmax(v128.load(same + at), beside)));
      }
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
