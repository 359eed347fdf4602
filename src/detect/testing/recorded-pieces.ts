/**
 * Panels cut out of a recording that is no cadence, so that a detector can be tried on noise, bandpass and interference that nobody made. All
 * that they hold was recorded at one pointing and counts as interference; what seems to be in ON panels alone is so by chance.
 */

import type { PanelShape, Panels } from "../../signal/panels.ts";
import { wholeIn } from "../../simulate/draw.ts";
import type { RandomStream } from "../../simulate/random.ts";
import { columnDeviations } from "../pixel-noise.ts";
import { createRowResampler, cutsRows } from "../resample-rows.ts";

/** Power, rows x channels. */
export interface Recording {
  readonly name: string;
  readonly data: Float32Array;
  readonly rows: number;
  readonly channels: number;
}

/** Where a panel lies in a recording; it is as wide as the detector's. */
export interface Piece {
  readonly rowStart: number;
  readonly rows: number;
  readonly channelStart: number;
}

/** Panels that lie nearer to each other than this in the band could show the same noise where one needle passes. */
const LEAST_SPACING = 64;

/** Whether a recording has room for a cadence of `drawPieces`. */
export function holdsCadences({ rows, channels }: Pick<Recording, "rows" | "channels">, shape: PanelShape) {
  if (rows >= shape.panels * shape.rows) return channels >= shape.channels;
  return rows >= 2 && channels >= shape.channels + (shape.panels - 1) * LEAST_SPACING;
}

/**
 * The panels of a cadence. A recording that is long enough gives successive pieces of time, each of the rows that the detector knows, at the same channels, gaps
 * drawn between them. A shorter one gives all of its rows to each panel, at other channels for each: evenly spaced, in drawn
 * order, and sharing pixels, at other places of the panel, where the band is narrower than all of them side by side.
 */
export function drawPieces(
  random: RandomStream,
  { rows, channels }: Pick<Recording, "rows" | "channels">,
  shape: PanelShape,
): Piece[] {
  const { panels } = shape;
  const upTo = (most: number) => wholeIn(random, [0, most]);
  const free = rows - panels * shape.rows;
  if (free >= 0) {
    const channelStart = upTo(channels - shape.channels);
    const before = Array.from({ length: panels }, () => upTo(free)).sort((a, b) => a - b);
    return before.map((gap, i) => ({ rowStart: gap + i * shape.rows, rows: shape.rows, channelStart }));
  }
  const room = Math.min(channels - shape.channels, (panels - 1) * shape.channels);
  const spacing = Math.floor(room / (panels - 1));
  const first = upTo(channels - shape.channels - spacing * (panels - 1));
  const order = Array.from({ length: panels }, (_, i) => i);
  for (let i = panels - 1; i > 0; i--) {
    const other = upTo(i);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order.map((place) => ({ rowStart: 0, rows, channelStart: first + place * spacing }));
}

/** Panel after panel, each `width` wide. */
export function cutPieces(
  { data, channels }: Recording,
  pieces: readonly Piece[],
  width: number,
): Float32Array {
  const size = pieces[0]!.rows * width;
  const cut = new Float32Array(pieces.length * size);
  for (const [panel, { rowStart, rows, channelStart }] of pieces.entries()) {
    for (let row = 0; row < rows; row++) {
      const at = (rowStart + row) * channels + channelStart;
      cut.set(data.subarray(at, at + width), panel * size + row * width);
    }
  }
  return cut;
}

/** As `readPanels` brings scans to the rows that a detector knows. */
export function toPanels(
  power: Float32Array,
  rows: number,
  shape: PanelShape,
  stream: readonly number[],
): Panels {
  const width = shape.channels;
  const plan = { rowsIn: rows, rowsOut: shape.rows, width };
  const data = new Float32Array(shape.panels * shape.rows * width);
  for (let panel = 0; panel < shape.panels; panel++) {
    const scan = power.subarray(panel * rows * width, (panel + 1) * rows * width);
    const noise = cutsRows(plan)
      ? { deviation: columnDeviations(scan, rows, width, 128), stream: [...stream, panel], columnStart: 0 }
      : undefined;
    const into = data.subarray(panel * shape.rows * width, (panel + 1) * shape.rows * width);
    const add = createRowResampler(plan, noise, into);
    for (let row = 0; row < rows; row++) add(scan.subarray(row * width, (row + 1) * width));
  }
  return { ...shape, data };
}
