/** What an ONNX model says of itself. */

import type { ValueInfoProto } from "onnx-buf";
import { FileError } from "../../signal/errors.ts";
import { metadataKeys } from "./export.ts";
import { decodeOnnx } from "./protobuf.ts";

export interface OnnxPortDescription {
  readonly name: string;
  /** Sizes that are free carry a name, as `batch`. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxDescription {
  readonly input: OnnxPortDescription;
  readonly output: OnnxPortDescription;
  /** Absent in models that another program made. */
  readonly modelName?: string | undefined;
  readonly preprocessing?: unknown;
  readonly classNames?: readonly string[] | undefined;
  readonly lodestoneVersion?: string | undefined;
  /** All of `metadata_props`, by key. */
  readonly properties: ReadonlyMap<string, string>;
}

/** Reads a model's names, shapes and metadata. Throws a FileError under the name `file` where it isn't a model of one input. */
export function describeOnnx(bytes: Uint8Array, file = "The ONNX model"): OnnxDescription {
  const { graph, metadataProps } = decodeOnnx(bytes, file);
  const constants = new Set(graph!.initializer.map(({ name }) => name));
  const inputs = graph!.input.filter(({ name }) => !constants.has(name));
  if (inputs.length !== 1 || graph!.output.length === 0) {
    throw new FileError(
      file,
      `the model has ${inputs.length} inputs and ${graph!.output.length} outputs. Give one of a single input.`,
    );
  }
  const properties = new Map(metadataProps.map(({ key, value }) => [key, value]));
  const json = (key: string) => {
    const text = properties.get(key);
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch (cause) {
      throw new FileError(file, `its metadata's ${key} is not JSON. Export the model again.`, { cause });
    }
  };
  const classNames = json(metadataKeys.classNames);
  return {
    input: port(inputs[0]!),
    output: port(graph!.output[0]!),
    modelName: properties.get(metadataKeys.modelName),
    preprocessing: json(metadataKeys.preprocessing),
    classNames: Array.isArray(classNames) ? classNames.map(String) : undefined,
    lodestoneVersion: properties.get(metadataKeys.lodestoneVersion),
    properties,
  };
}

function port({ name, type }: ValueInfoProto): OnnxPortDescription {
  const sizes = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
  const shape = sizes.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : (value.value ?? ""),
  );
  return { name, shape };
}
