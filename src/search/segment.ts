/**
 * Finds the lines of one segment, strongest first. Each line found is taken out of the pixels before the next is looked for, so
 * that neither its own detuned paths nor its skirts are found again, and a weak line beside a strong one is seen as it is.
 */

import { MATCH } from "./bank.ts";
import { updateBestSums } from "./best-sums.ts";
import {
  bandAbout,
  clearBand,
  fitsItsBox,
  isPieceOf,
  type LineBand,
  lastsOverRows,
  liesInBand,
  standsOut,
} from "./line-band.ts";
import { normaliseSegment } from "./noise.ts";
import { type MeasuredLine, measureLine, ownWidth, refineCandidate } from "./refine.ts";
import { type LevelArea, RUN, rowStart, type Workspace } from "./workspace.ts";

export interface SegmentLine extends MeasuredLine {
  /** Channels from the lowest to the highest that the line stands out in, about its path. */
  readonly bandwidth: number;
}

export interface SegmentResult {
  readonly lines: SegmentLine[];
  /** Degrees of freedom of the pixels' noise. */
  readonly pixelDof: number;
  /** True where lines were left unsearched because there were more than `maxLines`. */
  readonly crowded: boolean;
}

/** Beside a line found before, parallel to it and weaker than this share of it: its skirt, or what a crooked path left of it. */
const REMNANT_SHARE = 0.25;
/** Parallel to a line, within so many channels of its box, and weaker than this share of it: its sidelobe. */
const SIDELOBE_CHANNELS = 12;
const SIDELOBE_SHARE = 0.03;
/** Measuring a candidate adds to its S/N: those under this share of the limit don't reach it. */
const MEASURING_GAIN = 0.93;
/** Boxes of which only the strongest is remembered. */
const PEAK_RUN = 1024;

interface FoundLine {
  readonly line: MeasuredLine;
  readonly band: LineBand;
  bandwidth: number;
}

/**
 * Searches the pixels that lie in the workspace, channels `start` to `stop`; the others hold zeros, and so do channels that are to be
 * left out once normalised, `blanked`. Lines down to `snr` are found.
 */
export function searchSegment(
  workspace: Workspace,
  start: number,
  stop: number,
  blanked: readonly number[],
  snr: number,
  maxLines: number,
): SegmentResult {
  const pixelDof = normaliseSegment(workspace, start, stop);
  blankChannels(workspace, blanked);
  addBoxes(workspace, 0, workspace.channels);
  const peaks = workspace.levels.map((level) => new LevelPeaks(workspace, level));
  for (const level of peaks) level.update(0, level.area.boxes);

  const found: FoundLine[] = [];
  const structures: LineBand[] = [];
  let crowded = false;
  for (;;) {
    const strongest = strongestPeak(peaks);
    if (strongest === undefined || strongest.snr < MATCH * snr) break;
    const { level, box } = strongest;
    const candidate = refineCandidate(workspace, level.area, box, snr);
    const line = candidate.snr >= MEASURING_GAIN * snr ? measureLine(workspace, candidate) : undefined;
    if (line === undefined || line.snr < snr) {
      level.dismiss(box);
      continue;
    }
    const band = bandAbout(workspace, line);
    const parent = found.find((other) => isRemnant(workspace, line, other));
    if (parent) {
      parent.bandwidth = Math.max(parent.bandwidth, extentWith(parent.band, band));
    } else if (lastsOverRows(workspace, line, snr)) {
      const isLine =
        standsOut(workspace, line, snr) &&
        fitsItsBox(workspace, line) &&
        !structures.some((structure) => isPieceOf(workspace, line, structure));
      if (isLine) found.push({ line, band, bandwidth: band.right - band.left });
      else structures.push(band);
    }
    const dirty = clearBand(workspace, band);
    addBoxes(workspace, dirty.start, dirty.stop);
    for (const other of peaks) {
      const { area } = other;
      const reach = area.reach + 2;
      other.update(Math.floor(dirty.start / area.step) - reach, Math.ceil(dirty.stop / area.step) + reach);
    }
    if (found.length >= maxLines) {
      crowded = true;
      break;
    }
  }
  return { lines: found.map(({ line, bandwidth }) => ({ ...line, bandwidth })), pixelDof, crowded };
}

