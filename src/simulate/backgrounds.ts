/**
 * What a panel holds beside signals: noise, the columns' structure (bandpass, ripple, edges, birdies), the rows' (gains that drift and
 * step, bright rows, bursts), smooth patches. Everything is measured in standard deviations of a typical pixel's noise, so that
 * a signal's S/N is known whatever lies under it.
 */

import type { PanelShape } from "../signal/panels.ts";
import {
  addBump,
  type ColumnKind,
  columnCurves,
  drawCurve,
  type RowKind,
  rowCurves,
} from "./background-curves.ts";
import { drawPatches, type Patch, type PatchRecipe } from "./background-patches.ts";
import { chance, logUniformIn, pickKind, pickOne, type Range, uniformIn, type Weights } from "./draw.ts";
import { drawNoiseLevel } from "./noise-levels.ts";
import { nearestNoiseDof, noiseRow, type PanelNoise, panelNoise } from "./panel-noise.ts";
import type { RandomStream, StreamKey } from "./random.ts";

export interface BackgroundRecipe {
  readonly noise: {
    /** `measured` takes the degrees of freedom from levels that Green Bank recorded. */
    readonly kind: Weights<"chi-squared" | "gaussian" | "measured">;
    /** Degrees of freedom of a chi-squared pixel. */
    readonly dof: Range;
    /** The share of cadences whose pixels have a part of their neighbours' noise, as resampled data do, and what part. */
    readonly correlated: number;
    readonly correlation: Range;
  };
  /** The share of cadences with noise alone. */
  readonly bare: number;
  /** The share of cadences whose structure is weak. */
  readonly weak: number;
  /** The share of a panel's variance that columns and rows carry, where it is not weak. */
  readonly structure: Range;
  /** The same where it is weak. */
  readonly weakStructure: Range;
  /** How the columns and rows share it: the mean parts. */
  readonly split: { readonly columns: number; readonly rows: number };
  /** How far the columns change from panel to panel: 0 not at all, 1 altogether. */
  readonly panelChange: Range;
  /** Whether the noise grows where the level does: not at all, as in a receiver's gain, in part. */
  readonly gain: Weights<"none" | "full" | "part">;
  /** The share of cadences in which a row's change reaches a part of the band alone. */
  readonly partOfBand: number;
  /** The share of cadences in which signals bring noise of their own. */
  readonly selfNoise: number;
  /** The chance of each kind. */
  readonly columns: Readonly<Record<ColumnKind, number>>;
  readonly rows: Readonly<Record<RowKind, number>>;
  readonly patches: PatchRecipe;
}

/** Level and noise of a pixel: `columns[f] * (1 + coupling * rows[t]) + rows[t] * band[f]`, and the product of the two sigmas. */
interface PanelStructure {
  readonly columns: Float64Array;
  readonly rows: Float64Array;
  readonly columnSigma: Float64Array;
  readonly rowSigma: Float64Array;
}

export interface Background {
  readonly noise: PanelNoise;
  /** How much of the noise of the channel and of the row before a pixel has, against its own. */
  readonly correlation: { readonly channels: number; readonly rows: number };
  /** 0, or the relative deviation by which a signal's own noise goes. */
  readonly selfNoise: number;
  /** The share of the variance that was asked of columns and rows. */
  readonly structure: number;
  readonly band: Float64Array;
  readonly coupling: number;
  readonly panels: readonly PanelStructure[];
  readonly patches: readonly Patch[];
}

