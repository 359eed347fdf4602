/** Stretches of a cadence as panels of the rows that a network knows. */

import type { PanelShape, Panels } from "../signal/panels.ts";
import { type Band, readBand } from "./band.ts";
import { columnDeviations } from "./pixel-noise.ts";
import { createRowResampler, cutsRows } from "./resample-rows.ts";

/** Rows that the noise is measured in. */
const NOISE_ROWS = 64;
/** Values that are read at once, where rows are more than `NOISE_ROWS`. */
const MOST_VALUES = 2 ** 22;

/**
 * Reads `pixels` pixels of `channelsPerPixel` channels of the band, from `channelStart` on: panels x rows x pixels, in the power's own
 * units. Reads rows piece by piece, so scans may be of any length. `memory`, if given, takes them; it may be larger.
 */
export async function readPanels(
  band: Band,
  { panels, rows }: Pick<PanelShape, "panels" | "rows">,
  {
    channelStart,
    channelsPerPixel,
    pixels,
  }: { readonly channelStart: number; readonly channelsPerPixel: number; readonly pixels: number },
  memory: Float32Array = new Float32Array(panels * rows * pixels),
): Promise<Panels> {
  const data = memory.subarray(0, panels * rows * pixels);
  for (let panel = 0; panel < panels; panel++) {
    const into = data.subarray(panel * rows * pixels, (panel + 1) * rows * pixels);
    await readPanel(band, panel, { channelStart, channelsPerPixel, pixels, rows }, into);
  }
  return { data, panels, rows, channels: pixels };
}

async function readPanel(
  band: Band,
  scan: number,
  {
    channelStart,
    channelsPerPixel,
    pixels,
    rows,
  }: { channelStart: number; channelsPerPixel: number; pixels: number; rows: number },
  into: Float32Array,
): Promise<void> {
  const { nsamples } = band.scans[scan]!.source.time;
  const channels = { start: channelStart, stop: channelStart + pixels * channelsPerPixel };
  const width = channels.stop - channels.start;
  const atOnce = Math.min(nsamples, Math.max(NOISE_ROWS, Math.floor(MOST_VALUES / width)));
  const raw = new Float32Array(atOnce * width);
  const plan = { rowsIn: nsamples, rowsOut: rows, width: pixels };
  let add: ((row: Float32Array) => void) | undefined;
  for (let start = 0; start < nsamples; start += atOnce) {
    const stop = Math.min(nsamples, start + atOnce);
    const piece = raw.subarray(0, (stop - start) * width);
    await readBand(band, scan, { start, stop }, channels, piece);
    const averaged = averageChannels(piece, channelsPerPixel);
    add ??= createRowResampler(
      plan,
      cutsRows(plan)
        ? {
            deviation: columnDeviations(averaged, Math.min(nsamples, NOISE_ROWS), pixels, NOISE_BLOCK),
            stream: [scan, channelsPerPixel],
            columnStart: Math.floor(channelStart / channelsPerPixel),
          }
        : undefined,
      into,
    );
    for (let row = 0; row < stop - start; row++) {
      add(averaged.subarray(row * pixels, (row + 1) * pixels));
    }
  }
}

/** Pixels over which one noise is measured: few enough to follow the receiver's bandpass. */
const NOISE_BLOCK = 128;

function averageChannels(data: Float32Array, count: number): Float32Array {
  if (count === 1) return data;
  const averaged = new Float32Array(data.length / count);
  for (let i = 0; i < averaged.length; i++) {
    let sum = 0;
    for (let at = i * count; at < (i + 1) * count; at++) sum += data[at]!;
    averaged[i] = sum / count;
  }
  return averaged;
}

/**
 * Cuts the window that begins at pixel `start` out of wider panels; each of its panels at mean 0 and deviation 1, as the competition's are. A
 * pixel that isn't finite counts for neither and becomes 0.
 */
export function cutWindow(from: Panels, start: number, into: Panels): void {
  const { rows, channels } = into;
  for (let panel = 0; panel < into.panels; panel++) {
    const target = into.data.subarray(panel * rows * channels, (panel + 1) * rows * channels);
    for (let row = 0; row < rows; row++) {
      const at = (panel * rows + row) * from.channels + start;
      target.set(from.data.subarray(at, at + channels), row * channels);
    }
    standardise(target);
  }
}

/** As `zScorePanel` does it, in place: that one's new array for each panel would cost more than the rest. */
function standardise(pixels: Float32Array): void {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) {
    // What isn't finite is no longer once it is taken from itself.
    if (pixels[i]! - pixels[i]! !== 0) continue;
    count++;
    sum += pixels[i]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < pixels.length; i++) {
    const offset = pixels[i]! - mean;
    if (offset - offset === 0) squares += offset * offset;
  }
  const scale = 1 / (Math.sqrt(squares / count) || 1);
  for (let i = 0; i < pixels.length; i++) {
    const offset = pixels[i]! - mean;
    pixels[i] = offset - offset === 0 ? offset * scale : 0;
  }
}