function isRemnant(workspace: Workspace, line: MeasuredLine, { line: other, band }: FoundLine): boolean {
  const parting = Math.abs(line.slope - other.slope) * (workspace.bank.rows - 1);
  if (parting > line.width + other.width) return false;
  if (line.snr < REMNANT_SHARE * other.snr && liesInBand(workspace, line, band)) return true;
  const apart = Math.abs(line.position - other.position) - other.width / 2;
  return line.snr < SIDELOBE_SHARE * other.snr && apart < SIDELOBE_CHANNELS * ownWidth(other);
}

/** Channels from the lowest to the highest of two bands of parallel lines. */
function extentWith(band: LineBand, other: LineBand): number {
  const shift = other.position - band.position;
  return Math.max(band.right, other.right + shift) - Math.min(band.left, other.left + shift);
}

function blankChannels(workspace: Workspace, channels: readonly number[]): void {
  const floats = workspace.kernels.floats();
  for (const channel of channels) {
    for (let row = 0; row < workspace.bank.rows; row++) {
      floats[rowStart(workspace, row) + channel] = 0;
    }
  }
}

/** Makes the boxes of every level that touch channels `start` to `stop` anew. */
function addBoxes(workspace: Workspace, start: number, stop: number): void {
  const { kernels, levels, bank } = workspace;
  for (let l = 1; l < levels.length; l++) {
    const level = levels[l]!;
    const below = levels[l - 1]!;
    const ratio = level.step / below.step;
    const first = Math.max(0, Math.floor((start - level.width) / level.step));
    const last = Math.min(level.boxes, Math.ceil(stop / level.step) + 1);
    for (let row = 0; row < bank.rows; row++) {
      const inAt = below.originAt + row * below.rowBytes + first * ratio * 4;
      const outAt = level.originAt + row * level.rowBytes + first * 4;
      if (l === 1) kernels.run.addThree(inAt, outAt, last - first);
      else kernels.run.addTwo(inAt, outAt, last - first);
    }
  }
}

function strongestPeak(
  peaks: readonly LevelPeaks[],
): { level: LevelPeaks; box: number; snr: number } | undefined {
  let strongest: { level: LevelPeaks; box: number; snr: number } | undefined;
  for (const level of peaks) {
    const { box, snr } = level.strongest();
    if (strongest === undefined || snr > strongest.snr) strongest = { level, box, snr };
  }
  return strongest;
}

/** The best sums of one level, with the strongest of each run of boxes kept. */
class LevelPeaks {
  readonly area: LevelArea;
  readonly #workspace: Workspace;
  readonly #toSnr: number;
  readonly #runs: Int32Array;

  constructor(workspace: Workspace, area: LevelArea) {
    this.area = area;
    this.#workspace = workspace;
    this.#toSnr = 1 / Math.sqrt(workspace.bank.rows * area.width);
    this.#runs = new Int32Array(Math.ceil(area.boxes / PEAK_RUN));
  }

  #best(): Float32Array {
    const at = this.area.bestAt / 4;
    return this.#workspace.kernels.floats().subarray(at, at + this.area.boxes);
  }

  /** Sums the templates anew at boxes `start` to `stop`. */
  update(start: number, stop: number): void {
    const { area } = this;
    const first = Math.max(0, Math.floor(start / RUN) * RUN);
    const last = Math.min(area.boxes, stop);
    if (first >= last) return;
    updateBestSums(this.#workspace.kernels, area, this.#workspace.bank.rows, first, last);
    this.#findRuns(first, last);
  }

  /** Takes a box that turned out to be noise, and its neighbours, out of the running. */
  dismiss(box: number): void {
    const start = Math.max(0, box - 1);
    const stop = Math.min(this.area.boxes, box + 2);
    this.#best().fill(Number.NEGATIVE_INFINITY, start, stop);
    this.#findRuns(start, stop);
  }

  strongest(): { box: number; snr: number } {
    const best = this.#best();
    let box = this.#runs[0]!;
    for (const candidate of this.#runs) if (best[candidate]! > best[box]!) box = candidate;
    return { box, snr: best[box]! * this.#toSnr };
  }

  #findRuns(start: number, stop: number): void {
    const best = this.#best();
    for (let run = Math.floor(start / PEAK_RUN); run * PEAK_RUN < stop; run++) {
      const end = Math.min(best.length, (run + 1) * PEAK_RUN);
      let box = run * PEAK_RUN;
      for (let i = box + 1; i < end; i++) if (best[i]! > best[box]!) box = i;
      this.#runs[run] = box;
    }
  }
}
