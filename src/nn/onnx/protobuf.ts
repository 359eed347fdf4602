/** Packs and unpacks .onnx files with ONNX's own schema (onnx.proto, compiled by the package onnx-buf). */

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import { FileError } from "../../signal/errors.ts";
import type { OnnxAttribute } from "../op.ts";
import type { OnnxConstant, OnnxGraph, OnnxPort } from "./onnx-graph.ts";

/** Version 17 of the operators (2022), and the file version that came with it: what ONNX Runtime reads since 1.12. */
const OPSET = 17n;
const IR_VERSION = 8n;

export function encodeOnnx(
  { nodes, constants, input, output }: OnnxGraph,
  {
    name,
    producerVersion,
    metadata,
  }: {
    readonly name: string;
    readonly producerVersion: string;
    readonly metadata: ReadonlyMap<string, string>;
  },
): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: "lodestone",
    producerVersion,
    metadataProps: [...metadata].map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes.map((node) => ({
        opType: node.operator,
        name: node.name,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(attribute),
      })),
      initializer: [...constants].map(tensor),
      input: [valueInfo(input)],
      output: [valueInfo(output)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** Throws a FileError under the name `file` where the bytes are no ONNX model. */
export function decodeOnnx(bytes: Uint8Array, file: string): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new FileError(file, "this is not an ONNX model, or it is damaged. Export it again.", { cause });
  }
  if (!model.graph || model.graph.node.length === 0) {
    throw new FileError(file, "this is not an ONNX model: it has no nodes. Give a file that ends in .onnx.");
  }
  return model;
}

function attribute([name, value]: [string, OnnxAttribute]): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "string") {
    return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  }
  if (typeof value === "number") return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if ("float" in value) return { name, type: AttributeProto_AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}

function tensor([name, { shape, data }]: [string, OnnxConstant]): MessageInitShape<typeof TensorProtoSchema> {
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const dataType = data instanceof Float32Array ? TensorProto_DataType.FLOAT : TensorProto_DataType.INT64;
  return { name, dims: shape.map(BigInt), dataType, rawData: bytes };
}

function valueInfo({ name, shape }: OnnxPort): MessageInitShape<typeof ValueInfoProtoSchema> {
  const sizes = shape.slice(1).map((size) => ({ case: "dimValue" as const, value: BigInt(size) }));
  const dim = [{ case: "dimParam" as const, value: "batch" }, ...sizes].map((value) => ({ value }));
  return {
    name,
    type: { value: { case: "tensorType", value: { elemType: TensorProto_DataType.FLOAT, shape: { dim } } } },
  };
}
