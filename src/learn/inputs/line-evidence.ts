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

import type { InputKernels } from "./kernels.ts";
import { BLOCKS_PER_PANEL, DRIFTS, GIVEN_BLOCKS } from "./line-evidence-shape.ts";
import { isOnPanel, onPanels, type PanelShape } from "./panel-roles.ts";

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
/** The strongest line within so many channels is given too: its neighbours are often its own sidelobes. */
const NEIGHBOURS = 12;
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
  const [nearbyFromAt, nearbyAt] = kernels.reserve([channels + 2 * NEAR_MOST + 16, channels]) as [
    number,
    number,
  ];

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
  const evidence = new Float32Array(DRIFTS * panels * given * channels);
  const beyond = new Float32Array(evidence.length);
  const [next, before, strongest] = [0, 1, 2].map(() => new Float32Array(channels)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const place = (drift: number, panel: number, block: number) =>
    ((drift * panels + panel) * given + block) * channels;

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
    const floats = kernels.floats();
    for (let drift = 0; drift < DRIFTS; drift++) {
      for (let panel = 0; panel < panels; panel++) {
        for (const [g, block] of GIVEN_BLOCKS.entries()) {
          const at = (drift * blocks + panel * perPanel + block) * width + margin;
          const gain = gains[g]!;
          const [own, earlier, later] = [volumeAt / 4 + at, beforeAt / 4 + at, afterAt / 4 + at];
          const to = place(drift, panel, g);
          for (let c = 0; c < channels; c++) {
            evidence[to + c] = gain * (floats[earlier + c]! + floats[later + c]! - floats[own + c]!);
          }
        }
      }
    }
  };

  /** The largest of `values` within `reach` channels of each. */
  const nearby = (values: Float32Array, reach: number, into: Float32Array) => {
    const floats = kernels.floats();
    const from = nearbyFromAt / 4;
    floats.fill(Number.NEGATIVE_INFINITY, from, from + channels + 2 * NEAR_MOST + 16);
    floats.set(values, from + NEAR_MOST);
    run.largestNearby(nearbyFromAt + 4 * NEAR_MOST, channels, reach, nearbyAt);
    into.set(floats.subarray(nearbyAt / 4, nearbyAt / 4 + channels));
  };

  /** In OFF panels: the largest evidence near each place, of its drift and those beside it. */
  const takeBeyond = () => {
    const spread = new Float32Array(DRIFTS * channels);
    for (let panel = 0; panel < panels; panel++) {
      if (isOnPanel(panel)) continue;
      for (let g = 0; g < given; g++) {
        for (let drift = 0; drift < DRIFTS; drift++) {
          const at = place(drift, panel, g);
          const to = spread.subarray(drift * channels, (drift + 1) * channels);
          nearby(evidence.subarray(at, at + channels), reaches[drift]!, to);
        }
        for (let drift = 0; drift < DRIFTS; drift++) {
          const at = place(drift, panel, g);
          const [below, same] = [Math.max(0, drift - 1) * channels, drift * channels];
          const above = Math.min(DRIFTS - 1, drift + 1) * channels;
          for (let c = 0; c < channels; c++) {
            beyond[at + c] = Math.max(spread[below + c]!, spread[same + c]!, spread[above + c]!);
          }
        }
      }
    }
  };

  /** Raises `into` to what lies beyond where a line of this drift gets in so many blocks. */
  const raise = (into: Float32Array, drift: number, panel: number, g: number, afterBlocks: number) => {
    const at = place(drift, panel, g);
    const shift = Math.round(moves[drift]! * afterBlocks);
    for (let c = 0; c < channels; c++) {
      const channel = c + shift;
      const value = channel < 0 || channel >= channels ? OUTSIDE : beyond[at + channel]!;
      if (value > into[c]!) into[c] = value;
    }
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
    for (const [row, panel] of onPanels(shape).entries()) {
      for (const [g, block] of GIVEN_BLOCKS.entries()) {
        const y = row * given + g;
        strongest.fill(Number.NEGATIVE_INFINITY);
        for (let drift = 0; drift < DRIFTS; drift++) {
          const at = place(drift, panel, g);
          next.fill(Number.NEGATIVE_INFINITY);
          before.fill(Number.NEGATIVE_INFINITY);
          const last = GIVEN_BLOCKS.length - 1;
          if (panel + 1 < panels) {
            for (const e of [0, 1])
              raise(next, drift, panel + 1, e, perPanel + GAP_BLOCKS - block + GIVEN_BLOCKS[e]!);
          }
          if (panel > 0) {
            for (const e of [last - 1, last]) {
              raise(before, drift, panel - 1, e, GIVEN_BLOCKS[e]! - perPanel - GAP_BLOCKS - block);
            }
          }
          if (panel === 0) before.set(next);
          if (panel + 1 === panels) next.set(before);
          const image = (kind: number) => ((kind * DRIFTS + drift) * height + y) * channels;
          for (let c = 0; c < channels; c++) {
            const own = evidence[at + c]!;
            if (own > strongest[c]!) strongest[c] = own;
            into[image(0) + c] = compressed(own - 2);
            into[image(1) + c] = compressed(Math.max(next[c]!, before[c]!) - 3);
            into[image(2) + c] = compressed(Math.min(next[c]!, before[c]!) - 3);
          }
        }
        nearby(strongest, NEIGHBOURS, strongest);
        const to = (3 * DRIFTS * height + y) * channels;
        for (let c = 0; c < channels; c++) into[to + c] = compressed(strongest[c]! - 4);
      }
    }
  };
}

/** Half, and past 1 in size by the root, so that the brightest lines don't rule a network's first layer. */
function compressed(value: number): number {
  const half = 0.5 * value;
  if (half > 1) return 2 * Math.sqrt(half) - 1;
  return half < -1 ? 1 - 2 * Math.sqrt(-half) : half;
}
