/**
 * How much speaks for a line at each place of the ON panels, and how much for its going on in the OFF panels. A faint line stands 0.3 to 2
 * deviations over the noise in each pixel: a network would have to learn to add up hundreds of them along any path, next to lines that
 * are a thousand times brighter. This adds them up beforehand, from a whitened cadence:
 *
 * 1. Panels are cut into blocks of time. In each block pixels are summed along straight lines of many drifts, less what lies to both sides.
 * 2. From block to block a line goes on at its drift or one beside it, or steps a channel aside: the evidence for a line at a place is the largest sum on
 *    such a path through the panel (dynamic programming as in track-before-detect, Barniv 1985, IEEE Trans. AES 21), in which blocks count
 *    less the farther away they are, over its deviation.
 * 3. Followed on along its drift, into the OFF panels before and after, the line would be brought to places there: the largest evidence
 *    near these says whether it goes on. The telescope's slew between scans takes a time that isn't known, so fast lines are looked for farther.
 */

import type { PanelShape } from "../../signal/panels.ts";
import type { InputKernels } from "./kernels.ts";
import { BLOCKS_PER_PANEL, DRIFTS, GIVEN_BLOCKS, IMAGE_CHANNELS } from "./line-evidence-shape.ts";
import { isOnPanel, onPanels } from "./panel-roles.ts";

/** How much less each block farther away counts. */
const KEEP = 0.8;
/** What a change of drift costs, and a step of a channel, in deviations of a block's sum. */
const CHANGE_COST = 1;
const STEP_COST = 0.7;
const LOWEST_PIXEL = -4;
const HIGHEST_PIXEL = 6;
/** A block's sum counts as at least this: beside bright lines there are shadows. */
const LOWEST_SUM = -2;
/** From so many channels to either side, eight are what a block's sum is compared with: not so near that a broad line is compared with itself. */
const FLANK = 6;
/** The time between panels, in blocks: from 0 to 4 in recorded cadences. */
const GAP_BLOCKS = 1.3;
/** A line in OFF panels is looked for within this many channels, and as many more as it drifts in so many blocks. */
const NEAR_CHANNELS = 3;
const NEAR_BLOCKS = 1.2;
const NEAR_MOST = 24;
/** The strongest line within so many channels is given too: its neighbours are often its own sidelobes. Of the OFF panels, that within `NEAR_CHANNELS`. */
const NEIGHBOURS = 12;
/** Channels that are looked at to either side of a row at most, and as many as a load takes more. */
const AROUND = 32;
/** Evidence outside the band: what noise has there. */
const OUTSIDE = 2.5;

/** Writes the image [channels, height, width] of `lineEvidenceShape`. */
export type LineEvidence = (white: Float32Array, into: Float32Array) => void;

/** Drift in channels a row, from -1 to 1 for blocks of many rows: both ends of a block lie whole channels apart. */
function drifts(blockRows: number): number[] {
  const across = blockRows - 1;
  return Array.from({ length: DRIFTS }, (_, d) => Math.round(((2 * d) / (DRIFTS - 1) - 1) * across) / across);
}

