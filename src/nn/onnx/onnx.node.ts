/** ONNX models as files. */

import { writeFileAtomically } from "../../signal/write-file.node.ts";
import { type ExportOnnxOptions, exportOnnx } from "./export.ts";

/** Exports a network to a file, which holds the whole model or what it held before. Throws a FileError where it can't be written. */
export async function writeOnnx(path: string, options: ExportOnnxOptions): Promise<void> {
  const bytes = exportOnnx(options);
  await writeFileAtomically(path, (write) => write(bytes));
}
