/** Reads TensorBoard's event files for tests: byte by byte, apart from the writer in everything, checksums too. */

import type { GraphNode } from "../tensorboard.ts";

export interface ReadEvent {
  readonly wallTimeS: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly scalars?: Record<string, number>;
  readonly graph?: GraphNode[];
  readonly starts?: boolean;
}

/** Throws where a record is cut short or its checksum is wrong. */
export function readEventFile(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    check(bytes.subarray(at, at + 8), view.getUint32(at + 8, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    check(data, view.getUint32(at + 12 + length, true));
    events.push(readEvent(data));
    at += length + 16;
  }
  return events;
}

/** Bit by bit, as polynomials are divided by hand. */
function check(data: Uint8Array, stored: number): void {
  let remainder = 0xffffffffn;
  for (const byte of data) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder % 2n === 1n ? (remainder / 2n) ^ 0x82f63b78n : remainder / 2n;
    }
  }
  const crc = remainder ^ 0xffffffffn;
  const turned = (crc / 2n ** 15n + (crc % 2n ** 15n) * 2n ** 17n) % 2n ** 32n;
  const masked = (turned + 0xa282ead8n) % 2n ** 32n;
  if (masked !== BigInt(stored)) throw new Error(`The checksum is ${stored}, and ${masked} was expected.`);
}

type Field = { readonly number: number; readonly integer: bigint; readonly bytes: Uint8Array };

function readFields(bytes: Uint8Array): Field[] {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value += BigInt(byte % 128) * 2n ** shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  const fields: Field[] = [];
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag % 8;
    const integer = wire === 0 || wire === 2 ? varint() : 0n;
    const length = { 0: 0, 1: 8, 2: Number(integer), 5: 4 }[wire];
    if (length === undefined) throw new Error(`There is no wire type ${wire} in event files.`);
    fields.push({ number: Math.floor(tag / 8), integer, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const one = (fields: Field[], number: number) => fields.find((field) => field.number === number);
const all = (fields: Field[], number: number) => fields.filter((field) => field.number === number);

function readEvent(data: Uint8Array): ReadEvent {
  const fields = readFields(data);
  const version = one(fields, 3);
  const graph = one(fields, 4);
  const summary = one(fields, 5);
  return {
    wallTimeS: view(one(fields, 1)!.bytes).getFloat64(0, true),
    step: Number(one(fields, 2)?.integer ?? 0n),
    ...(version && { fileVersion: text(version.bytes) }),
    ...(graph && { graph: all(readFields(graph.bytes), 1).map(({ bytes }) => readNode(bytes)) }),
    ...(summary && { scalars: readScalars(summary.bytes) }),
    ...(one(fields, 7) && { starts: true }),
  };
}

function readScalars(bytes: Uint8Array): Record<string, number> {
  return Object.fromEntries(
    all(readFields(bytes), 1).map(({ bytes }) => {
      const fields = readFields(bytes);
      return [text(one(fields, 1)!.bytes), view(one(fields, 2)!.bytes).getFloat32(0, true)];
    }),
  );
}

function readNode(bytes: Uint8Array): GraphNode {
  const fields = readFields(bytes);
  const attributes: Record<string, string | number | boolean | number[]> = {};
  let shape: number[] | undefined;
  for (const entry of all(fields, 5).map(({ bytes }) => readFields(bytes))) {
    const key = text(one(entry, 1)!.bytes);
    const [value] = readFields(one(entry, 2)!.bytes);
    if (key === "_output_shapes") shape = readShape(value!.bytes);
    else attributes[key] = readAttribute(value!);
  }
  return {
    name: text(one(fields, 1)!.bytes),
    op: text(one(fields, 2)!.bytes),
    inputs: all(fields, 3).map(({ bytes }) => text(bytes)),
    attributes,
    ...(shape && { shape }),
  };
}

function readAttribute({ number, integer, bytes }: Field): string | number | boolean | number[] {
  if (number === 2) return text(bytes);
  if (number === 3) return Number(integer);
  if (number === 4) return view(bytes).getFloat32(0, true);
  if (number === 5) return integer === 1n;
  const [list] = readFields(bytes);
  if (list === undefined) return [];
  const count = list.bytes.length / 4;
  if (list.number === 4)
    return Array.from({ length: count }, (_, i) => view(list.bytes).getFloat32(4 * i, true));
  return readPackedIntegers(list.bytes);
}

function readPackedIntegers(bytes: Uint8Array): number[] {
  const integers: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value += BigInt(byte % 128) * 2n ** shift;
    shift += 7n;
    if (byte >= 128) continue;
    integers.push(Number(BigInt.asIntN(64, value)));
    value = 0n;
    shift = 0n;
  }
  return integers;
}

function readShape(bytes: Uint8Array): number[] {
  const shape = one(readFields(bytes), 7)!;
  return all(readFields(shape.bytes), 2).map(({ bytes }) => Number(one(readFields(bytes), 1)?.integer ?? 0n));
}
