import { openFileSource } from "../formats/byte-source.node.ts";
import { openNpy } from "../formats/npy.ts";
import { npySpectrogramSources } from "../formats/npy-spectrogram.ts";
import { openSigproc } from "../formats/sigproc.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";

export async function openSpectrograms(
  path: string,
  options: { allowTruncated?: boolean } = {},
): Promise<SpectrogramSource[]> {
  if (path.endsWith(".npy")) return npySpectrogramSources(await openNpy(await openFileSource(path)));
  return [await openSigproc(await openFileSource(path), options)];
}
