import { openFileSource } from "../formats/byte-source.node.ts";
import { openSigproc } from "../formats/sigproc.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";

export async function openSpectrograms(
  path: string,
  options: { allowTruncated?: boolean } = {},
): Promise<SpectrogramSource[]> {
  return [await openSigproc(await openFileSource(path), options)];
}
