/** ONNX models run by onnxruntime-node. */

import { readFile, stat } from "node:fs/promises";
import { FileError, InputError } from "../../signal/errors.ts";
import { type OnnxRuntime, type OnnxScores, type OnnxSession, openOnnxSession } from "./session.ts";

/** An .onnx file is one protobuf message, which ends at 2 GiB. */
const MAX_BYTES = 2 ** 31;

/**
 * Opens a model, a path or a file's bytes. Close it when done. Throws an InputError where the package onnxruntime-node, which isn't
 * installed along with Lodestone, is missing, a FileError where the model can't be read or run.
 */
export async function openOnnx(
  model: string | Uint8Array,
  { threads = 0 }: { readonly threads?: number } = {},
): Promise<OnnxSession> {
  const runtime = await loadRuntime();
  if (typeof model !== "string") return openOnnxSession(runtime, model, { threads });
  return openOnnxSession(runtime, await readModel(model), { name: model, threads });
}

/** Scores images [n, ...] once; for many calls, open the model and keep it. */
export async function scoreOnnx(
  model: string | Uint8Array,
  images: Float32Array,
  options: { readonly threads?: number } = {},
): Promise<OnnxScores> {
  const session = await openOnnx(model, options);
  try {
    return await session.score(images);
  } finally {
    await session.close();
  }
}

/** Loaded where it is used, as it is installed only where it is wanted. */
async function loadRuntime(): Promise<OnnxRuntime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InputError(
      code === "ERR_MODULE_NOT_FOUND"
        ? "ONNX models are scored with the package onnxruntime-node, which isn't installed. Install it: npm install onnxruntime-node; on Linux with ONNXRUNTIME_NODE_INSTALL=skip before it, which leaves the files for CUDA out."
        : `The package onnxruntime-node can't be loaded on this machine: ${message}`,
      { cause },
    );
  }
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new FileError(path, `it has ${size} bytes, and an ONNX model ends at ${MAX_BYTES}.`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new FileError(path, `the model can't be read (${code}). Check the path.`, { cause });
  }
}