export function createLineEvidence(kernels: InputKernels, shape: PanelShape): LineEvidence {
  const { panels, rows, channels } = shape;
  const { run } = kernels;
  const blockRows = Math.floor(rows / BLOCKS_PER_PANEL);
  const perPanel = BLOCKS_PER_PANEL;
  const given = GIVEN_BLOCKS.length;
  const blocks = panels * perPanel;
  const slopes = drifts(blockRows);
  const moves = slopes.map((slope) => slope * blockRows);
  // Past the band lies all that a line can move in a block, the flanks, and a whole number of fours.
  const margin = Math.ceil((blockRows + FLANK + 12) / 4) * 4;
  const width = channels + 2 * margin;
  const volume = DRIFTS * blocks * width;
  const [pixelsAt, offsetsAt, shiftsAt, paddedAt, sumsAt, flanksAt, steppedAt, volumeAt, beforeAt, afterAt] =
    kernels.reserve([
      panels * rows * channels,
      DRIFTS * blockRows,
      DRIFTS * 3,
      blockRows * width,
      width,
      width,
      DRIFTS * width,
      volume,
      volume,
      volume,
    ]) as [number, number, number, number, number, number, number, number, number, number];
  // Rows of evidence among nothing, for the largest nearby; rows of what lies beyond as wide again outside the band, for any shift.
  const count = DRIFTS * panels * given;
  const [evidenceWidth, beyondWidth] = [channels + 2 * AROUND, 3 * channels + 8];
  const [evidenceAt, beyondAt, spreadAt, strongestAt, nextAt, previousAt, imageAt] = kernels.reserve([
    count * evidenceWidth,
    count * beyondWidth,
    DRIFTS * channels,
    evidenceWidth,
    channels,
    channels,
    IMAGE_CHANNELS * onPanels(shape).length * given * channels,
  ]) as [number, number, number, number, number, number, number];
  kernels.floats().fill(Number.NEGATIVE_INFINITY, evidenceAt / 4, evidenceAt / 4 + count * evidenceWidth);
  kernels.floats().fill(OUTSIDE, beyondAt / 4, beyondAt / 4 + count * beyondWidth);

  const ints = (at: number, values: readonly number[]) => kernels.ints().set(values, at / 4);
  const centre = (blockRows - 1) / 2;
  ints(
    offsetsAt,
    slopes.flatMap((slope) => Array.from({ length: blockRows }, (_, t) => Math.round(slope * (t - centre)))),
  );
  ints(
    shiftsAt,
    moves.flatMap((move, d) =>
      [-1, 0, 1].map((beside) => Math.round((move + (moves[d + beside] ?? move)) / 2)),
    ),
  );
  const reaches = moves.map((move) =>
    Math.min(NEAR_MOST, NEAR_CHANNELS + Math.round(NEAR_BLOCKS * Math.abs(move))),
  );
  const row = (drift: number, panel: number, g: number) => (drift * panels + panel) * given + g;
  const evidenceOf = (drift: number, panel: number, g: number) =>
    evidenceAt + 4 * (row(drift, panel, g) * evidenceWidth + AROUND);
  const beyondOf = (drift: number, panel: number, g: number) =>
    beyondAt + 4 * (row(drift, panel, g) * beyondWidth + channels + 4);
  const spreadOf = (drift: number) => spreadAt + 4 * drift * channels;

  const addUp = (outAt: number, direction: -1 | 1) => {
    run.follow(
      volumeAt,
      outAt,
      direction,
      perPanel,
      blocks,
      channels,
      DRIFTS,
      margin,
      shiftsAt,
      KEEP,
      CHANGE_COST,
      STEP_COST,
      steppedAt,
    );
  };
  /** The variance of what a path adds up in so many blocks before a place. */
  const variance = (count: number) => (1 - KEEP ** (2 * (count + 1))) / (1 - KEEP ** 2);
  const gains = GIVEN_BLOCKS.map(
    (block) => 1 / Math.sqrt(variance(block) + variance(perPanel - 1 - block) - 1),
  );

  const takeEvidence = () => {
    for (let drift = 0; drift < DRIFTS; drift++) {
      for (let panel = 0; panel < panels; panel++) {
        for (const [g, block] of GIVEN_BLOCKS.entries()) {
          const at = 4 * ((drift * blocks + panel * perPanel + block) * width + margin);
          const to = evidenceOf(drift, panel, g);
          run.joinPaths(volumeAt + at, beforeAt + at, afterAt + at, gains[g]!, channels, to);
        }
      }
    }
  };

  /** In OFF panels: the largest evidence near each place, of its drift and those beside it. */
  const takeBeyond = () => {
    for (let panel = 0; panel < panels; panel++) {
      if (isOnPanel(panel)) continue;
      for (let g = 0; g < given; g++) {
        for (let drift = 0; drift < DRIFTS; drift++) {
          run.largestNearby(evidenceOf(drift, panel, g), channels, reaches[drift]!, spreadOf(drift));
        }
        for (let drift = 0; drift < DRIFTS; drift++) {
          const to = beyondOf(drift, panel, g);
          const [below, above] = [Math.max(0, drift - 1), Math.min(DRIFTS - 1, drift + 1)];
          run.larger(spreadOf(below), spreadOf(above), channels, to);
          run.larger(spreadOf(drift), to, channels, to);
        }
      }
    }
  };

  /** Where what lies beyond a place is found: where a line of this drift gets in so many blocks. */
  const ahead = (drift: number, panel: number, g: number, afterBlocks: number) => {
    const shift = Math.round(moves[drift]! * afterBlocks);
    return beyondOf(drift, panel, g) + 4 * Math.max(-channels, Math.min(channels, shift));
  };

  /** Writes the largest evidence that a line at a place goes on in the panels after and before it; a panel at the end has one neighbour. */
  const lookBeyond = (drift: number, panel: number, block: number) => {
    const look = (other: number, seen: readonly number[], gap: number, to: number) => {
      const [first, second] = seen.map((g) =>
        ahead(drift, other, g, GIVEN_BLOCKS[g]! + gap * (perPanel + GAP_BLOCKS) - block),
      ) as [number, number];
      run.larger(first, second, channels, to);
    };
    const last = given - 1;
    const [after, before] = neighbours(panel);
    if (after > panel) look(after, [0, 1], 1, nextAt);
    if (before < panel) look(before, [last - 1, last], -1, previousAt);
    return [after > panel ? nextAt : previousAt, before < panel ? previousAt : nextAt];
  };

  /** The OFF panels after and before an ON panel: at an end of the cadence the same. */
  const neighbours = (panel: number): [number, number] => {
    const [after, before] = [panel + 1, panel - 1];
    return [after < panels ? after : before, before >= 0 ? before : after];
  };

  /** Writes the strongest evidence of any drift up to `reach` channels from each place of a panel's row, compressed. */
  const takeStrongest = (panel: number, g: number, reach: number, to: number) => {
    const [from, strongest] = [strongestAt / 4, strongestAt + 4 * AROUND];
    kernels.floats().fill(Number.NEGATIVE_INFINITY, from, from + evidenceWidth);
    for (let drift = 0; drift < DRIFTS; drift++) {
      run.larger(evidenceOf(drift, panel, g), strongest, channels, strongest);
    }
    run.largestNearby(strongest, channels, reach, to);
    run.compress(to, to, false, 4, channels, to);
  };

  return (white, into) => {
    const pixels = kernels.floats();
    pixels.set(white, pixelsAt / 4);
    const gain = 1 / Math.sqrt(blockRows);
    run.blockSums(
      pixelsAt,
      panels,
      rows,
      channels,
      blockRows,
      perPanel,
      DRIFTS,
      offsetsAt,
      margin,
      FLANK,
      LOWEST_PIXEL,
      HIGHEST_PIXEL,
      gain,
      LOWEST_SUM,
      paddedAt,
      sumsAt,
      flanksAt,
      volumeAt,
    );
    addUp(beforeAt, -1);
    addUp(afterAt, 1);
    takeEvidence();
    takeBeyond();

    const height = onPanels(shape).length * given;
    for (const [place, panel] of onPanels(shape).entries()) {
      for (const [g, block] of GIVEN_BLOCKS.entries()) {
        const image = (channel: number) => imageAt + 4 * (channel * height + place * given + g) * channels;
        for (let drift = 0; drift < DRIFTS; drift++) {
          const own = evidenceOf(drift, panel, g);
          const [next, previous] = lookBeyond(drift, panel, block) as [number, number];
          run.compress(own, own, false, 2, channels, image(drift));
          run.compress(next, previous, false, 3, channels, image(DRIFTS + drift));
          run.compress(next, previous, true, 3, channels, image(2 * DRIFTS + drift));
        }
        const [after, before] = neighbours(panel);
        for (const [i, source] of [panel, after, before].entries()) {
          takeStrongest(source, g, i === 0 ? NEIGHBOURS : NEAR_CHANNELS, image(3 * DRIFTS + i));
        }
      }
    }
    const image = imageAt / 4;
    into.set(kernels.floats().subarray(image, image + IMAGE_CHANNELS * height * channels));
  };
}
