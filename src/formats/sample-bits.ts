/** Packed samples of 1 to 32 bits to float32. Little-endian, as this machine is: JavaScript runs on no other now. */

/** How SIGPROC stores a sample: 1, 2, 4 bits unsigned, 8 and 16 unsigned or signed, 32 float. */
export type SampleDecoder = (
  bytes: Uint8Array,
  at: number,
  out: Float32Array,
  to: number,
  count: number,
) => void;

/**
 * The decoder that writes `count` samples, from sample `at` of `bytes`, to `out[to...]`. Samples of 16 bits must be aligned. Below 8 bits the first sample lies
 * in the lowest bits of a byte: so SIGPROC packs them (read_block.c and pack_unpack.c of github.com/SixByNine/sigproc); and
 * a Parkes recording kept at 8 and at 2 bits agrees with itself in this order alone.
 */
export function sampleDecoder(nbits: number, signed: boolean): SampleDecoder {
  switch (nbits) {
    case 1:
      return packedDecoder(1, decodeBytes1);
    case 2:
      return packedDecoder(2, decodeBytes2);
    case 4:
      return packedDecoder(4, decodeBytes4);
    case 8:
      return signed ? decodeInt8 : decodeUint8;
    case 16:
      return signed ? decodeInt16 : decodeUint16;
    case 32:
      return decodeFloat32;
    default:
      throw new RangeError(`samples of ${nbits} bits`);
  }
}

type WholeBytesDecoder = (
  bytes: Uint8Array,
  firstByte: number,
  lastByte: number,
  out: Float32Array,
  to: number,
) => void;

/** Whole bytes go through `decodeBytes`; samples of a byte that the range cuts, one by one. */
function packedDecoder(nbits: 1 | 2 | 4, decodeBytes: WholeBytesDecoder): SampleDecoder {
  const perByte = 8 / nbits;
  const mask = (1 << nbits) - 1;
  const one = (bytes: Uint8Array, sample: number) =>
    (bytes[Math.floor(sample / perByte)]! >> ((sample % perByte) * nbits)) & mask;

  return (bytes, at, out, to, count) => {
    const end = at + count;
    const head = Math.min(end, Math.ceil(at / perByte) * perByte);
    const whole = Math.max(head, Math.floor(end / perByte) * perByte);
    const shift = to - at;
    for (let i = at; i < head; i++) out[shift + i] = one(bytes, i);
    decodeBytes(bytes, head / perByte, whole / perByte, out, shift + head);
    for (let i = whole; i < end; i++) out[shift + i] = one(bytes, i);
  };
}

function decodeBytes1(
  bytes: Uint8Array,
  firstByte: number,
  lastByte: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = firstByte, o = to; i < lastByte; i++, o += 8) {
    const byte = bytes[i]!;
    out[o] = byte & 1;
    out[o + 1] = (byte >> 1) & 1;
    out[o + 2] = (byte >> 2) & 1;
    out[o + 3] = (byte >> 3) & 1;
    out[o + 4] = (byte >> 4) & 1;
    out[o + 5] = (byte >> 5) & 1;
    out[o + 6] = (byte >> 6) & 1;
    out[o + 7] = byte >> 7;
  }
}

function decodeBytes2(
  bytes: Uint8Array,
  firstByte: number,
  lastByte: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = firstByte, o = to; i < lastByte; i++, o += 4) {
    const byte = bytes[i]!;
    out[o] = byte & 3;
    out[o + 1] = (byte >> 2) & 3;
    out[o + 2] = (byte >> 4) & 3;
    out[o + 3] = byte >> 6;
  }
}

function decodeBytes4(
  bytes: Uint8Array,
  firstByte: number,
  lastByte: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = firstByte, o = to; i < lastByte; i++, o += 2) {
    const byte = bytes[i]!;
    out[o] = byte & 15;
    out[o + 1] = byte >> 4;
  }
}

function decodeUint8(bytes: Uint8Array, at: number, out: Float32Array, to: number, count: number): void {
  out.set(bytes.subarray(at, at + count), to);
}

function decodeInt8(bytes: Uint8Array, at: number, out: Float32Array, to: number, count: number): void {
  out.set(new Int8Array(bytes.buffer, bytes.byteOffset + at, count), to);
}

function decodeUint16(bytes: Uint8Array, at: number, out: Float32Array, to: number, count: number): void {
  out.set(new Uint16Array(bytes.buffer, bytes.byteOffset + 2 * at, count), to);
}

function decodeInt16(bytes: Uint8Array, at: number, out: Float32Array, to: number, count: number): void {
  out.set(new Int16Array(bytes.buffer, bytes.byteOffset + 2 * at, count), to);
}

function decodeFloat32(bytes: Uint8Array, at: number, out: Float32Array, to: number, count: number): void {
  bytesOf(out, to, count).set(bytes.subarray(4 * at, 4 * (at + count)));
}

/** The bytes of `count` elements of an array, from element `from`. */
export function bytesOf(
  array: ArrayBufferView & { BYTES_PER_ELEMENT: number },
  from: number,
  count: number,
): Uint8Array {
  const { BYTES_PER_ELEMENT: size, buffer, byteOffset } = array;
  return new Uint8Array(buffer, byteOffset + from * size, count * size);
}
