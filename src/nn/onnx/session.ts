/** Scores pictures with an ONNX model through ONNX Runtime, whichever of its packages is at hand. */

import type * as OnnxRuntimeCommon from "onnxruntime-common";
import { FileError, InputError } from "../../signal/errors.ts";
import { numel } from "../op.ts";
import { describeOnnx, type OnnxDescription } from "./read.ts";

/** What onnxruntime-node and onnxruntime-web have in common. */
export type OnnxRuntime = Pick<typeof OnnxRuntimeCommon, "InferenceSession" | "Tensor">;

export interface OnnxScores {
  readonly data: Float32Array;
  /** [n, ...] as the model's output. */
  readonly shape: readonly number[];
}

export interface OnnxSession {
  readonly description: OnnxDescription;
  /** Scores images that lie one after the other, in the model's input shape; n is their number. */
  score(images: Float32Array): Promise<OnnxScores>;
  /** Gives its memory back. Closing twice is closing once. */
  close(): Promise<void>;
}

/**
 * Opens a model for scoring. `name` is what errors call it, `threads` how many threads it may use (0: as ONNX Runtime likes). Throws a
 * FileError where the bytes are no model that ONNX Runtime can run.
 */
export async function openOnnxSession(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  { name = "The ONNX model", threads = 0 }: { readonly name?: string; readonly threads?: number } = {},
): Promise<OnnxSession> {
  const description = describeOnnx(bytes, name);
  const { input, output } = description;
  const sizes = input.shape.slice(1).map((size) => {
    if (typeof size === "number") return size;
    throw new FileError(
      name,
      `its input has the free size ${size || "?"}; only the batch may be free. Export it again.`,
    );
  });
  const imageSize = numel(sizes);
  const session = await runtime.InferenceSession.create(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  }).catch((cause: Error) => {
    throw new FileError(name, `ONNX Runtime can't run this model: ${cause.message}`, { cause });
  });
  let closing: Promise<void> | undefined;
  return {
    description,
    async score(images) {
      if (closing) throw new InputError(`${name} was closed and scores no more. Open it again.`);
      const n = images.length / imageSize;
      if (!Number.isInteger(n) || n < 1) {
        throw new InputError(
          `${name} takes images of ${sizes.join(" x ")} = ${imageSize} numbers; ${images.length} numbers are no whole number of images.`,
        );
      }
      const tensor = new runtime.Tensor("float32", images, [n, ...sizes]);
      const results = await session.run({ [input.name]: tensor });
      const scores = results[output.name]!;
      if (scores.type !== "float32") throw new FileError(name, `its output is ${scores.type}, not float32.`);
      return { data: scores.data as Float32Array, shape: scores.dims };
    },
    close() {
      closing ??= session.release();
      return closing;
    },
  };
}
