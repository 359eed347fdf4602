/**
 * The second pass: measures a candidate of the first with the path and the box that fit it best. Position (channel at the middle of
 * the rows) and drift (channels a row) run over ever finer grids, box widths over a ladder of half octaves; at the end both are the means over
 * exp(S/N^2 / 2), the likelihood of a line of unknown power in Gaussian noise, and the drift's uncertainty is its deviation.
 */

import { templateSlope } from "./bank.ts";
import { GRID_POINTS, type LevelArea, type Workspace } from "./workspace.ts";

export interface Candidate {
  /** Channel at the middle of the rows, counted from the segment's first channel's centre. */
  readonly position: number;
  /** Channels a row. */
  readonly slope: number;
  readonly slopeUncertainty: number;
  /** Box width in channels. */
  readonly width: number;
  readonly snr: number;
}

interface Grid {
  readonly position: number;
  readonly positionStep: number;
  readonly positions: number;
  readonly slope: number;
  readonly slopeStep: number;
  readonly slopes: number;
}

interface Fit {
  readonly position: number;
  readonly slope: number;
  readonly width: number;
  readonly snr: number;
}

const WIDTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

export function refineCandidate(workspace: Workspace, level: LevelArea, box: number): Candidate {
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
  let fit: Fit = {
    position: box * level.step + (w - 1) / 2,
    slope: templateSlope(level, rows, template),
    width: w,
    snr: Number.NEGATIVE_INFINITY,
  };
  const first = fit;
  for (const width of WIDTHS.slice(Math.max(0, rung - 2), rung + 3)) {
    const step = Math.max(0.25, Math.min(w, width) / 4);
    const spanStep = Math.max(0.5, Math.min(w, width) / 2);
    fit = better(
      fit,
      bestOnGrid(workspace, width, gridAbout(first, w / 2 + 0.5, step, 1.25 * w, spanStep, rows)),
    );
  }
  const coarse = fit;
  const coarseRung = WIDTHS.indexOf(coarse.width);
  for (const width of WIDTHS.slice(Math.max(0, coarseRung - 1), coarseRung + 2)) {
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
  return settle(workspace, fit);
}

/** A grid about a fit: `reach` and `step` in channels of position, the next two in channels of drift from first row to last. */
function gridAbout(
  fit: Fit,
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

function bestOnGrid(workspace: Workspace, width: number, grid: Grid): Fit {
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

function better(a: Fit, b: Fit): Fit {
  return b.snr > a.snr ? b : a;
}

function settle(workspace: Workspace, fit: Fit): Candidate {
  const { rows } = workspace.bank;
  const { width } = fit;
  const grid = gridAbout(
    fit,
    Math.max(1, width / 2),
    Math.max(1 / 8, width / 16),
    Math.max(2, width),
    Math.max(0.25, width / 8),
    rows,
  );
  const values = evaluate(workspace, width, grid);
  let peak = fit.snr;
  for (const value of values) if (value > peak) peak = value;
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
  position /= weights;
  slope /= weights;
  const variance = Math.max(0, slopeSquare / weights - slope * slope) + grid.slopeStep ** 2 / 12;
  return {
    position: grid.position + position,
    slope: grid.slope + slope,
    slopeUncertainty: Math.sqrt(variance),
    width,
    snr: peak,
  };
}
