import { madd } from "./simd";

/** 12 * 16 * `rounds` vectors' multiply-adds without memory: the most that a core can do. The sums go to 64 bytes at `out`. */
export function peak(out: usize, rounds: i32): void {
  let a = f32x4.splat(1);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  let i = a;
  let j = a;
  let k = a;
  let l = a;
  const x = v128.load(out);
  const y = v128.load(out, 16);
  for (let n = 16 * rounds; n > 0; n--) {
    a = madd(x, a, y);
    b = madd(x, b, y);
    c = madd(x, c, y);
    d = madd(x, d, y);
    e = madd(x, e, y);
    f = madd(x, f, y);
    g = madd(x, g, y);
    h = madd(x, h, y);
    i = madd(x, i, y);
    j = madd(x, j, y);
    k = madd(x, k, y);
    l = madd(x, l, y);
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  v128.store(out, f32x4.add(a, f32x4.add(f32x4.add(i, j), f32x4.add(k, l))), 32);
}
