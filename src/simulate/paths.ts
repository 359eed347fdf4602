/**
 * Where a signal is at a time, as an offset from the frequency that it begins at. Time is counted in seconds from the centre of
 * the observation's first row, where every path's offset is 0; paths go on for as long as one asks.
 *
 * A path is also given as straight pieces, from which pixels are integrated (signals.ts). Paths that are straight, bent at points
 * or broken at points are given exactly; curves by chords that leave them by less than a stated distance.
 */

import { addPiece, growing, type Pieces } from "./pieces.ts";
import { randomStream, streamKey } from "./random.ts";

/** Plain JSON. Every path has a drift of its own, to which its shape is added. */
export type Path =
  | { readonly shape: "linear"; readonly driftHzPerS: number }
  /** offset = drift t + rate t ** 2 / 2. */
  | { readonly shape: "quadratic"; readonly driftHzPerS: number; readonly driftRateHzPerS2: number }
  /** The S shape of a transmitter on an orbit: drift t + amplitude (sin(2 pi (t / period + phase)) - sin(2 pi phase)). */
  | {
      readonly shape: "sine";
      readonly driftHzPerS: number;
      readonly amplitudeHz: number;
      readonly periodS: number;
      /** In turns, 0 to 1. Default 0. */
      readonly phase?: number;
    }
  /** An oscillator that wanders: every `stepS` a normally distributed step of deviation `stepHz`, straight in between. */
  | {
      readonly shape: "random-walk";
      readonly driftHzPerS: number;
      readonly stepHz: number;
      readonly stepS: number;
      /** A whole number from 0 below 2 ** 53: which walk it is. */
      readonly seed: number;
    }
  /** Jumps by `stepHz` every `stepS`; `seed` given, up or down by chance. */
  | {
      readonly shape: "stepped";
      readonly driftHzPerS: number;
      readonly stepHz: number;
      readonly stepS: number;
      readonly seed?: number;
    }
  /** Every `stepS` at another place, uniformly within `spreadHz` (its whole width) about the path. */
  | {
      readonly shape: "hopping";
      readonly driftHzPerS: number;
      readonly spreadHz: number;
      readonly stepS: number;
      readonly seed: number;
    };

/** Hz from the signal's frequency at a time, in seconds from the centre of the observation's first row. */
export function pathOffsetHz(path: Path): (timeS: number) => number {
  return followPath(path).offsetHz;
}

export interface FollowedPath {
  readonly offsetHz: (timeS: number) => number;
  /**
   * Straight pieces from `fromS` to `toS`, in order and without gaps, that leave the path by less than `toleranceHz`. Each is
   * its end in time, its offset at the start and at the end.
   */
  readonly straightPieces: (fromS: number, toS: number, toleranceHz: number, into: Pieces) => void;
}

/** Most chords of one piece, so that a path that turns thousands of times in a row still ends. */
const MOST_CHORDS = 4096;

const followed = new WeakMap<Path, FollowedPath>();

/** A path made ready to follow. Kept for as long as the path object is, as walks are long to make. */
export function followPath(path: Path): FollowedPath {
  const found = followed.get(path) ?? make(path);
  followed.set(path, found);
  return found;
}

function make(path: Path): FollowedPath {
  const { driftHzPerS: drift } = path;
  switch (path.shape) {
    case "linear":
      return curve((t) => drift * t, 0);
    case "quadratic": {
      const half = 0.5 * path.driftRateHzPerS2;
      return curve((t) => (drift + half * t) * t, Math.abs(path.driftRateHzPerS2));
    }
    case "sine": {
      const { amplitudeHz, periodS, phase = 0 } = path;
      const turn = (2 * Math.PI) / periodS;
      const start = 2 * Math.PI * phase;
      const atStart = amplitudeHz * Math.sin(start);
      return curve(
        (t) => drift * t + amplitudeHz * Math.sin(turn * t + start) - atStart,
        Math.abs(amplitudeHz) * turn * turn,
      );
    }
    case "random-walk": {
      const { stepHz, stepS, seed } = path;
      const random = randomStream(streamKey(seed, WALK));
      const nodes = growing((_, before) => before + stepHz * random.normal(), 0);
      const walk = (t: number) => {
        const i = Math.max(0, Math.floor(t / stepS));
        const here = nodes(i);
        return here + (nodes(i + 1) - here) * (t / stepS - i);
      };
      return broken(
        (t) => drift * t + walk(t),
        stepS,
        (i, t) => drift * t + nodes(i),
      );
    }
    case "stepped": {
      const { stepHz, stepS, seed } = path;
      const random = seed === undefined ? undefined : randomStream(streamKey(seed, STEPS));
      const levels = growing(
        (_, before) => before + (random && random.uniform() < 0.5 ? -stepHz : stepHz),
        0,
      );
      return levelled(drift, stepS, levels);
    }
    case "hopping": {
      const { spreadHz, stepS, seed } = path;
      const random = randomStream(streamKey(seed, HOPS));
      const place = () => spreadHz * (random.uniform() - 0.5);
      const first = place();
      return levelled(
        drift,
        stepS,
        growing(() => place() - first, 0),
      );
    }
  }
}

const [WALK, STEPS, HOPS] = [1, 2, 3];

/** A smooth path whose second derivative is at most `bendHzPerS2`. A chord of duration h leaves it by bend h ** 2 / 8 at most. */
function curve(offsetHz: (timeS: number) => number, bendHzPerS2: number): FollowedPath {
  return {
    offsetHz,
    straightPieces(fromS, toS, toleranceHz, into) {
      const wanted = Math.ceil((toS - fromS) * Math.sqrt(bendHzPerS2 / (8 * toleranceHz)));
      const chords = Math.min(MOST_CHORDS, Math.max(1, wanted));
      let here = offsetHz(fromS);
      for (let i = 1; i <= chords; i++) {
        const endS = i === chords ? toS : fromS + ((toS - fromS) * i) / chords;
        const there = offsetHz(endS);
        addPiece(into, endS, here, there);
        here = there;
      }
    },
  };
}

/** A path of straight lines from node to node, one every `stepS` from time 0; the first goes back to the time before it. */
function broken(
  offsetHz: (timeS: number) => number,
  stepS: number,
  node: (i: number, timeS: number) => number,
): FollowedPath {
  return {
    offsetHz,
    straightPieces(fromS, toS, _toleranceHz, into) {
      let here = offsetHz(fromS);
      for (let i = Math.max(1, Math.floor(fromS / stepS) + 1); i * stepS < toS; i++) {
        if (i * stepS <= fromS) continue;
        const there = node(i, i * stepS);
        addPiece(into, i * stepS, here, there);
        here = there;
      }
      addPiece(into, toS, here, offsetHz(toS));
    },
  };
}

/** A path with a level for each `stepS` from time 0, the drift on top; the first level holds for the time before it too. */
function levelled(drift: number, stepS: number, level: (i: number) => number): FollowedPath {
  const stepAt = (t: number) => Math.max(0, Math.floor(t / stepS));
  return {
    offsetHz: (t) => drift * t + level(stepAt(t)),
    straightPieces(fromS, toS, _toleranceHz, into) {
      let startS = fromS;
      for (let i = stepAt(fromS); startS < toS; i++) {
        const endS = Math.min(toS, (i + 1) * stepS);
        if (endS <= startS) continue;
        addPiece(into, endS, drift * startS + level(i), drift * endS + level(i));
        startS = endS;
      }
    },
  };
}
