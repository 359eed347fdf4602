/** A cadence as the competition's .npy files hold it: float16, C order, (panel, time, frequency). */

import { grouped } from "../signal/describe.ts";
import { FileError } from "../signal/errors.ts";
import { encodeFloat16s, float16Table } from "../signal/float16.ts";
import type { Panels } from "../signal/panels.ts";
import { encodeNpyHeader } from "./npy.ts";
import { decodeNpyHeader, type NpyHeader } from "./npy-header.ts";

/** Bytes of the largest file that is taken for a cadence: the competition's has under a million. */
const MAX_CADENCE_BYTES = 2 ** 28;

/** Throws a FileError where a file is larger than any cadence, before memory is taken for it. */
export function checkCadenceBytes(name: string, bytes: number): void {
  if (bytes <= MAX_CADENCE_BYTES) return;
  throw new FileError(
    name,
    `it has ${grouped(bytes)} bytes, more than any cadence (${grouped(MAX_CADENCE_BYTES)} at most). Leave it out.`,
  );
}

/**
 * Panels of a .npy file's bytes: float16 or float32 (either byte order) in C order, (panels, rows, channels). `into`, if given, takes the power; it
 * must be exactly as long. Values that aren't finite stay what they are. Throws a FileError that names the file.
 */
export function decodeCadence(bytes: Uint8Array, name: string, into?: Float32Array): Panels {
  const header = decodeCadenceHeader(bytes, name);
  const [panels, rows, channels] = header.shape as [number, number, number];
  const length = panels * rows * channels;
  if (into !== undefined && into.length !== length) {
    throw new FileError(
      name,
      `its shape is (${header.shape.join(", ")}), ${length} values, but ${into.length} are wanted. ` +
        "Cadences that are used together must have one shape.",
    );
  }
  const data = into ?? new Float32Array(length);
  if (header.dtype.bytes === 2) {
    const halves = halvesOf(bytes, header);
    const values = float16Table();
    for (let i = 0; i < length; i++) data[i] = values[halves[i]!]!;
  } else {
    const copy = bytes.slice(header.dataByte);
    if (header.dtype.bigEndian) swapWords(copy);
    data.set(new Float32Array(copy.buffer, 0, length));
  }
  return { data, panels, rows, channels };
}

/** Checks that a file, whose first bytes these are, is a cadence that `decodeCadence` reads. Throws a FileError. */
export function decodeCadenceHeader(
  bytes: Uint8Array,
  name: string,
  fileBytes: number = bytes.length,
): NpyHeader {
  const header = decodeNpyHeader(bytes, name, fileBytes);
  const { shape, dtype, fortranOrder } = header;
  const axes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  if (shape.length !== 3 || shape.includes(0)) {
    throw new FileError(
      name,
      `its shape is ${axes}; a cadence is (panels, rows, channels), such as (6, 273, 256). Save it in this shape.`,
    );
  }
  if (dtype.kind !== "f" || dtype.bytes === 8) {
    throw new FileError(
      name,
      `its elements are ${dtype.descr}; a cadence has float16 or float32. Save it with array.astype("float16").`,
    );
  }
  if (fortranOrder) {
    throw new FileError(
      name,
      "it is in Fortran order; a cadence is in C order. Save numpy.ascontiguousarray(array).",
    );
  }
  return header;
}

/**
 * A file of float16, C order, version 1: byte for byte what `numpy.save` writes of the panels rounded to half precision. `into`, the bytes
 * of an earlier cadence of this shape, is written over.
 */
export function encodeCadence({ data, panels, rows, channels }: Panels, into?: Uint8Array): Uint8Array {
  const header = encodeNpyHeader("<f2", [panels, rows, channels]);
  const bytes = into ?? new Uint8Array(header.length + 2 * data.length);
  bytes.set(header);
  encodeFloat16s(data, new Uint16Array(bytes.buffer, bytes.byteOffset + header.length, data.length));
  return bytes;
}

function halvesOf(bytes: Uint8Array, { dataByte, dtype }: NpyHeader): Uint16Array {
  const aligned = (bytes.byteOffset + dataByte) % 2 === 0 && !dtype.bigEndian;
  if (aligned)
    return new Uint16Array(bytes.buffer, bytes.byteOffset + dataByte, (bytes.length - dataByte) / 2);
  const copy = bytes.slice(dataByte);
  const halves = new Uint16Array(copy.buffer);
  if (dtype.bigEndian) {
    for (let i = 0; i < halves.length; i++) halves[i] = (halves[i]! << 8) | (halves[i]! >>> 8);
  }
  return halves;
}

function swapWords(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, view.getUint32(at, true), false);
}
