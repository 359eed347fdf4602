/** ONNX models as files. */

import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "../../signal/errors.ts";
import { type ExportOnnxOptions, exportOnnx } from "./export.ts";

/** Exports a network to a file, which holds the whole model or what it held before. */
export async function writeOnnx(path: string, options: ExportOnnxOptions): Promise<void> {
  const bytes = exportOnnx(options);
  const temporary = join(
    dirname(path),
    `.${basename(path).slice(0, 48)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    const { code } = cause as NodeJS.ErrnoException;
    throw new FileError(
      path,
      `the model can't be written here (${code}). Give a path in a folder that exists and may be written.`,
      {
        cause,
      },
    );
  }
}
