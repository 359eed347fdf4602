/** NumPy's .npy, versions 1 to 3 (numpy/lib/format.py). Reads any slice without loading the rest. */

import { UsageError } from "../signal/errors.ts";
import { encodeFloat16, float16Table } from "../signal/float16.ts";
import { type ByteSource, takeOver } from "./byte-source.ts";
import { type NpyDtype, type NpyHeader, readNpyHeader } from "./npy-header.ts";
import { bytesOf } from "./sample-bits.ts";
import { type RunSink, readRuns } from "./strided-read.ts";

export type NdData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** An array in C order: the last axis is the fastest. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: NdData;
}

export interface NpyFile {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: NpyDtype;
  readonly fortranOrder: boolean;
  /**
   * The elements from `start` up to but not including `stop`, one number an axis; all of them without. Integers and floats
   * keep their type, float16 becomes float32 and booleans 0 and 1. Takes memory for the slice, twice that in Fortran order.
   */
  read(start?: readonly number[], stop?: readonly number[]): Promise<NdArray>;
  /**
   * As `read`, but every type as float32 into `out`, exactly as long as the slice, in the file's own order of axes: the first
   * axis is the fastest where `fortranOrder`.
   */
  readFloat32(start: readonly number[], stop: readonly number[], out: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a .npy file. Takes over `source`, which `close` closes, as does an error here: a FileError. */
export async function openNpy(source: ByteSource): Promise<NpyFile> {
  const header = await takeOver(source, readNpyHeader);
  const { shape, dtype, fortranOrder } = header;
  return {
    name: source.name,
    shape,
    dtype,
    fortranOrder,
    async read(start = shape.map(() => 0), stop = shape) {
      checkSlice(source.name, shape, start, stop);
      const extent = stop.map((end, i) => end - start[i]!);
      const data = makeArray(source.name, dtype, product(extent));
      await readSlice(source, header, start, stop, nativeSink(dtype, data));
      if (dtype.bigEndian && !isHalf(dtype)) swapBytes(data);
      return { shape: extent, data: fortranOrder ? reverseAxes(data, extent) : data };
    },
    async readFloat32(start, stop, out) {
      checkSlice(source.name, shape, start, stop);
      await readSlice(source, header, start, stop, float32Sink(dtype, out));
    },
    close: () => source.close(),
  };
}

function checkSlice(
  name: string,
  shape: readonly number[],
  start: readonly number[],
  stop: readonly number[],
): void {
  const right =
    start.length === shape.length &&
    stop.length === shape.length &&
    shape.every((length, i) => {
      const [from, to] = [start[i]!, stop[i]!];
      return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length;
    });
  if (right) return;
  throw new UsageError(
    `${name}: elements [${start}] to [${stop}] were asked for; the array's shape is [${shape}].`,
  );
}

/** Reads a slice in the file's order: runs along the fastest axes, a nest of loops over the rest. */
async function readSlice(
  source: ByteSource,
  { shape, dtype, fortranOrder, dataByte }: NpyHeader,
  start: readonly number[],
  stop: readonly number[],
  sink: RunSink,
): Promise<void> {
  const slowest = shape.map((length, i) => ({ length, start: start[i]!, stop: stop[i]! }));
  const axes = joinAxes(fortranOrder ? slowest.reverse() : slowest);
  if (axes.some((axis) => axis.stop === axis.start)) return;
  const run = axes.at(-1) ?? { length: 1, start: 0, stop: 1 };
  const row = axes.at(-2) ?? { length: 1, start: 0, stop: 1 };
  const outer = axes.slice(0, -2);
  const runLength = run.stop - run.start;
  const runs = row.stop - row.start;

  const visit = async (axis: number, element: number, to: number): Promise<void> => {
    if (axis < outer.length) {
      const { length, start, stop } = outer[axis]!;
      const extent = product(outer.slice(axis + 1).map((a) => a.stop - a.start));
      for (let i = start; i < stop; i++) {
        await visit(axis + 1, element * length + i, to + (i - start) * extent * runs * runLength);
      }
      return;
    }
    await readRuns(
      source,
      {
        firstByte: dataByte,
        elementBits: dtype.bytes * 8,
        firstElement: (element * row.length + row.start) * run.length + run.start,
        runLength,
        stride: run.length,
        runs,
      },
      {
        take: (bytes, at, place, count) => sink.take(bytes, at, to + place, count),
        direct: sink.direct && ((place, count) => sink.direct!(to + place, count)),
      },
    );
  };
  await visit(0, 0, 0);
}

interface AxisSlice {
  readonly length: number;
  readonly start: number;
  readonly stop: number;
}

/** Joins an axis with the next faster one where that is whole. Axes go from the slowest to the fastest. */
function joinAxes(axes: readonly AxisSlice[]): AxisSlice[] {
  const joined: AxisSlice[] = [];
  for (const axis of axes.toReversed()) {
    const faster = joined[0];
    if (faster !== undefined && faster.start === 0 && faster.stop === faster.length) {
      const { length } = faster;
      joined[0] = { length: axis.length * length, start: axis.start * length, stop: axis.stop * length };
    } else {
      joined.unshift(axis);
    }
  }
  return joined;
}

const ARRAY_TYPES = {
  f: { 1: undefined, 2: Float32Array, 4: Float32Array, 8: Float64Array },
  i: { 1: Int8Array, 2: Int16Array, 4: Int32Array, 8: BigInt64Array },
  u: { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array },
  b: { 1: Uint8Array, 2: undefined, 4: undefined, 8: undefined },
};

function makeArray(name: string, dtype: NpyDtype, length: number): NdData {
  try {
    return new ARRAY_TYPES[dtype.kind][dtype.bytes]!(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UsageError(
      `${name}: ${length} elements are more than memory holds in one piece. Read a part at a time.`,
      { cause },
    );
  }
}

function nativeSink(dtype: NpyDtype, data: NdData): RunSink {
  if (data instanceof Float32Array && isHalf(dtype)) return float32Sink(dtype, data);
  const size = dtype.bytes;
  return {
    take: (bytes, at, to, count) =>
      bytesOf(data, to, count).set(bytes.subarray(at * size, (at + count) * size)),
    direct: (to, count) => bytesOf(data, to, count),
  };
}

function float32Sink(dtype: NpyDtype, out: Float32Array): RunSink {
  const size = dtype.bytes;
  if (dtype.kind === "f" && size === 4 && !dtype.bigEndian) return nativeSink(dtype, out);
  const halves = isHalf(dtype) ? float16Table() : undefined;
  const Values = halves ? Uint16Array : ARRAY_TYPES[dtype.kind][size]!;
  return {
    take(bytes, at, to, count) {
      const values = new Values(bytes.buffer as ArrayBuffer, bytes.byteOffset + at * size, count);
      if (dtype.bigEndian) swapBytes(values);
      if (halves) for (let i = 0; i < count; i++) out[to + i] = halves[values[i] as number]!;
      else if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
        for (let i = 0; i < count; i++) out[to + i] = Number(values[i]!);
      } else out.set(values, to);
    },
  };
}

const isHalf = (dtype: NpyDtype): boolean => dtype.kind === "f" && dtype.bytes === 2;

/** Turns the byte order of every element, in place. */
function swapBytes({ buffer, byteOffset, length, BYTES_PER_ELEMENT: size }: NdData): void {
  if (size === 2) {
    const halves = new Uint16Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) halves[i] = (halves[i]! << 8) | (halves[i]! >> 8);
    return;
  }
  const words = new Uint32Array(buffer, byteOffset, (length * size) / 4);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    words[i] = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
  }
  if (size === 4) return;
  for (let i = 0; i < words.length; i += 2) {
    const first = words[i]!;
    words[i] = words[i + 1]!;
    words[i + 1] = first;
  }
}