export function drawBackground(random: RandomStream, recipe: BackgroundRecipe, size: PanelShape): Background {
  const kind = pickKind(random, recipe.noise.kind);
  const dof =
    kind === "gaussian"
      ? Infinity
      : kind === "measured"
        ? drawNoiseLevel(random).dof
        : logUniformIn(random, recipe.noise.dof);
  const noise = panelNoise(nearestNoiseDof(dof));
  const relativeDeviation = noise.relativeDeviation || logUniformIn(random, [0.03, 0.5]);
  const selfNoise = chance(random, recipe.selfNoise) ? relativeDeviation : 0;
  const correlation = drawCorrelation(random, recipe);
  const bare = chance(random, recipe.bare);
  const weak = chance(random, recipe.weak);
  const structure = bare ? 0 : uniformIn(random, weak ? recipe.weakStructure : recipe.structure);
  const { columnSize, rowSize } = splitStructure(random, recipe, structure);
  const follow = gainExponent(random, recipe);
  const columns = drawColumns(random, recipe, size);
  const rows = drawCurve(random, rowCurves, recipe.rows, size.panels * size.rows);
  const rowScatter = uniformIn(random, [0, 0.8]);
  const panels = columns.map((columnCurve, panel): PanelStructure => {
    const rowCurve = rows?.subarray(panel * size.rows, (panel + 1) * size.rows);
    const rowSizeHere = rowSize * Math.exp(rowScatter * random.normal());
    return {
      columns: scaled(columnCurve, columnSize, size.channels),
      rows: scaled(rowCurve, rowSizeHere, size.rows),
      columnSigma: sigmas(columnCurve, columnSize * relativeDeviation, follow, size.channels),
      rowSigma: sigmas(rowCurve, rowSizeHere * relativeDeviation, follow, size.rows),
    };
  });
  return {
    noise,
    correlation,
    selfNoise,
    structure,
    band: drawBand(random, recipe, size.channels),
    coupling: follow > 0 ? relativeDeviation : 0,
    panels,
    patches: bare ? [] : drawPatches(random, recipe.patches, size),
  };
}

/**
 * Turns one panel's signals, in standard deviations of the noise, into the panel: rows x channels, in place, with the noise of `key`.
 * Returns the sums of the pixels and of their squares.
 */
export function renderPanel(
  into: Float32Array,
  background: Background,
  panel: number,
  key: StreamKey,
): { readonly sum: number; readonly squares: number } {
  const { noise, correlation, selfNoise, band, coupling, panels, patches } = background;
  const { columns, rows, columnSigma, rowSigma } = panels[panel]!;
  const channels = columns.length;
  const draws = new Float32Array(channels);
  const before = new Float32Array(channels);
  const raw = new Float32Array(channels);
  if (correlation.rows > 0) noiseRow(before, noise, key, rows.length);
  const level = new Float64Array(channels);
  const sigma = new Float64Array(channels);
  const extra = new Float64Array(channels);
  const sums = new Float64Array(2);
  const first = panel * rows.length;
  for (let row = 0; row < rows.length; row++) {
    const height = rows[row]!;
    noiseRow(draws, noise, key, row);
    if (correlation.rows > 0) {
      raw.set(draws);
      mix(draws, before, correlation.rows);
      before.set(raw);
    }
    if (correlation.channels > 0) mixNeighbours(draws, correlation.channels);
    scaleRow(sigma, columnSigma, rowSigma[row]!);
    levelRow(level, columns, 1 + coupling * height, band, height);
    if (addPatchRow(extra, patches, first + row)) addProduct(level, sigma, extra);
    combineRow(into, row * channels, level, sigma, draws, 2 * selfNoise, sums);
  }
  return { sum: sums[0]!, squares: sums[1]! };
}

function drawCorrelation(random: RandomStream, { noise }: BackgroundRecipe): Background["correlation"] {
  const [rows, channels] = [uniformIn(random, noise.correlation), uniformIn(random, noise.correlation)];
  const [inRows, inChannels] = pickOne(random, [
    [true, false],
    [false, true],
    [true, true],
  ] as const);
  if (!chance(random, noise.correlated)) return { rows: 0, channels: 0 };
  return { rows: inRows ? rows : 0, channels: inChannels ? channels : 0 };
}

// Each loop by itself, so that each is compiled early.

/** Leaves the deviation as it is. */
function mix(into: Float32Array, other: Float32Array, part: number): void {
  const scale = 1 / Math.sqrt(1 + part * part);
  for (let f = 0; f < into.length; f++) into[f] = scale * (into[f]! + part * other[f]!);
}

/** Each channel with the one before it, the first with the last. */
function mixNeighbours(into: Float32Array, part: number): void {
  const scale = 1 / Math.sqrt(1 + part * part);
  let before = into[into.length - 1]!;
  for (let f = 0; f < into.length; f++) {
    const own = into[f]!;
    into[f] = scale * (own + part * before);
    before = own;
  }
}

function scaleRow(into: Float64Array, from: Float64Array, scale: number): void {
  for (let f = 0; f < into.length; f++) into[f] = scale * from[f]!;
}

function levelRow(
  into: Float64Array,
  a: Float64Array,
  timesA: number,
  b: Float64Array,
  timesB: number,
): void {
  for (let f = 0; f < into.length; f++) into[f] = a[f]! * timesA + b[f]! * timesB;
}

function addProduct(into: Float64Array, a: Float64Array, b: Float64Array): void {
  for (let f = 0; f < into.length; f++) into[f]! += a[f]! * b[f]!;
}

