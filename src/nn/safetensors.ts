/**
 * safetensors (github.com/huggingface/safetensors, README and safetensors/src/tensor.rs): eight bytes that say how long the header
 * is, a header of JSON that says where each tensor lies, and the tensors' bytes, little-endian as the machine's own, without gaps.
 */

import { FileError, UsageError } from "../signal/errors.ts";
import { float16Table } from "../signal/float16.ts";
import { numel } from "./op.ts";
import { checkHeader, type HeaderEntry, parseHeader } from "./safetensors-header.ts";

export interface SafeTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** The header's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is written: float32, or int64 for counts. */
export interface WritableTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface EncodeOptions {
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The longest header that the reference implementation reads. */
export const MAX_HEADER_BYTES = 100_000_000;

interface Decoder {
  readonly bytes: number;
  decode(view: DataView, out: Float32Array): void;
}

const decoders: Readonly<Record<string, Decoder>> = {
  F64: { bytes: 8, decode: (view, out) => fill(out, (i) => view.getFloat64(8 * i, true)) },
  F32: { bytes: 4, decode: (view, out) => fill(out, (i) => view.getFloat32(4 * i, true)) },
  F16: { bytes: 2, decode: (view, out) => fill(out, (i) => float16Table()[view.getUint16(2 * i, true)]!) },
  BF16: { bytes: 2, decode: decodeBfloat16 },
  I64: { bytes: 8, decode: (view, out) => fill(out, (i) => Number(view.getBigInt64(8 * i, true))) },
};

/**
 * Reads a whole file: F32, F16, BF16, F64 and I64, all as float32. The arrays are copies, or views of `bytes` where float32 lies
 * aligned there. Throws a FileError, with the name `file`, for anything that isn't safetensors to the last byte, before it
 * takes memory for it.
 */
export function decodeSafetensors(bytes: Uint8Array, file = "safetensors"): SafeTensors {
  const headerBytes = headerLength(bytes.subarray(0, 8), bytes.length, file);
  const { entries, metadata } = decodeHeader(bytes.subarray(8, 8 + headerBytes), bytes.length, file);
  const data = bytes.subarray(8 + headerBytes);
  const tensors = new Map<string, SafeTensor>();
  for (const entry of entries) tensors.set(entry.name, decodeTensor(entry, data));
  return { tensors, metadata };
}

/** How many bytes the header has, from the file's first eight. Throws a FileError where that can't be. */
export function headerLength(start: Uint8Array, fileBytes: number, file: string): number {
  if (start.length < 8) throw new FileError(file, `it has ${fileBytes} bytes; safetensors has 10 or more.`);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new FileError(file, `its header would have ${length} bytes. This isn't a safetensors file.`);
  }
  if (8 + Number(length) > fileBytes) {
    const whole = `it is too short: its header has ${length} bytes, the whole file ${fileBytes}`;
    throw new FileError(file, `${whole}. Was it cut short? Fetch it again.`);
  }
  return Number(length);
}

/** The tensors in the order in which they lie in the file, checked against the file's length. */
export function decodeHeader(
  header: Uint8Array,
  fileBytes: number,
  file: string,
): { readonly entries: readonly HeaderEntry[]; readonly metadata: Readonly<Record<string, string>> } {
  const parsed = parseHeader(header, file);
  const sizes = Object.fromEntries(Object.entries(decoders).map(([type, { bytes }]) => [type, bytes]));
  return { ...parsed, entries: checkHeader(parsed.entries, sizes, fileBytes - 8 - header.length, file) };
}

/** One tensor, from the bytes that follow the header. */
export function decodeTensor({ type, shape, begin, end }: HeaderEntry, data: Uint8Array): SafeTensor {
  const at = data.byteOffset + begin;
  const { bytes, decode } = decoders[type]!;
  const count = (end - begin) / bytes;
  if (type === "F32" && at % 4 === 0) {
    return { shape, data: new Float32Array(data.buffer as ArrayBuffer, at, count) };
  }
  const out = new Float32Array(count);
  decode(new DataView(data.buffer, at, end - begin), out);
  return { shape, data: out };
}

/** A whole file. Throws a UsageError where a shape doesn't fit its numbers. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  options: EncodeOptions = {},
): Uint8Array {
  const chunks = [...safetensorsChunks(tensors, options)];
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A file piece by piece, so that it never stands in memory whole: the header, then each tensor's bytes, not copied. */
export function* safetensorsChunks(
  tensors: ReadonlyMap<string, WritableTensor>,
  { metadata = {} }: EncodeOptions = {},
): Generator<Uint8Array> {
  // The widest type first, as the reference implementation writes, so that all numbers lie aligned.
  const sorted = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    if (name === "__metadata__") throw new UsageError("A tensor can't be named __metadata__ in safetensors.");
    if (numel(shape) !== data.length) {
      throw new UsageError(`${name} has the shape [${shape.join(", ")}], but ${data.length} numbers.`);
    }
    const begin = end;
    end += data.byteLength;
    const dtype = data instanceof Float32Array ? "F32" : "I64";
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  const json = new TextEncoder().encode(encodeObject(header));
  const start = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true);
  start.set(json, 8);
  yield start;
  for (const [, { data }] of sorted) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** JSON of a map. An object would put names that look like numbers first. */
function encodeObject(map: ReadonlyMap<string, unknown>): string {
  const members = [...map].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join(",")}}`;
}

function fill(out: Float32Array, at: (i: number) => number): void {
  for (let i = 0; i < out.length; i++) out[i] = at(i);
}

function decodeBfloat16(view: DataView, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
}
