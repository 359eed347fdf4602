/**
 * A segment, a run of channels of a spectrogram that is searched at one go, laid out in the kernels' memory: rows of pixels, rows
 * of boxes for each level of the bank, best sums, tables. Rows have zeros on either side, as many as a path can run past the end.
 */

import type { Bank, SharedLevel } from "./bank.ts";
import type { SearchKernels } from "./kernels.ts";
import type { GroupSum } from "./shared-sums.ts";

export interface LevelArea extends SharedLevel {
  /** Address of box 0 in row 0. Box i covers channels `i * step` to `i * step + width - 1`. */
  readonly originAt: number;
  readonly rowBytes: number;
  /** Boxes in a row. */
  readonly boxes: number;
  readonly templatesAt: number;
  /** Best sum for each box, over the level's templates. */
  readonly bestAt: number;
  /** Where the level shares sums: their values for a run of boxes, the rows they are over, and the templates over them. */
  readonly sums?: SumsArea;
}

export interface SumsArea {
  readonly at: number;
  readonly strideBytes: number;
  readonly rowsAt: number;
  readonly templatesAt: number;
}

/** Boxes that shared sums are made for at a time. */
export const SUMS_RUN = 512;

export interface Workspace {
  readonly kernels: SearchKernels;
  readonly bank: Bank;
  /** Channels in a segment. */
  readonly channels: number;
  /** Zeros on either side of a row. */
  readonly pad: number;
  /** Address of channel 0 in row 0. */
  readonly originAt: number;
  readonly rowBytes: number;
  readonly levels: readonly LevelArea[];
  readonly blocks: number;
  readonly momentsAt: number;
  readonly knotsAt: number;
  readonly gridAt: number;
}

/** Index among the kernels' floats of a row's channel 0. */
export function rowStart({ originAt, rowBytes }: Workspace, row: number): number {
  return (originAt + row * rowBytes) / 4;
}

export const BLOCK_CHANNELS = 256;
export const KNOT_PAD = 2;
export const GRID_POINTS = 4096;
/** Boxes are worked on so many at a time. */
export const RUN = 32;

/** Floats between rows: never near a whole number of 4 KiB pages, where the rows would share cache sets. */
function rowStride(length: number): number {
  return Math.ceil(length / 1024) * 1024 + 80;
}

/** Floats for the shared sums, their rows and the templates over them. */
function sumsLengths({ shared, templates }: SharedLevel): [number, number, number] {
  if (shared === undefined) return [0, 0, 0];
  const rows = shared.sums.reduce((sum, { offsets }) => sum + offsets.length, 0);
  return [shared.sums.length * sumsStride(shared.sums), rows, templates * shared.groups];
}

function sumsStride(sums: readonly GroupSum[]): number {
  const widest = sums.reduce((most, sum) => Math.max(most, sum.most - sum.least), 0);
  return Math.ceil((SUMS_RUN + widest + RUN) / 64) * 64 + 16;
}

interface Layout {
  readonly pad: number;
  readonly stride: number;
  readonly blocks: number;
  readonly sizes: readonly { readonly boxes: number; readonly levelPad: number; readonly stride: number }[];
  /** Floats in each area. */
  readonly lengths: readonly number[];
}

function layOut(bank: Bank, channels: number): Layout {
  const { rows } = bank;
  const widest = bank.levels.at(-1)!.width;
  const pad = Math.ceil((bank.maxSpan / 2 + 4 * widest + 4 * RUN) / 16) * 16;
  const stride = rowStride(channels + 2 * pad);
  const blocks = Math.max(1, Math.round(channels / BLOCK_CHANNELS));
  const sizes = bank.levels.map((level, l) => {
    const boxes = Math.max(1, Math.floor((channels - level.width) / level.step) + 1);
    const levelPad = level.reach + 2 * RUN;
    return { boxes, levelPad, stride: l === 0 ? stride : rowStride(boxes + 2 * levelPad + RUN) };
  });
  const lengths = [
    rows * stride,
    2 * rows * blocks,
    2 * (blocks + 2 * KNOT_PAD),
    GRID_POINTS,
    ...bank.levels.flatMap((level, l) => {
      const { boxes, stride } = sizes[l]!;
      return [l === 0 ? 0 : rows * stride, level.templates * rows, boxes + RUN, ...sumsLengths(level)];
    }),
  ];
  return { pad, stride, blocks, sizes, lengths };
}

/** What a segment of so many channels needs of a thread's memory. */
export function workspaceBytes(bank: Bank, channels: number): number {
  return 4 * layOut(bank, channels).lengths.reduce((sum, length) => sum + length, 0);
}

export function makeWorkspace(kernels: SearchKernels, bank: Bank, channels: number): Workspace {
  const { rows } = bank;
  const { pad, stride, blocks, sizes, lengths } = layOut(bank, channels);
  kernels.clear();
  const [pixelsAt, momentsAt, knotsAt, gridAt, ...areas] = kernels.reserve(lengths) as [
    number,
    number,
    number,
    number,
    ...number[],
  ];
  const originAt = pixelsAt + pad * 4;
  const ints = kernels.ints();
  const levels = bank.levels.map((level, l): LevelArea => {
    const { boxes, levelPad, stride } = sizes[l]!;
    const [rowsAt, templatesAt, bestAt, ...sumsAt] = areas.slice(6 * l, 6 * l + 6) as [
      number,
      number,
      number,
      ...number[],
    ];
    const rowBytes = stride * 4;
    level.offsets.forEach((offset, i) => {
      ints[templatesAt / 4 + i] = (i % rows) * rowBytes + offset * 4;
    });
    return {
      ...level,
      originAt: l === 0 ? originAt : rowsAt + levelPad * 4,
      rowBytes,
      boxes,
      templatesAt,
      bestAt,
      sums: level.shared && layOutSums(ints, level, rowBytes, sumsAt as [number, number, number]),
    };
  });
  return {
    kernels,
    bank,
    channels,
    pad,
    originAt,
    rowBytes: stride * 4,
    levels,
    blocks,
    momentsAt,
    knotsAt,
    gridAt,
  };
}

function layOutSums(
  ints: Int32Array,
  { shared, templates }: SharedLevel,
  rowBytes: number,
  [at, rowsAt, templatesAt]: [number, number, number],
): SumsArea {
  const { sums, sumOf, startOf, groups } = shared!;
  const strideBytes = sumsStride(sums) * 4;
  let next = rowsAt / 4;
  for (const { firstRow, offsets } of sums) {
    for (const [r, offset] of offsets.entries()) ints[next++] = (firstRow + r) * rowBytes + offset * 4;
  }
  for (let i = 0; i < templates * groups; i++) {
    const sum = sumOf[i]!;
    ints[templatesAt / 4 + i] = sum * strideBytes + (startOf[i]! - sums[sum]!.least) * 4;
  }
  return { at, strideBytes, rowsAt, templatesAt };
}
