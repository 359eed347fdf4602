/**
 * The second pass: measures a candidate of the first with the path and the box that fit it best. Position (channel at the middle of
 * the rows) and drift (channels a row) run over ever finer grids, box widths over a ladder of half octaves. Of a line that is
 * accepted, both are then the means over exp(S/N^2 / 2), the likelihood of a line of unknown power in Gaussian noise.
 */

import { templateSlope } from "./bank.ts";
import { GRID_POINTS, type LevelArea, rowStart, type Workspace } from "./workspace.ts";

export interface Candidate {
  /** Channel at the middle of the rows, counted from the segment's first channel's centre. */
  readonly position: number;
  /** Channels a row. */
  readonly slope: number;
  /** Box width in channels. */
  readonly width: number;
  readonly snr: number;
}

export interface MeasuredLine extends Candidate {
  /** One standard deviation, channels a row. */
  readonly slopeUncertainty: number;
}

/** Width without what the drift smears over a row, a channel at least. */
export function ownWidth({ width, slope }: Candidate): number {
  return Math.max(1, width - Math.abs(slope));
}

interface Grid {
  readonly position: number;
  readonly positionStep: number;
  readonly positions: number;
  readonly slope: number;
  readonly slopeStep: number;
  readonly slopes: number;
}

const WIDTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/** What the finer grids can add to the S/N of the coarse one at most. */
const FINER_GAIN = 1.2;

/** The best path and box about a candidate. One that the finer grids can't lift to `least` is returned as the coarse one has it. */
export function refineCandidate(
  workspace: Workspace,
  level: LevelArea,
  box: number,
  least: number,
): Candidate {
  const { kernels, bank } = workspace;
  const { rows } = bank;
  const template = kernels.run.bestTemplate(
    level.originAt + box * 4,
    level.templatesAt,
    rows,
    level.templates,
  );
  const w = level.width;
  const rung = WIDTHS.indexOf(w);
  const ladder = WIDTHS.filter((width) => width <= 1.5 * workspace.levels.at(-1)!.width);
  let fit: Candidate = {
    position: box * level.step + (w - 1) / 2,
    slope: templateSlope(level, rows, template),
    width: w,
    snr: Number.NEGATIVE_INFINITY,
  };
  const first = fit;
  for (const width of ladder.slice(Math.max(0, rung - 2), rung + 3)) {
    const step = Math.max(0.25, Math.min(w, width) / 4);
    const spanStep = Math.max(0.5, Math.min(w, width) / 2);
    fit = better(
      fit,
      bestOnGrid(workspace, width, gridAbout(first, w / 2 + 0.5, step, 1.25 * w, spanStep, rows)),
    );
  }
  if (fit.snr * FINER_GAIN < least) return fit;
  const coarse = fit;
  const coarseRung = WIDTHS.indexOf(coarse.width);
  for (const width of ladder.slice(Math.max(0, coarseRung - 1), coarseRung + 2)) {
    const grid = gridAbout(
      coarse,
      Math.max(0.5, width / 4),
      Math.max(1 / 8, width / 16),
      Math.max(1, width / 2),
      Math.max(0.25, width / 8),
      rows,
    );
    fit = better(fit, bestOnGrid(workspace, width, grid));
  }
  return fit;
}

/** A grid about a fit: `reach` and `step` in channels of position, the next two in channels of drift from first row to last. */
function gridAbout(
  fit: Candidate,
  reach: number,
  step: number,
  spanReach: number,
  spanStep: number,
  rows: number,
): Grid {
  const positions = 2 * Math.ceil(reach / step) + 1;
  const slopes = rows > 1 ? 2 * Math.ceil(spanReach / spanStep) + 1 : 1;
  const slopeStep = rows > 1 ? spanStep / (rows - 1) : 0;
  return {
    position: fit.position - ((positions - 1) / 2) * step,
    positionStep: step,
    positions,
    slope: fit.slope - ((slopes - 1) / 2) * slopeStep,
    slopeStep,
    slopes,
  };
}

function evaluate(workspace: Workspace, width: number, grid: Grid): Float32Array {
  const points = grid.positions * grid.slopes;
  if (points > GRID_POINTS)
    throw new RangeError(`${points} points on a refining grid; there is room for ${GRID_POINTS}`);
  const { kernels, bank, originAt, rowBytes, gridAt } = workspace;
  kernels.run.pathGrid(
    originAt,
    rowBytes,
    bank.rows,
    width,
    grid.position,
    grid.positionStep,
    grid.positions,
    grid.slope,
    grid.slopeStep,
    grid.slopes,
    gridAt,
  );
  return kernels.floats().subarray(gridAt / 4, gridAt / 4 + points);
}

