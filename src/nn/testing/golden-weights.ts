/**
 * Weights, images and fingerprints by formula: the twin of scripts/golden/make_nn.py, whose docstring states the formulas. The golden
 * files hold what PyTorch computes from these, so they need not hold the weights. Both sides agree bit for bit.
 */

const KEPT_WHOLE = 512;
const SAMPLES = 64;

/** What a golden file keeps of an array: its L2 norm, four dot products with random signs, and some or all of its elements. */
export interface Fingerprint {
  readonly norm: number;
  readonly dots: readonly number[];
  /** base64 of little-endian float32: all elements up to 512, else 64 chosen by formula. */
  readonly values?: string;
}

export interface GoldenBatch {
  /** [n, c, h, w], row-major. */
  readonly images: Float32Array;
  /** [n, 1], 0 or 1. */
  readonly targets: Float32Array;
}

function seed(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value;
}

function hash(start: number, index: number): number {
  let x = (start + Math.imul(index, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function uniform(start: number, index: number): number {
  return (hash(start, index) >>> 8) / 2 ** 23 - 1;
}

/** The initial value of the parameter or buffer `name` (timm's and PyTorch's names), row-major. */
export function goldenParameter(name: string, shape: readonly number[]): Float32Array {
  const start = seed(name);
  let base = 0;
  let scale = 0.1;
  if (shape.length > 1) scale = Math.sqrt(7 / shape.slice(1).reduce((a, b) => a * b, 1));
  else if (name.endsWith("running_var")) [base, scale] = [1, 0.5];
  else if (name.endsWith("weight")) base = 1;
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let j = 0; j < values.length; j++) values[j] = base + scale * uniform(start, j);
  return values;
}

/** Batch `number`: noise, and in the even channels of the odd images, whose target is 1, a slanted line. */
export function goldenBatch(number: number, shape: readonly [number, number, number, number]): GoldenBatch {
  const [n, c, h, w] = shape;
  const noise = seed(`images.${number}`);
  const images = new Float32Array(n * c * h * w);
  for (let j = 0; j < images.length; j++) images[j] = uniform(noise, j);
  for (let image = 1; image < n; image += 2) {
    const start = hash(seed(`starts.${number}`), image) % w;
    const slope = (hash(seed(`slopes.${number}`), image) % 17) - 8;
    for (let channel = 0; channel < c; channel += 2) {
      for (let row = 0; row < h; row++) {
        const column = (((start + Math.floor((row * slope) / 8)) % w) + w) % w;
        images[((image * c + channel) * h + row) * w + column]! += 2;
      }
    }
  }
  return { images, targets: Float32Array.from({ length: n }, (_, image) => image % 2) };
}

function signedSum(start: number, bit: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++) sum += (hash(start, j) >>> bit) & 1 ? values[j]! : -values[j]!;
  return sum;
}

function kept(name: string, values: ArrayLike<number>): Float32Array {
  if (values.length <= KEPT_WHOLE) return Float32Array.from(values);
  const start = seed(`${name}#samples`);
  return Float32Array.from({ length: SAMPLES }, (_, i) => values[hash(start, i) % values.length]!);
}

/** The fingerprint of the array `name`, as the golden files hold it. */
export function goldenFingerprint(name: string, values: ArrayLike<number>): Required<Fingerprint> {
  const start = seed(`${name}#signs`);
  let squares = 0;
  for (let j = 0; j < values.length; j++) squares += values[j]! ** 2;
  return {
    norm: Math.sqrt(squares),
    dots: [0, 1, 2, 3].map((bit) => signedSum(start, bit, values)),
    values: btoa(String.fromCharCode(...new Uint8Array(kept(name, values).buffer))),
  };
}

function decode(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
}

/**
 * How far `values` lie from the array that `golden` was taken of: an estimate of the L2 norm of the difference. It is the largest of the
 * norms' difference, the root mean square of the dots' (which for an error spread at random over all elements is its norm)
 * and that of the elements kept, scaled to all. Exact where all elements are kept.
 */
export function goldenDistance(name: string, values: ArrayLike<number>, golden: Fingerprint): number {
  const ours = goldenFingerprint(name, values);
  const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    if (a.length !== b.length)
      throw new Error(`${name}: ${a.length} kept elements, but the golden file has ${b.length}.`);
    let squares = 0;
    for (let j = 0; j < a.length; j++) squares += (a[j]! - b[j]!) ** 2;
    return Math.sqrt(squares);
  };
  const parts = [Math.abs(ours.norm - golden.norm), apart(ours.dots, golden.dots) / 2];
  if (golden.values !== undefined) {
    const sample = decode(golden.values);
    const elements =
      apart(kept(name, values), sample) * Math.sqrt(values.length / Math.max(1, sample.length));
    if (values.length <= KEPT_WHOLE) return elements;
    parts.push(elements);
  }
  // A NaN anywhere stays a NaN here.
  return Math.max(...parts);
}

/** The same for a whole set of arrays: the relative L2 distance over all of them together. Names every array that one side lacks. */
export function goldenRelativeDistance(
  arrays: ReadonlyMap<string, ArrayLike<number>>,
  golden: Readonly<Record<string, Fingerprint>>,
): number {
  const names = Object.keys(golden);
  const odd = [
    ...names.filter((name) => !arrays.has(name)),
    ...[...arrays.keys()].filter((name) => !golden[name]),
  ];
  if (odd.length > 0) throw new Error(`Only one side has ${odd.join(", ")}.`);
  const distances = names.map((name) => goldenDistance(name, arrays.get(name)!, golden[name]!));
  return Math.hypot(...distances) / Math.hypot(...names.map((name) => golden[name]!.norm));
}
