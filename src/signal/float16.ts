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
