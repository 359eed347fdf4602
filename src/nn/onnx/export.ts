/** A trained network as an ONNX model, which ONNX Runtime and others run anywhere. */

import { InputError } from "../../signal/errors.ts";
import { VERSION } from "../../signal/version.ts";
import { numel, type Shape, type Value } from "../op.ts";
import { buildOnnxGraph } from "./builder.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { encodeOnnx } from "./protobuf.ts";

/** What stands in the model's metadata. */
export interface OnnxMetadata {
  /** As `efficientnet_b0`. */
  readonly modelName: string;
  /** What is done to a picture before it is given to the network, as any value that JSON can hold. */
  readonly preprocessing?: unknown;
  /** One for each of the network's logits. */
  readonly classNames?: readonly string[];
  /** This program's, if not given. */
  readonly lodestoneVersion?: string;
}

export interface ExportOnnxOptions {
  /** The logits, [n, classes]; any value that one input leads to. */
  readonly output: Value;
  /** By name, in PyTorch's order; running statistics are among them. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly metadata: OnnxMetadata;
}

/** The keys of `metadata_props`. All but the model's name and the version are JSON. */
export const metadataKeys = {
  modelName: "model_name",
  inputShape: "input_shape",
  preprocessing: "preprocessing",
  classNames: "class_names",
  lodestoneVersion: "lodestone_version",
} as const;

/**
 * The network in inference as an .onnx file's bytes: input `image` [batch, ...], output `logits` [batch, ...], float32, any batch
 * size. Batch norms are folded into the convolutions before them, what is only done in training vanishes. Throws an InputError
 * that names the weights that are missing, have another size, or aren't finite, or where the classes' names aren't one for each logit.
 */
export function exportOnnx({ output, weights, metadata }: ExportOnnxOptions): Uint8Array {
  checkClassNames(metadata, output.shape);
  const plain = buildOnnxGraph(output, weights, { inputName: "image", outputName: "logits" });
  const folded = foldBatchNorm(plain);
  return encodeOnnx(folded, {
    name: metadata.modelName,
    producerVersion: metadata.lodestoneVersion ?? VERSION,
    metadata: metadataProps(metadata, folded.input.shape),
  });
}

function checkClassNames({ classNames }: OnnxMetadata, shape: Shape): void {
  const logits = numel(shape.slice(1));
  if (classNames === undefined || classNames.length === logits) return;
  throw new InputError(
    `The network gives ${logits} logits an image, and ${classNames.length} class names were given. Name each logit, or none.`,
  );
}

function metadataProps(metadata: OnnxMetadata, input: Shape): ReadonlyMap<string, string> {
  const { modelName, preprocessing, classNames, lodestoneVersion = VERSION } = metadata;
  const props = new Map<string, string>();
  props.set(metadataKeys.modelName, modelName);
  props.set(metadataKeys.inputShape, JSON.stringify(input.slice(1)));
  if (preprocessing !== undefined) props.set(metadataKeys.preprocessing, JSON.stringify(preprocessing));
  if (classNames) props.set(metadataKeys.classNames, JSON.stringify(classNames));
  props.set(metadataKeys.lodestoneVersion, lodestoneVersion);
  return props;
}
