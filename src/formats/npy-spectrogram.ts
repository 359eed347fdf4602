/** Arrays in .npy files as spectrograms. The file has no axes, so they are given or nominal. */

import { FileError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";
import type { NpyFile } from "./npy.ts";
import { powerArray } from "./power-array.ts";

export interface NominalAxes {
  readonly fch1MHz?: number;
  readonly foffMHz?: number;
  readonly tsampS?: number;
}

/**
 * Green Bank's fine product, which the panels of Kaggle's cadences were cut from. With `fch1MHz` 0, frequencies are offsets
 * from the first channel, which is all that the file tells.
 */
export const NOMINAL_AXES: Required<NominalAxes> = {
  fch1MHz: 0,
  foffMHz: -2.7939677238464355e-6,
  tsampS: 18.253611008,
};

const BLOCK_VALUES = 1 << 21;
/** A cadence has six panels or so. More than this is another kind of array. */
const MAX_PANELS = 10_000;

/**
 * The spectrograms of an array: one for (time, frequency) and (time, 1, frequency), blimpy's shape with one IF; one a panel,
 * named `file.npy[2]`, for (panel, time, frequency) and (panel, time, 1, frequency). The file is closed with the last of them.
 * Throws a FileError for other shapes.
 */
export function npySpectrogramSources(file: NpyFile, axes: NominalAxes = {}): SpectrogramSource[] {
  const shape = `(${file.shape.join(", ")})`;
  if (file.shape.includes(0)) {
    throw new FileError(file.name, `its shape is ${shape}: it holds no data. Check how it was made.`);
  }
  const ndim = file.shape.length;
  const feed = ndim >= 3 && file.shape[ndim - 2] === 1;
  const plane = feed ? 3 : 2;
  const panels = ndim === plane ? 1 : file.shape[0]!;
  if ((ndim !== plane && ndim !== plane + 1) || panels > MAX_PANELS) {
    throw new FileError(
      file.name,
      `its shape is ${shape}; a spectrogram is (time, frequency), a cadence (panel, time, frequency). Save it in one of these.`,
    );
  }
  let unclosed = panels;
  const close = async () => {
    unclosed--;
    if (unclosed === 0) await file.close();
  };
  if (ndim === plane) return [planeSource(file, file.name, [], feed, axes, close)];
  return Array.from({ length: panels }, (_, panel) =>
    planeSource(file, `${file.name}[${panel}]`, [panel], feed, axes, close),
  );
}

function planeSource(
  file: NpyFile,
  name: string,
  panel: readonly number[],
  feed: boolean,
  axes: NominalAxes,
  close: () => Promise<void>,
): SpectrogramSource {
  const { fch1MHz, foffMHz, tsampS } = { ...NOMINAL_AXES, ...axes };
  const nsamples = file.shape[panel.length]!;
  const nchans = file.shape.at(-1)!;
  let open = true;

  const readPart = (rows: [number, number], channels: [number, number], out: Float32Array) => {
    const middle = feed ? [0] : [];
    return file.readFloat32(
      [...panel, rows[0], ...middle, channels[0]],
      [...panel.map((p) => p + 1), rows[1], ...middle.map(() => 1), channels[1]],
      out,
    );
  };

  const opened: SpectrogramSource = {
    name,
    time: { tstartMjd: 0, tsampS, nsamples },
    frequency: { fch1MHz, foffMHz, nchans },
    header: {},
    nifs: 1,
    async read(range, into) {
      const { rowStart, rowStop, channelStart, channelStop } = resolveRange(opened, range);
      const rows = rowStop - rowStart;
      const width = channelStop - channelStart;
      const data = into ?? powerArray(name, rows, width);
      if (!file.fortranOrder) await readPart([rowStart, rowStop], [channelStart, channelStop], data);
      else {
        const step = Math.max(1, Math.floor(BLOCK_VALUES / rows));
        for (let from = channelStart; from < channelStop; from += step) {
          const to = Math.min(channelStop, from + step);
          const block = new Float32Array(rows * (to - from));
          await readPart([rowStart, rowStop], [from, to], block);
          transposeInto(block, rows, data, width, from - channelStart);
        }
      }
      return {
        data,
        time: sliceTime(opened.time, rowStart, rowStop),
        frequency: sliceFrequency(opened.frequency, channelStart, channelStop),
        header: opened.header,
        source: name,
      };
    },
    async close() {
      if (!open) return;
      open = false;
      await close();
    },
  };
  return opened;
}

function transposeInto(
  columns: Float32Array,
  rows: number,
  out: Float32Array,
  width: number,
  first: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let i = row, o = row * width + first; i < columns.length; i += rows, o++) out[o] = columns[i]!;
  }
}
