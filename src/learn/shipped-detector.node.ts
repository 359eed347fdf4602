/** The trained detector that comes in the box (docs/detector.md): found from the sources and from the compiled package alike. */

import { fileURLToPath } from "node:url";

const folder = new URL("../../models/", import.meta.url);

export const shippedDetector = {
  /** What reports and recipes call it. */
  name: "Lodestone's detector",
  model: fileURLToPath(new URL("detector.onnx", folder)),
  weights: fileURLToPath(new URL("detector.safetensors", folder)),
} as const;
