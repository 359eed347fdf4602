/**
 * TensorBoard's event files as bytes: records of TFRecord's form (tensorflow/core/lib/io/record_writer.h), each an Event in protobuf
 * (tensorflow/core/util/event.proto). Scalars, a network's graph, and the mark of a run that goes on. Writing only.
 */

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { crc32c } from "./crc32c.ts";

/** A node of a graph that TensorBoard draws. Names are paths: `blocks/1/0/conv_pw/conv2d` stands in the boxes blocks, 1, 0 and conv_pw. */
export interface GraphNode {
  readonly name: string;
  /** What it does, as `conv2d`. Nodes of the op `Const` are drawn small, beside the nodes that read them. */
  readonly op: string;
  /** Names of nodes. */
  readonly inputs: readonly string[];
  /** Shown when the node is selected. Whole numbers become integers, other numbers floats. */
  readonly attributes?: Readonly<Record<string, GraphAttribute>>;
  /** Of its result; written on the arrows. -1 for a size that is free. */
  readonly shape?: readonly number[];
}

export type GraphAttribute = string | number | boolean | readonly number[];

/** What happened, and when. Seconds are of Unix time. */
export type TensorBoardEvent = { readonly wallTimeS: number; readonly step: number } & (
  | { readonly kind: "scalars"; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: "graph"; readonly nodes: readonly GraphNode[] }
  /** A run starts again at this step: TensorBoard forgets what earlier files say of it and of later ones. */
  | { readonly kind: "start" }
  /** The first event of every file. */
  | { readonly kind: "file" }
);

const VERSION = "brain.Event:2";
/** The version of TensorFlow's graphs that nodes follow; any that TensorBoard knows. */
const GRAPH_PRODUCER = 22;
const SESSION_START = 1;

/** An event as a record of an event file: its length, the event, and a checksum of each. */
export function encodeEventRecord(event: TensorBoardEvent): Uint8Array {
  const data = encodeEvent(event);
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

/** Checksums of data that holds checksums are weak, so TFRecord turns and shifts them. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function encodeEvent(event: TensorBoardEvent): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(event.wallTimeS);
  if (event.step !== 0) writer.tag(2, WireType.Varint).int64(event.step);
  switch (event.kind) {
    case "file":
      writer.tag(3, WireType.LengthDelimited).string(VERSION);
      break;
    case "graph":
      writer.tag(4, WireType.LengthDelimited).bytes(encodeGraph(event.nodes));
      break;
    case "scalars":
      message(writer, 5, () => {
        for (const [tag, value] of Object.entries(event.values)) {
          message(writer, 1, () => {
            writer.tag(1, WireType.LengthDelimited).string(tag);
            writer.tag(2, WireType.Bit32).float(asFloat(value));
          });
        }
      });
      break;
    case "start":
      message(writer, 7, () => writer.tag(1, WireType.Varint).int32(SESSION_START));
  }
  return writer.finish();
}

/** A GraphDef (tensorflow/core/framework/graph.proto). */
function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { name, op, inputs, attributes = {}, shape } of nodes) {
    message(writer, 1, () => {
      writer.tag(1, WireType.LengthDelimited).string(name);
      writer.tag(2, WireType.LengthDelimited).string(op);
      for (const input of inputs) writer.tag(3, WireType.LengthDelimited).string(input);
      if (shape) attribute(writer, "_output_shapes", () => encodeOutputShape(writer, shape));
      for (const [key, value] of Object.entries(attributes)) {
        attribute(writer, key, () => encodeAttribute(writer, value));
      }
    });
  }
  message(writer, 4, () => writer.tag(1, WireType.Varint).int32(GRAPH_PRODUCER));
  return writer.finish();
}

function attribute(writer: BinaryWriter, key: string, value: () => void): void {
  message(writer, 5, () => {
    writer.tag(1, WireType.LengthDelimited).string(key);
    message(writer, 2, value);
  });
}

function encodeAttribute(writer: BinaryWriter, value: GraphAttribute): void {
  if (typeof value === "string") {
    writer.tag(2, WireType.LengthDelimited).bytes(new TextEncoder().encode(value));
  } else if (typeof value === "boolean") {
    writer.tag(5, WireType.Varint).bool(value);
  } else if (typeof value === "number") {
    if (Number.isSafeInteger(value)) writer.tag(3, WireType.Varint).int64(value);
    else writer.tag(4, WireType.Bit32).float(asFloat(value));
  } else {
    const whole = value.every(Number.isSafeInteger);
    message(writer, 1, () => {
      message(writer, whole ? 3 : 4, () => {
        for (const item of value) whole ? writer.int64(item) : writer.float(asFloat(item));
      });
    });
  }
}

/** The writer refuses what a float can't hold; a loss that ran away is to be seen as infinite. */
function asFloat(value: number): number {
  return Math.fround(value);
}

function encodeOutputShape(writer: BinaryWriter, shape: readonly number[]): void {
  message(writer, 1, () => {
    message(writer, 7, () => {
      for (const size of shape) message(writer, 2, () => writer.tag(1, WireType.Varint).int64(size));
    });
  });
}

function message(writer: BinaryWriter, field: number, content: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  content();
  writer.join();
}