/** The variance of a signal's own noise beside it grows by `ownNoise` for each standard deviation of power. */
function combineRow(
  into: Float32Array,
  at: number,
  level: Float64Array,
  sigma: Float64Array,
  draws: Float32Array,
  ownNoise: number,
  sums: Float64Array,
): void {
  let sum = 0;
  let squares = 0;
  for (let f = 0; f < level.length; f++) {
    const power = into[at + f]!;
    let draw = draws[f]!;
    if (power > 0.01) draw *= Math.sqrt(1 + ownNoise * power);
    const value = level[f]! + sigma[f]! * (power + draw);
    into[at + f] = value;
    sum += value;
    squares += value * value;
  }
  sums[0]! += sum;
  sums[1]! += squares;
}

function addPatchRow(extra: Float64Array, patches: readonly Patch[], row: number): boolean {
  let any = false;
  for (const { rowStart, rows, columns } of patches) {
    const height = rows[row - rowStart];
    if (height === undefined || height === 0) continue;
    if (!any) extra.fill(0);
    any = true;
    for (let f = 0; f < extra.length; f++) extra[f]! += height * columns[f]!;
  }
  return any;
}

/** Deviations of the columns' and the rows' structure, in those of the noise. */
function splitStructure(random: RandomStream, { split }: BackgroundRecipe, structure: number) {
  const total = structure / (1 - structure);
  const columns = random.gamma(split.columns + 1e-9);
  const rows = random.gamma(split.rows + 1e-9);
  const part = columns / (columns + rows || 1);
  return { columnSize: Math.sqrt(total * part), rowSize: Math.sqrt(total * (1 - part)) };
}

function gainExponent(random: RandomStream, { gain }: BackgroundRecipe): number {
  const kind = pickKind(random, gain);
  return kind === "none" ? 0 : kind === "full" ? 1 : random.uniform();
}

/** What may change from one panel to the next and back: nothing narrow, which would look like a signal that comes and goes. */
const PASSING: readonly ColumnKind[] = ["ripple", "edges", "slope", "red"];

/** A curve a panel: one that all share, and one of its own, or two that it moves between. */
function drawColumns(
  random: RandomStream,
  { columns, panelChange }: BackgroundRecipe,
  { panels, channels }: PanelShape,
): (Float64Array | undefined)[] {
  const draw = () => drawCurve(random, columnCurves, columns, channels);
  const passing = { ...columns };
  for (const kind of Object.keys(columns) as ColumnKind[]) {
    if (!PASSING.includes(kind)) passing[kind] = 0;
  }
  const common = draw();
  const change = uniformIn(random, panelChange);
  const moves = chance(random, 0.5);
  const end = moves ? draw() : undefined;
  return Array.from({ length: panels }, (_, panel) => {
    const part = moves ? (change * panel) / Math.max(1, panels - 1) : change;
    const other = moves ? end : drawCurve(random, columnCurves, passing, channels);
    if (!common || !other) return common ?? other;
    return common.map((value, f) => Math.sqrt(1 - part * part) * value + part * other[f]!);
  });
}

/** What a row's change is multiplied by in each column: 1, or a part of the band. */
function drawBand(random: RandomStream, { partOfBand }: BackgroundRecipe, channels: number): Float64Array {
  const band = new Float64Array(channels);
  if (!chance(random, partOfBand)) return band.fill(1);
  addBump(band, random.uniform() * channels, uniformIn(random, [0.08, 0.8]) * channels, 1);
  const floor = random.uniform() * 0.5;
  return band.map((value) => floor + (1 - floor) * value);
}

function scaled(curve: Float64Array | undefined, size: number, length: number): Float64Array {
  return curve ? curve.map((value) => size * value) : new Float64Array(length);
}

/** Noise deviations that follow a gain, 1 in the root of the mean square, and at most some three times off from it. */
function sigmas(
  curve: Float64Array | undefined,
  swing: number,
  follow: number,
  length: number,
): Float64Array {
  const result = new Float64Array(length).fill(1);
  if (!curve || follow === 0) return result;
  const exponent = follow / Math.max(1, 1.5 * swing);
  let squares = 0;
  for (let i = 0; i < length; i++) {
    result[i] = Math.min(6, Math.max(0.15, 1 + swing * curve[i]!)) ** exponent;
    squares += result[i]! ** 2;
  }
  const rms = Math.sqrt(squares / length);
  return result.map((value) => value / rms);
}
