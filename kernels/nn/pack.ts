/**
 * Weights as the products of gemm.ts read them: panels of eight columns, [n/8][depth][8], the last one [depth][4] where four columns are left.
 * `forward`: depth (ky, kx, channel), columns output channels. `backward`: depth output channels, columns (ky, kx, channel).
 */

import { denseGroups, padded, share } from "./conv-size";

@unmanaged
class PackConvArgs {
  w: usize;
  forward: usize;
  backward: usize;
  c: i32;
  k: i32;
  kh: i32;
  kw: i32;
  groups: i32;
}

/** w[k][c][tap] of the weights as if there were no groups: 0 between groups and past the last channel. */
// @ts-ignore: decorator
@inline
function weightAt(w: usize, kGroup: i32, cGroup: i32, groups: i32, taps: i32, k: i32, c: i32, tap: i32): f32 {
  const group = k / kGroup;
  const inside = c - group * cGroup;
  if (group >= groups || inside < 0 || inside >= cGroup) return 0;
  return load<f32>(w + (<usize>((k * cGroup + inside) * taps + tap) << 2));
}

/** The four output channels from k on of a 1x1 weight, all inside: their c-th values as four vectors' transpose. */
function packPointwiseForward(w: usize, c: i32, column: i32, width: i32, out: usize): void {
  const row = <usize>c << 2;
  for (let half = 0; half < width; half += 4) {
    const w0 = w + <usize>(column + half) * row;
    const w1 = w0 + row;
    const w2 = w1 + row;
    const w3 = w2 + row;
    let at = out + (<usize>half << 2);
    const step = <usize>width << 2;
    for (let i: usize = 0; i < row; i += 16) {
      const a = v128.load(w0 + i);
      const b = v128.load(w1 + i);
      const d = v128.load(w2 + i);
      const e = v128.load(w3 + i);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const de = v128.shuffle<f32>(d, e, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const deHigh = v128.shuffle<f32>(d, e, 2, 6, 3, 7);
      v128.store(at, v128.shuffle<f32>(ab, de, 0, 1, 4, 5));
      v128.store(at + step, v128.shuffle<f32>(ab, de, 2, 3, 6, 7));
      v128.store(at + 2 * step, v128.shuffle<f32>(abHigh, deHigh, 0, 1, 4, 5));
      v128.store(at + 3 * step, v128.shuffle<f32>(abHigh, deHigh, 2, 3, 6, 7));
      at += 4 * step;
    }
  }
}

function packPointwiseBackward(w: usize, c: i32, k: i32, column: i32, width: i32, out: usize): void {
  let from = w + (<usize>column << 2);
  for (let i = 0; i < k; i++) {
    v128.store(out, v128.load(from));
    if (width == 8) v128.store(out, v128.load(from, 16), 16);
    out += <usize>width << 2;
    from += <usize>c << 2;
  }
}

export function packConv(args: usize, thread: i32, threads: i32, scratch: usize, shared: usize): void {
  const a = changetype<PackConvArgs>(args);
  const taps = a.kh * a.kw;
  const groups = denseGroups(a.groups, a.c, a.k);
  const kGroup = a.k / a.groups;
  const cGroup = a.c / a.groups;
  const kd = groups == 1 ? padded(a.k) : kGroup;
  const cd = groups == 1 ? padded(a.c) : cGroup;
  const depth = taps * cd;
  const plain = taps == 1 && a.groups == 1 && ((a.c | a.k) & 3) == 0;
  const panels = (kd + 7) >> 3;
  if (a.forward) {
    for (let i = share(groups * panels, thread, threads); i < share(groups * panels, thread + 1, threads); i++) {
      const group = i / panels;
      const column = (i - group * panels) << 3;
      const width = min(8, kd - column);
      let out = a.forward + (<usize>(group * kd + column) * <usize>depth << 2);
      if (plain) {
        packPointwiseForward(a.w, a.c, column, width, out);
        continue;
      }
      for (let tap = 0; tap < taps; tap++) {
        for (let c = group * cd; c < (group + 1) * cd; c++) {
          for (let k = group * kd + column; k < group * kd + column + width; k++) {
            store<f32>(out, weightAt(a.w, kGroup, cGroup, a.groups, taps, k, c, tap));
            out += 4;
          }
        }
      }
    }
  }
  if (!a.backward) return;
  const backPanels = (depth + 7) >> 3;
  for (
    let i = share(groups * backPanels, thread, threads);
    i < share(groups * backPanels, thread + 1, threads);
    i++
  ) {
    const group = i / backPanels;
    const column = (i - group * backPanels) << 3;
    const width = min(8, depth - column);
    let out = a.backward + ((<usize>group * <usize>depth + <usize>column) * <usize>kd << 2);
    if (plain) {
      packPointwiseBackward(a.w, a.c, a.k, column, width, out);
      continue;
    }
    for (let k = group * kd; k < (group + 1) * kd; k++) {
      for (let j = column; j < column + width; j++) {
        const tap = j / cd;
        const c = group * cd + j - tap * cd;
        store<f32>(out, weightAt(a.w, kGroup, cGroup, a.groups, taps, k, c, tap));
        out += 4;
      }
    }
  }
}
