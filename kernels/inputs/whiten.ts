/** Whitens a cadence's panels: rows of float32, `lanes` of them a multiple of four. The memory: src/learn/inputs/whiten.ts. */

/** Halvings of the bracket about a median: to a 4,096th of two standard deviations. */
const HALVINGS: i32 = 12;

@inline function clamp(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmax(low, f32x4.pmin(high, v));
}

/**
 * Medians over `rows` rows of each of `lanes` columns, by halving a bracket: a median lies within one standard deviation of the mean
 * (Hotelling and Solomons 1932), and between 0 and twice the mean of what has no sign. `magnitudes`: of absolute values.
 */
export function medians(sourceAt: usize, rows: i32, lanes: i32, magnitudes: bool, outAt: usize): void {
  const stride = <usize>(lanes << 2);
  const half = f32x4.splat(<f32>rows * 0.5);
  const perRow = f32x4.splat(<f32>1 / <f32>rows);
  const one = f32x4.splat(1);
  const mask = magnitudes ? i32x4.splat(0x7fffffff) : i32x4.splat(-1);
  for (let lane: usize = 0; lane < stride; lane += 16) {
    const first = sourceAt + lane;
    let sum = f32x4.splat(0);
    for (let row = 0, at = first; row < rows; row++, at += stride) sum = f32x4.add(sum, v128.and(mask, v128.load(at)));
    const mean = f32x4.mul(sum, perRow);
    let low = f32x4.splat(0);
    let high = f32x4.add(mean, mean);
    if (!magnitudes) {
      let squares = f32x4.splat(0);
      for (let row = 0, at = first; row < rows; row++, at += stride) {
        const offset = f32x4.sub(v128.load(at), mean);
        squares = f32x4.add(squares, f32x4.mul(offset, offset));
      }
      const deviation = f32x4.sqrt(f32x4.mul(squares, perRow));
      low = f32x4.sub(mean, deviation);
      high = f32x4.add(mean, deviation);
    }
    for (let i = 0; i < HALVINGS; i++) {
      const middle = f32x4.mul(f32x4.splat(0.5), f32x4.add(low, high));
      let below = f32x4.splat(0);
      for (let row = 0, at = first; row < rows; row++, at += stride) {
        below = f32x4.add(below, v128.and(one, f32x4.lt(v128.and(mask, v128.load(at)), middle)));
      }
      const up = f32x4.lt(below, half);
      low = v128.bitselect(middle, low, up);
      high = v128.bitselect(high, middle, up);
    }
    v128.store(outAt + lane, f32x4.mul(f32x4.splat(0.5), f32x4.add(low, high)));
  }
}

@inline function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/**
 * Takes an offset and a multiple of the band's `profile` out of each row. Both are fitted with weights that fall with the square of
 * the residual past two deviations, in `rounds` rounds; the fit sees the profile clipped at `clip`. `ridge` pulls the multiple to 1.
 */
export function removeProfile(
  sourceAt: usize,
  rows: i32,
  lanes: i32,
  profileAt: usize,
  clip: f32,
  ridge: f32,
  rounds: i32,
  outAt: usize,
): void {
  const bytes = <usize>(lanes << 2);
  const low = f32x4.splat(-clip);
  const high = f32x4.splat(clip);
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    const x = sourceAt + <usize>row * bytes;
    let offset: f32 = 0;
    let slope: f32 = 1;
    let limit: f32 = f32.MAX_VALUE;
    for (let round = 0; round < rounds; round++) {
      const a = f32x4.splat(offset);
      const b = f32x4.splat(slope);
      const bound = f32x4.splat(limit);
      let w = f32x4.splat(0);
      let wp = w;
      let wx = w;
      let wpp = w;
      let wpx = w;
      let wr = w;
      for (let at: usize = 0; at < bytes; at += 16) {
        const p = clamp(v128.load(profileAt + at), low, high);
        const value = v128.load(x + at);
        const residual = f32x4.abs(f32x4.sub(value, f32x4.add(a, f32x4.mul(b, p))));
        const share = f32x4.pmin(one, f32x4.div(bound, residual));
        const weight = f32x4.mul(share, share);
        w = f32x4.add(w, weight);
        wr = f32x4.add(wr, f32x4.mul(weight, residual));
        const weighted = f32x4.mul(weight, p);
        wp = f32x4.add(wp, weighted);
        wx = f32x4.add(wx, f32x4.mul(weight, value));
        wpp = f32x4.add(wpp, f32x4.mul(weighted, p));
        wpx = f32x4.add(wpx, f32x4.mul(weighted, value));
      }
      const weights = total(w);
      const meanP = total(wp) / weights;
      const meanX = total(wx) / weights;
      slope = (total(wpx) - weights * meanP * meanX + ridge) / (total(wpp) - weights * meanP * meanP + ridge);
      offset = meanX - slope * meanP;
      // The mean size of what is normal is 0.8 deviations.
      if (round > 0) limit = 2.5 * (total(wr) / weights) + f32.MIN_NORMAL_VALUE;
      else limit = meanResidual(x, bytes, profileAt, clip, offset, slope) * 2.5 + f32.MIN_NORMAL_VALUE;
    }
    const a = f32x4.splat(offset);
    const b = f32x4.splat(slope);
    const out = outAt + <usize>row * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(out + at, f32x4.sub(v128.load(x + at), f32x4.add(a, f32x4.mul(b, v128.load(profileAt + at)))));
    }
  }
}

function meanResidual(x: usize, bytes: usize, profileAt: usize, clip: f32, offset: f32, slope: f32): f32 {
  const a = f32x4.splat(offset);
  const b = f32x4.splat(slope);
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = clamp(v128.load(profileAt + at), f32x4.splat(-clip), f32x4.splat(clip));
    sum = f32x4.add(sum, f32x4.abs(f32x4.sub(v128.load(x + at), f32x4.add(a, f32x4.mul(b, p)))));
  }
  return total(sum) / <f32>(bytes >> 2);
}

/** x = (x - centre[lane]) * gain[lane], in place. */
export function scaleColumns(at: usize, rows: i32, lanes: i32, centreAt: usize, gainAt: usize): void {
  const bytes = <usize>(lanes << 2);
  for (let row = 0; row < rows; row++, at += bytes) {
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const offset = f32x4.sub(v128.load(at + lane), v128.load(centreAt + lane));
      v128.store(at + lane, f32x4.mul(offset, v128.load(gainAt + lane)));
    }
  }
}

/** The panel the other way round: `lanes` rows of `across` values, of which those past `rows` are 0. */
export function transpose(sourceAt: usize, rows: i32, lanes: i32, across: i32, outAt: usize): void {
  memory.fill(outAt, 0, <usize>(lanes * across * 4));
  for (let row = 0; row < rows; row++) {
    for (let lane = 0; lane < lanes; lane++) {
      store<f32>(outAt + <usize>((lane * across + row) << 2), load<f32>(sourceAt + <usize>((row * lanes + lane) << 2)));
    }
  }
}