/** From the first axis fastest to the last: `shape` is the array's, `data` in Fortran order. */
function reverseAxes(data: NdData, shape: readonly number[]): NdData {
  const out = new (data.constructor as new (length: number) => NdData)(data.length);
  const strides = shape.map((_, axis) => product(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/**
 * The bytes of a .npy file, version 1, little-endian, C order. `float16` rounds floats to half precision, to the nearest and
 * ties to even.
 */
export function encodeNpy(array: NdArray, options: { float16?: boolean } = {}): Uint8Array {
  const { shape, data } = array;
  if (product(shape) !== data.length) {
    throw new UsageError(`Shape [${shape}] has ${product(shape)} elements, but ${data.length} were given.`);
  }
  const half = options.float16 === true && (data instanceof Float32Array || data instanceof Float64Array);
  const header = encodeNpyHeader(half ? "<f2" : descrOf(data), shape);
  const body = half ? Uint16Array.from(data as Float32Array, encodeFloat16) : data;
  const bytes = new Uint8Array(header.length + body.byteLength);
  bytes.set(header);
  bytes.set(bytesOf(body, 0, body.length), header.length);
  return bytes;
}

/** The header, padded so that the data begins at a multiple of 64 bytes. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const axes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${axes}, }`;
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const text = `${dict.padEnd(length - 11)}\n`;
  const bytes = new Uint8Array(length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(new TextEncoder().encode(text), 10);
  return bytes;
}

function descrOf(data: NdData): string {
  const size = data.BYTES_PER_ELEMENT;
  const kind =
    data instanceof Float32Array || data instanceof Float64Array
      ? "f"
      : /^(Big)?U/.test(data.constructor.name)
        ? "u"
        : "i";
  return `${size === 1 ? "|" : "<"}${kind}${size}`;
}
