/** Receiver noise, pixel by pixel: the value of a pixel depends on the key, its row and its channel alone. */

import type { ResolvedRange } from "../signal/range.ts";
import { type QuantileTable, quantileOfWord } from "./quantiles.ts";
import { type StreamKey, threefry, threefryWords } from "./random.ts";

/**
 * Degrees of freedom of a pixel's power: two polarisations, a real and an imaginary part each, in every one of the
 * |foff| * tsamp independent spectra that a row averages. The rule is setigen's, 4 * round(df * dt) (Brzycki et al. 2022,
 * AJ 163, 222; frame.py); 204 at Green Bank's fine product. At least 4.
 */
export function pixelDof(foffMHz: number, tsampS: number): number {
  return 4 * Math.max(1, Math.round(Math.abs(foffMHz) * 1e6 * tsampS));
}

/**
 * Fills the rows and channels of `range`, rows x channels, with `gain[channel - range.channelStart] * (offset + scale * q)`,
 * q drawn from the table's distribution.
 */
export function fillNoise(
  into: Float32Array,
  range: Pick<ResolvedRange, "rowStart" | "rowStop" | "channelStart" | "channelStop">,
  key: StreamKey,
  quantiles: QuantileTable,
  { offset, scale }: { offset: number; scale: number },
  gain: Float64Array,
): void {
  const { rowStart, rowStop, channelStart, channelStop } = range;
  const words = new Int32Array(BLOCK);
  let at = 0;
  for (let row = rowStart; row < rowStop; row++) {
    for (let even = channelStart & ~1; even < channelStop; even += BLOCK) {
      const from = Math.max(even, channelStart);
      const to = Math.min(even + BLOCK, channelStop);
      threefryWords(words, (to - even + 1) >> 1, key, even >>> 1, row);
      for (let channel = from; channel < to; channel++) {
        const value = quantileOfWord(
          quantiles,
          words[channel - even]!,
          () => threefry(key, channel, ~row)[0],
        );
        into[at++] = gain[channel - channelStart]! * (offset + scale * value);
      }
    }
  }
}

/** Even, so that a block begins with a pair of words. */
const BLOCK = 4096;
