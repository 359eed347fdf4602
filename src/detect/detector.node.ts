/** Detectors from .onnx files, run by onnxruntime-node. */

import { loadInputKernels } from "../learn/inputs/kernels.node.ts";
import { shippedDetector } from "../learn/shipped-detector.node.ts";
import { openOnnx } from "../nn/onnx/session.node.ts";
import { createDetector, type Detector } from "./detector.ts";

/**
 * Opens the detector in the box, or a model that `lodestone train` or `export` wrote. Close it when done. Throws a FileError where it can't be read or doesn't score
 * cadences, an InputError where onnxruntime-node isn't installed.
 */
export async function openDetector(
  path: string = shippedDetector.model,
  { threads = 0 }: { readonly threads?: number } = {},
): Promise<Detector> {
  const session = await openOnnx(path, { threads });
  try {
    const name = path === shippedDetector.model ? shippedDetector.name : path;
    return createDetector(session, name, loadInputKernels());
  } catch (error) {
    await session.close();
    throw error;
  }
}
