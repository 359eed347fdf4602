/**
 * Cadences of pieces of a recording, half of them with a needle, say. Pixels are taken to be the competition's, whatever the recording's own
 * resolution: a detector knows no other.
 */

import { memorySource } from "../../signal/memory-source.ts";
import type { PanelShape, Panels } from "../../signal/panels.ts";
import { defaultCadenceRecipe } from "../../simulate/cadence-recipe.ts";
import { cadenceGrids } from "../../simulate/cadences.ts";
import { pickOne, type Range, uniformIn } from "../../simulate/draw.ts";
import { addEmitter, alternating, type DrawnEmitter } from "../../simulate/emitters.ts";
import { noiseNearPath } from "../../simulate/inject.ts";
import { drawNeedle } from "../../simulate/needles.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import type { ScanGrid, Signal } from "../../simulate/signals.ts";
import { addPattern, placeLine, type RecordedLine } from "./recorded-lines.ts";
import { cutPieces, drawPieces, type Recording, toPanels } from "./recorded-pieces.ts";

export interface NeedleRequest {
  /** 20 log10 of the S/N by matched filter over the cadence, in the noise near the path: drawn evenly. */
  readonly snrDb: Range;
  /** One of these, where they are given, goes in instead of a needle as the simulator draws it. */
  readonly lines?: readonly RecordedLine[] | undefined;
}

export interface RecordedCadence {
  readonly panels: Panels;
  /** What was put in. */
  readonly needle?: { readonly snrDb: number; readonly drawn?: DrawnEmitter; readonly line?: string };
}

const [PIECES, NEEDLE, ROWS] = [1, 2, 3];

/** A function of what it is given alone. The pieces are the same whether a needle is asked for or not. */
export async function recordedCadence(
  recording: Recording,
  shape: PanelShape,
  { seed, index }: { readonly seed: number; readonly index: number },
  request?: NeedleRequest,
): Promise<RecordedCadence> {
  const pieces = drawPieces(randomStream(streamKey(seed, index, PIECES)), recording, shape);
  const { rows } = pieces[0]!;
  const power = cutPieces(recording, pieces, shape.channels);
  const needle = request && (await addNeedle(power, rows, shape, seed, index, request));
  return { panels: toPanels(power, rows, shape, [seed, index, ROWS]), ...(needle && { needle }) };
}

async function addNeedle(
  power: Float32Array,
  rows: number,
  shape: PanelShape,
  seed: number,
  index: number,
  { snrDb: range, lines }: NeedleRequest,
): Promise<RecordedCadence["needle"]> {
  const random = randomStream(streamKey(seed, index, NEEDLE));
  const { cadence, needles } = defaultCadenceRecipe;
  const on = alternating(shape.panels);
  const pattern = on.map((isOn) => (isOn ? "A" : "B")).join("");
  const recipe = { cadence: { ...cadence, pattern, rows: shape.rows, channels: shape.channels } };
  const known = cadenceGrids(recipe, uniformIn(random, cadence.gap));
  const tsampS = (cadence.tsampS * shape.rows) / rows;
  const grids = known.map((grid) => ({ ...grid, time: { ...grid.time, tsampS, nsamples: rows } }));
  if (lines) {
    const line = pickOne(random, lines);
    const snrDb = uniformIn(random, range);
    const placed = placeLine(random, line, grids);
    const sigmas = await noiseOfScans(power, grids, on, placed.signal);
    addPattern(power, placed.pattern, 10 ** (snrDb / 20), sigmas);
    return { snrDb, line: line.name };
  }
  const drawn = drawNeedle(random, { ...needles, snrDb: range }, known, on);
  const present = drawn.scanGains.map((gain) => gain > 0);
  const seen = drawn.restarts ? grids.map((grid) => ({ ...grid, startS: 0 })) : grids;
  addEmitter(power, drawn, grids, await noiseOfScans(power, seen, present, drawn.signal));
  return { snrDb: drawn.snrDb, drawn };
}

/** As `injectSignals` measures it; 0 for scans that the signal isn't in. */
async function noiseOfScans(
  power: Float32Array,
  grids: readonly ScanGrid[],
  present: readonly boolean[],
  signal: Signal,
): Promise<number[]> {
  const size = power.length / grids.length;
  const sigmas: number[] = [];
  for (const [scan, grid] of grids.entries()) {
    const source = memorySource({
      ...grid,
      data: power.subarray(scan * size, (scan + 1) * size),
      header: {},
      source: `panel ${scan + 1}`,
    });
    const sigma = present[scan] ? await noiseNearPath(source, grid, signal) : 0;
    sigmas.push(Number.isNaN(sigma) ? 0 : sigma);
  }
  return sigmas;
}
