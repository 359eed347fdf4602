/**
 * How strong a signal is at a time, as a factor on its power, in seconds from the start of the observation.
 * `steady`, `pulsed` and `partial` are 1 where the signal is on and 0 elsewhere; `scintillating` is 1 on average.
 */

import { addPiece, growing, type Pieces } from "./pieces.ts";
import { randomStream, streamKey } from "./random.ts";

/** Plain JSON. Pulses start (or, for Gaussian ones, have their peak) at `startS` + n * `periodS`; `startS` is 0 by default. */
export type TimeProfile =
  | { readonly shape: "steady" }
  | {
      readonly shape: "pulsed";
      readonly periodS: number;
      /** Share of the period that it is on. */
      readonly duty: number;
      readonly startS?: number;
    }
  | { readonly shape: "partial"; readonly startS: number; readonly stopS: number }
  | {
      readonly shape: "gaussian-pulses";
      readonly periodS: number;
      readonly fwhmS: number;
      readonly startS?: number;
    }
  /** 1 + depth * sin(2 pi (t / period + phase)). */
  | {
      readonly shape: "sine";
      readonly periodS: number;
      /** 0 to 1. */
      readonly depth: number;
      /** In turns. Default 0. */
      readonly phase?: number;
    }
  /**
   * What plasma on the way does to a narrow signal: the power of a steady wave plus a scattered one, a complex normal process whose
   * correlation falls by e in `timescaleS`. The power's distribution is Rice's, and exponential at modulation 1.
   */
  | {
      readonly shape: "scintillating";
      readonly timescaleS: number;
      /** Standard deviation of the power over its mean, above 0, at most 1. */
      readonly modulation: number;
      /** A whole number from 0 below 2 ** 53. */
      readonly seed: number;
    };

export interface FollowedTime {
  /** The factor at a time. */
  readonly gain: (timeS: number) => number;
  /** Calls for parts of `fromS` to `toS` in which the factor hardly changes: start, stop, and its mean there. Where it is 0, none. */
  readonly pieces: (fromS: number, toS: number, into: Pieces) => void;
}

/** The factor on a signal's power at a time, in seconds from the start of the observation. */
export function timeGain(profile: TimeProfile): (timeS: number) => number {
  return followTime(profile).gain;
}

/** Pieces of a changing profile are this part of its own time: a period, a width, a time scale. */
const FINENESS = 32;
/** A divisor of it, so that no node lies within a piece. */
const NODES_PER_TIMESCALE = 8;
const SCINTILLATION = 4;

const followed = new WeakMap<TimeProfile, FollowedTime>();

export function followTime(profile: TimeProfile): FollowedTime {
  const found = followed.get(profile) ?? make(profile);
  followed.set(profile, found);
  return found;
}

function make(profile: TimeProfile): FollowedTime {
  switch (profile.shape) {
    case "steady":
      return { gain: () => 1, pieces: (fromS, toS, into) => addPiece(into, fromS, toS, 1) };
    case "partial": {
      const { startS, stopS } = profile;
      return {
        gain: (t) => (t >= startS && t < stopS ? 1 : 0),
        pieces: (fromS, toS, into) => addClipped(into, startS, stopS, fromS, toS),
      };
    }
    case "pulsed": {
      const { periodS, duty, startS = 0 } = profile;
      return {
        gain(t) {
          const phase = (t - startS) / periodS;
          return phase - Math.floor(phase) < duty ? 1 : 0;
        },
        pieces(fromS, toS, into) {
          for (let n = Math.floor((fromS - startS) / periodS); startS + n * periodS < toS; n++) {
            addClipped(into, startS + n * periodS, startS + (n + duty) * periodS, fromS, toS);
          }
        },
      };
    }
    case "gaussian-pulses": {
      const { periodS, fwhmS, startS = 0 } = profile;
      // Neighbours count where they still reach: to a 65,536th of the peak at twice the width.
      const neighbours = Math.ceil((2 * fwhmS) / periodS);
      return stepwise((t) => {
        const nearest = Math.round((t - startS) / periodS);
        let sum = 0;
        for (let n = nearest - neighbours; n <= nearest + neighbours; n++) {
          const x = (t - startS - n * periodS) / fwhmS;
          sum += 2 ** (-4 * x * x);
        }
        return sum;
      }, fwhmS / FINENESS);
    }
    case "sine": {
      const { periodS, depth, phase = 0 } = profile;
      return stepwise((t) => 1 + depth * Math.sin(2 * Math.PI * (t / periodS + phase)), periodS / FINENESS);
    }
    case "scintillating":
      return stepwise(scintillation(profile), profile.timescaleS / FINENESS);
  }
}

/** Straight between nodes, which follow from each other as an Ornstein-Uhlenbeck process does. */
function scintillation({
  timescaleS,
  modulation,
  seed,
}: Extract<TimeProfile, { shape: "scintillating" }>): (timeS: number) => number {
  const scattered = 1 - Math.sqrt(1 - modulation * modulation);
  const steady = Math.sqrt(1 - scattered);
  const amplitude = Math.sqrt(0.5 * scattered);
  const keep = Math.exp(-1 / NODES_PER_TIMESCALE);
  const renew = Math.sqrt(1 - keep * keep);
  const part = (which: number) => {
    const random = randomStream(streamKey(seed, SCINTILLATION, which));
    return growing((_, before) => keep * before + renew * random.normal(), random.normal());
  };
  const [real, imaginary] = [part(0), part(1)];
  const node = (i: number) => (steady + amplitude * real(i)) ** 2 + (amplitude * imaginary(i)) ** 2;
  return (t) => {
    const place = Math.max(0, (t / timescaleS) * NODES_PER_TIMESCALE);
    const i = Math.floor(place);
    const here = node(i);
    return here + (node(i + 1) - here) * (place - i);
  };
}

/** A smooth factor, taken at the middle of pieces no longer than `longestS`; their borders lie at its multiples. */
function stepwise(gain: (timeS: number) => number, longestS: number): FollowedTime {
  return {
    gain,
    pieces(fromS, toS, into) {
      let startS = fromS;
      for (let i = Math.floor(fromS / longestS) + 1; startS < toS; i++) {
        const endS = Math.min(toS, i * longestS);
        if (endS <= startS) continue;
        addPiece(into, startS, endS, gain(0.5 * (startS + endS)));
        startS = endS;
      }
    },
  };
}

function addClipped(into: Pieces, startS: number, stopS: number, fromS: number, toS: number): void {
  const a = Math.max(startS, fromS);
  const b = Math.min(stopS, toS);
  if (a < b) addPiece(into, a, b, 1);
}