function bestOnGrid(workspace: Workspace, width: number, grid: Grid): Candidate {
  const values = evaluate(workspace, width, grid);
  let best = 0;
  for (let i = 1; i < values.length; i++) if (!(values[i]! <= values[best]!)) best = i;
  return {
    position: grid.position + (best % grid.positions) * grid.positionStep,
    slope: grid.slope + Math.floor(best / grid.positions) * grid.slopeStep,
    width,
    snr: Number.isNaN(values[best]!) ? Number.NEGATIVE_INFINITY : values[best]!,
  };
}

function better(a: Candidate, b: Candidate): Candidate {
  return b.snr > a.snr ? b : a;
}

/** Widths between the rungs of the ladder, tried for an accepted line. */
const WIDTH_FACTORS = [0.8, 0.9, 1, 1.1, 1.22];
/** A box of one channel keeps or loses a row whole: its path is settled on a finer grid, in channels. */
const NARROW_STEP = 1 / 24;
const NARROW_SPAN_STEP = 1 / 12;

/** The path of an accepted line to a fraction of a channel, and its drift's uncertainty. */
export function measureLine(workspace: Workspace, candidate: Candidate): MeasuredLine {
  const { rows, maxSpan } = workspace.bank;
  const quantum = 1 / Math.max(1, rows - 1);
  const line = fitWidth(workspace, candidate);
  if (maxSpan < 1) return { ...line, slope: 0, slopeUncertainty: quantum / Math.sqrt(12) };
  const first = measureAbout(workspace, line);
  if (first === undefined) return { ...line, slopeUncertainty: quantum };
  if (line.width > 1) return first;
  // The fit may lie at an end of the paths that are all equally good: the second grid lies about their middle.
  const second = measureAbout(workspace, { ...line, position: first.position, slope: first.slope }) ?? first;
  return { ...second, snr: Math.max(first.snr, second.snr) };
}

function measureAbout(workspace: Workspace, line: Candidate): MeasuredLine | undefined {
  const { rows } = workspace.bank;
  const { width } = line;
  const grid =
    width === 1
      ? gridAbout(line, 0.5, NARROW_STEP, 1, NARROW_SPAN_STEP, rows)
      : gridAbout(
          line,
          Math.max(1, width / 4),
          Math.max(1 / 8, width / 32),
          Math.max(2, width / 2),
          Math.max(1 / 4, width / 16),
          rows,
        );
  const values = width === 1 ? evaluate(workspace, 1, grid) : evaluateSmooth(workspace, width, grid);
  const peak = values.reduce((largest, value) => (value > largest ? value : largest), 0);
  let weights = 0;
  let position = 0;
  let slope = 0;
  let slopeSquare = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value > 0)) continue;
    const weight = Math.exp((value * value - peak * peak) / 2);
    const p = (i % grid.positions) * grid.positionStep;
    const s = Math.floor(i / grid.positions) * grid.slopeStep;
    weights += weight;
    position += weight * p;
    slope += weight * s;
    slopeSquare += weight * s * s;
  }
  if (weights === 0) return undefined;
  position /= weights;
  slope /= weights;
  const variance = Math.max(0, slopeSquare / weights - slope * slope) + grid.slopeStep ** 2 / 12;
  return {
    ...line,
    snr: width === 1 ? Math.max(line.snr, peak) : line.snr,
    position: grid.position + position,
    slope: grid.slope + slope,
    slopeUncertainty: Math.sqrt(variance),
  };
}

function fitWidth(workspace: Workspace, line: Candidate): Candidate {
  let fit = line;
  const widths = new Set(WIDTH_FACTORS.map((factor) => Math.round(line.width * factor)));
  if (widths.size < 2) return line;
  for (const width of widths) {
    const grid = gridAbout(line, width / 8, width / 16, width / 4, width / 8, workspace.bank.rows);
    fit = better(fit, bestOnGrid(workspace, width, grid));
  }
  return fit;
}

/** As `evaluate`, with boxes placed to the fraction of a channel: the pixels at their ends count by the share that is covered. */
function evaluateSmooth(workspace: Workspace, width: number, grid: Grid): Float32Array {
  const { kernels, bank } = workspace;
  const floats = kernels.floats();
  const middle = (bank.rows - 1) / 2;
  const values = new Float32Array(grid.positions * grid.slopes);
  for (let s = 0; s < grid.slopes; s++) {
    const slope = grid.slope + s * grid.slopeStep;
    for (let p = 0; p < grid.positions; p++) {
      const start = grid.position + p * grid.positionStep - slope * middle - (width - 1) / 2;
      let sum = 0;
      let square = 0;
      for (let row = 0; row < bank.rows; row++) {
        const left = start + slope * row;
        const first = Math.floor(left);
        const share = left - first;
        const at = rowStart(workspace, row) + first;
        for (let c = 0; c <= width; c++) {
          const value = floats[at + c]!;
          if (value === 0) continue;
          const weight = c === 0 ? 1 - share : c === width ? share : 1;
          sum += weight * value;
          square += weight * weight;
        }
      }
      values[s * grid.positions + p] = square > 0 ? sum / Math.sqrt(square) : 0;
    }
  }
  return values;
}
