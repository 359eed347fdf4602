/** The band of channels that a line fills about its path: how far its skirts reach, and taking it out of the pixels. */

import { type Candidate, ownWidth } from "./refine.ts";
import { rowStart, type Workspace } from "./workspace.ts";

export interface LineBand {
  readonly position: number;
  readonly slope: number;
  /** Channels from the path to the band's edges: `left` is negative, `right` positive. */
  readonly left: number;
  readonly right: number;
}

/** S/N of one channel beside a line, over the rows, above which it is part of the line's skirt. */
const SKIRT_SNR = 3;
const WIDEST_SKIRT = 1024;
/** A channel beside a line that stands higher over the dip between than this, and than the line's leakage, is another line. */
const RISE_SNR = 6;

/** Grows a band from a line's box outwards, over channels that stand out of the noise, to the next line at the most. */
export function bandAbout(workspace: Workspace, line: Candidate): LineBand {
  const half = line.width / 2;
  const guard = line.snr > 30 ? 1 : 0.5;
  return {
    position: line.position,
    slope: line.slope,
    left: -(skirtReach(-1) + guard),
    right: skirtReach(1) + guard,
  };

  function skirtReach(side: -1 | 1): number {
    const limit = Math.min(WIDEST_SKIRT, 16 * line.width + 4 * line.snr);
    let reach = half;
    let dip = Number.POSITIVE_INFINITY;
    let dipReach = reach;
    let next = channelSnr(workspace, line, side * (half + 0.5));
    for (let distance = half + 0.5; distance < limit; distance++) {
      const here = next;
      next = channelSnr(workspace, line, side * (distance + 1));
      if (!(here >= SKIRT_SNR || next >= SKIRT_SNR)) break;
      const leakage = line.snr / (1 + (distance - half) ** 2);
      if (here > dip + RISE_SNR && here > 2 * leakage) return dipReach;
      if (here < dip) {
        dip = here;
        dipReach = distance - 0.5;
      }
      reach = distance + 0.5;
    }
    return reach;
  }
}

/** Over its flanks a line must have this share of the S/N asked for. */
const FLANK_SHARE = 0.75;
/** From this width on, a line at the band's end, with no flank on one side, can't be told from the end itself. */
const WIDE = 4;

/**
 * Whether a line stands out of what is beside it, not only out of the baseline: plateaus, steps and ripples of the band don't. A
 * flank is twice the line's width and more on either side; its median counts, so that another line in it doesn't.
 */
export function standsOut(workspace: Workspace, line: Candidate, snr: number): boolean {
  const { width } = line;
  const level = line.snr / Math.sqrt(width);
  return ([-1, 1] as const).every((side) => {
    const flank: number[] = [];
    const channels = 2 * width + 8;
    for (let i = 0; i < channels; i++) {
      const value = channelSnr(workspace, line, side * (0.75 * width + 1.5 + i));
      if (!Number.isNaN(value)) flank.push(value);
    }
    if (flank.length < channels / 2) return width < WIDE;
    flank.sort((a, b) => a - b);
    return (level - flank[flank.length >> 1]!) * Math.sqrt(width) >= FLANK_SHARE * snr;
  });
}

/** Right beside a broad line, the power may be this share of the line's. */
const SHOULDER_SHARE = 0.35;
const BROAD = 24;

/** Whether a candidate ends where its box ends. A plateau, a ripple's crest and a step's corner go on. */
export function fitsItsBox(workspace: Workspace, line: Candidate): boolean {
  const { width } = line;
  if (width < Math.min(BROAD, workspace.levels.at(-1)!.width) || width < WIDE) return true;
  const level = line.snr / Math.sqrt(width * workspace.bank.rows);
  return [-1, 1].every((side) => !(meanBeside(workspace, line, side * width) > SHOULDER_SHARE * level));
}

/** Mean of the pixels in a box of the line's width at a distance from it. NaN where none is there. */
function meanBeside(workspace: Workspace, line: Candidate, distance: number): number {
  const { sums, count } = boxSums(workspace, line, distance);
  return sums.reduce((total, sum) => total + sum, 0) / count;
}

