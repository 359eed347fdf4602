/** IEEE 754 half precision: JavaScript has arrays of it from Node 24 on only. */

let table: Float32Array | undefined;

/** The value of each of the 65,536 bit patterns. */
export function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => decodeFloat16(bits));
  return table;
}

function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const probe = new DataView(new ArrayBuffer(8));

/** The nearest half to a number, ties to the even one; past 65,519 infinity, as in NumPy. */
export function encodeFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65_520) return sign | 0x7c00;
  probe.setFloat64(0, size);
  const exponent = Math.max(-14, ((probe.getUint32(0) >> 20) & 0x7ff) - 1023);
  const step = 2 ** (exponent - 10);
  // Adding 1.5 * 2^52 leaves no bits for a fraction, so the sum is rounded to whole steps, ties to even.
  const steps = size / step + 6_755_399_441_055_744 - 6_755_399_441_055_744;
  return sign | (((exponent + 14) << 10) + steps);
}

/**
 * The nearest halves to many numbers, into `out`, as long as `values`: some ten times as fast as one by one. The same as
 * `encodeFloat16` for every value.
 */
export function encodeFloat16s(values: Float32Array, out: Uint16Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const size = word & 0x7fffffff;
    if (size < 0x38800000 || size >= 0x47800000) {
      // Below the least normal half, or past the largest.
      out[i] = size === 0 ? word >>> 16 : encodeFloat16(values[i]!);
      continue;
    }
    // Half of the last kept place, less one where that place is even: ties go to the even one. A carry raises the exponent.
    const rounded = size + 0xfff + ((size >>> 13) & 1);
    out[i] = ((word >>> 16) & 0x8000) | ((rounded - 0x38000000) >>> 13);
  }
}
