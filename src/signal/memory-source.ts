/** A spectrogram in memory behind the interface that open files have. */

import { resolveRange } from "./range.ts";
import { type Spectrogram, type SpectrogramSource, sliceFrequency, sliceTime } from "./spectrogram.ts";

export function memorySource(whole: Spectrogram): SpectrogramSource {
  const { time, frequency, header, source } = whole;
  return {
    name: source,
    time,
    frequency,
    header,
    nifs: 1,
    async read(range, into) {
      const r = resolveRange(this, range);
      const width = r.channelStop - r.channelStart;
      const data = into ?? new Float32Array((r.rowStop - r.rowStart) * width);
      for (let row = r.rowStart; row < r.rowStop; row++) {
        const at = row * frequency.nchans;
        data.set(whole.data.subarray(at + r.channelStart, at + r.channelStop), (row - r.rowStart) * width);
      }
      return {
        data,
        time: sliceTime(time, r.rowStart, r.rowStop),
        frequency: sliceFrequency(frequency, r.channelStart, r.channelStop),
        header,
        source,
      };
    },
    async close() {},
  };
}