/** Each row's sum over a box of the line's width at a distance from its path, and how many pixels of them all are there. */
function boxSums(workspace: Workspace, line: Candidate, distance: number) {
  const floats = workspace.kernels.floats();
  const sums = new Float64Array(workspace.bank.rows);
  let count = 0;
  for (let row = 0; row < sums.length; row++) {
    const at = rowStart(workspace, row);
    const first = Math.floor(pathAt(workspace, line, row) + distance - (line.width - 1) / 2 + 0.5);
    const stop = Math.min(workspace.channels, first + line.width);
    for (let c = Math.max(0, first); c < stop; c++) {
      const value = floats[at + c]!;
      sums[row]! += value;
      if (value !== 0) count++;
    }
  }
  return { sums, count };
}

/** Deviation of the median of many normal numbers, over that of their mean. */
const MEDIAN_DEVIATION = Math.sqrt(Math.PI / 2);

/**
 * S/N of one channel at a distance from the path, by the median over its rows: a line that crosses is in less than half of them.
 * NaN where under a quarter of its pixels are there.
 */
function channelSnr(workspace: Workspace, line: Candidate, distance: number): number {
  const { rows } = workspace.bank;
  const floats = workspace.kernels.floats();
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    const channel = Math.floor(pathAt(workspace, line, row) + distance + 0.5);
    if (channel < 0 || channel >= workspace.channels) continue;
    const value = floats[rowStart(workspace, row) + channel]!;
    if (value !== 0) values.push(value);
  }
  if (values.length < rows / 4) return Number.NaN;
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  const middle = values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
  return (middle * Math.sqrt(values.length)) / MEDIAN_DEVIATION;
}

function pathAt(workspace: Workspace, line: { position: number; slope: number }, row: number): number {
  return line.position + line.slope * (row - 0.5 * (workspace.bank.rows - 1));
}

/** Sets a band's pixels to 0 and returns the channels that it touched. */
export function clearBand(workspace: Workspace, band: LineBand): { start: number; stop: number } {
  const floats = workspace.kernels.floats();
  let start = workspace.channels;
  let stop = 0;
  for (let row = 0; row < workspace.bank.rows; row++) {
    const path = pathAt(workspace, band, row);
    const first = Math.max(0, Math.floor(path + band.left + 0.5));
    const last = Math.min(workspace.channels, Math.ceil(path + band.right + 0.5));
    if (first >= last) continue;
    const at = rowStart(workspace, row);
    floats.fill(0, at + first, at + last);
    start = Math.min(start, first);
    stop = Math.max(stop, last);
  }
  return { start: Math.min(start, stop), stop };
}

/** Whether a candidate is a piece, left beside the band, of a structure that was no line. Narrow ones may be lines of their own. */
export function isPieceOf(workspace: Workspace, line: Candidate, band: LineBand): boolean {
  return line.width >= WIDE && liesInBand(workspace, line, band, 2 * line.width);
}

/** Whether a line runs within a band or beside it, no farther than `gap` channels off its own edge, in most of the rows. */
export function liesInBand(
  workspace: Workspace,
  line: Candidate,
  band: LineBand,
  gap = Math.max(2, ownWidth(line)),
): boolean {
  const { rows } = workspace.bank;
  const reach = line.width / 2 + gap;
  let inside = 0;
  for (let row = 0; row < rows; row++) {
    const distance = pathAt(workspace, line, row) - pathAt(workspace, band, row);
    if (distance > band.left - reach && distance < band.right + reach) inside++;
  }
  return inside > 0.6 * rows;
}

/** Whether a line lasts: it still stands out without its strongest rows, two of them (one of fewer than eight). */
export function lastsOverRows(workspace: Workspace, line: Candidate, snr: number): boolean {
  const { rows } = workspace.bank;
  if (rows < 4) return true;
  const { sums, count } = boxSums(workspace, line, 0);
  sums.sort();
  const kept = sums.subarray(0, rows < 8 ? rows - 1 : rows - 2);
  const pixels = Math.max(1, count - (rows - kept.length) * line.width);
  return kept.reduce((total, sum) => total + sum, 0) / Math.sqrt(pixels) > Math.min(4, snr / 2);
}
