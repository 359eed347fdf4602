/**
 * A pure carrier as the channels of a Fourier transform without a window see it: R(x) = sinc(x) ** 2, x in channels, and its
 * antiderivative C(x) = (Si(2 pi x) - sin(pi x) ** 2 / (pi x)) / pi, Si being the sine integral.
 */

import { sineIntegral } from "./special-functions.ts";
import type { ChannelResponse } from "./spread.ts";

/** Channels from the carrier where it is cut, which loses 0.32 % of its power; what is cut lies below 1e-4 of the peak. */
const REACH = 32;
/** Within so many channels of the carrier's way C is looked up; further out R is summed from C's asymptotic series, right to 4e-7. */
const NEAR = 12;
/** Sweeps of less than this, in channels, are taken at their middle: R is off by 3e-7 at most. */
const SHORT = 1e-3;

export function toneResponse(foffHz: number): ChannelResponse {
  const channelHz = Math.abs(foffHz);
  return {
    reachHz: REACH * channelHz,
    scaleHz: channelHz,
    add(into, base, first, last, fromHz, toHz, weight) {
      const from = fromHz / foffHz;
      const to = toHz / foffHz;
      if (Math.abs(to - from) < SHORT) addStill(into, base, first, last, 0.5 * (from + to), weight);
      else addSweep(into, base, first, last, from, to, weight);
    },
  };
}

function addStill(into: Float64Array, base: number, first: number, last: number, at: number, weight: number) {
  // sin(pi x) ** 2 is the same in all channels.
  const fraction = at - Math.round(at);
  const factor = weight * (Math.sin(Math.PI * fraction) / Math.PI) ** 2;
  const peak = Math.round(at);
  const peakShare = Math.abs(fraction) < 1e-5 ? weight : factor / (fraction * fraction);
  for (let channel = first; channel <= last; channel++) {
    const x = channel - at;
    into[channel - base]! += channel === peak ? peakShare : factor / (x * x);
  }
}

function addSweep(
  into: Float64Array,
  base: number,
  first: number,
  last: number,
  from: number,
  to: number,
  weight: number,
) {
  const length = to - from;
  const nearFirst = Math.max(first, Math.ceil(Math.min(from, to) - NEAR));
  const nearLast = Math.min(last, Math.floor(Math.max(from, to) + NEAR));
  const scale = weight / length;
  addNear(into, base, nearFirst, nearLast, from, scale);
  addNear(into, base, nearFirst, nearLast, to, -scale);
  // With z = 2 pi x: C(x) = +-1/2 - 1 / (pi z) - sin(z) / (pi z ** 2) + 2 cos(z) / (pi z ** 3) + ... (Abramowitz and Stegun 5.2.34, 35),
  // and the sine and cosine of z are the same in all channels.
  const turnFrom = 2 * Math.PI * (from - Math.round(from));
  const turnTo = 2 * Math.PI * (to - Math.round(to));
  const second = scale / (4 * Math.PI ** 3);
  const third = scale / (4 * Math.PI ** 4);
  const leading = weight / (2 * Math.PI ** 2);
  const sinFrom = second * Math.sin(turnFrom);
  const sinTo = second * Math.sin(turnTo);
  const cosFrom = third * Math.cos(turnFrom);
  const cosTo = third * Math.cos(turnTo);
  const stopBelow = Math.min(last, nearFirst - 1, Math.ceil(Math.min(from, to) - NEAR) - 1);
  const startAbove = Math.max(first, nearLast + 1, Math.floor(Math.max(from, to) + NEAR) + 1);
  for (let side = 0; side < 2; side++) {
    const start = side === 0 ? first : startAbove;
    const stop = side === 0 ? stopBelow : last;
    for (let channel = start; channel <= stop; channel++) {
      const x0 = channel - from;
      const x1 = channel - to;
      const r = 1 / (x0 * x1);
      const a = sinFrom * x1 * x1 - sinTo * x0 * x0;
      const b = cosFrom * x1 * x1 * x1 - cosTo * x0 * x0 * x0;
      into[channel - base]! += r * (leading + r * (a + r * b));
    }
  }
}

/** Adds `scale` times C(channel - at), an interpolated table near 0 and the asymptotic series further out. */
function addNear(into: Float64Array, base: number, first: number, last: number, at: number, scale: number) {
  const nodes = nearTable();
  const whole = Math.floor(-at);
  const place = (-at - whole) * PHASES;
  const phase = Math.min(PHASES - 1, Math.floor(place));
  // Hermite's cubic through C and R at the nodes about x; all channels lie at the same phase, so its weights are the same.
  const t = place - phase;
  const v1 = scale * t * t * (3 - 2 * t);
  const v0 = scale - v1;
  const s0 = scale * t * (1 - t) * (1 - t);
  const s1 = scale * t * t * (t - 1);
  const here = 2 * (phase * COLUMNS + whole + HALF);
  const there = here + 2 * COLUMNS;
  const inFirst = Math.max(first, -whole - HALF);
  const inLast = Math.min(last, -whole + HALF - 1);
  for (let channel = inFirst; channel <= inLast; channel++) {
    const i = here + 2 * channel;
    const j = there + 2 * channel;
    into[channel - base]! += v0 * nodes[i]! + s0 * nodes[i + 1]! + v1 * nodes[j]! + s1 * nodes[j + 1]!;
  }
  for (let channel = first; channel <= Math.min(last, inFirst - 1); channel++) {
    into[channel - base]! += scale * farCumulative(channel - at);
  }
  for (let channel = Math.max(first, inLast + 1); channel <= last; channel++) {
    into[channel - base]! += scale * farCumulative(channel - at);
  }
}

/** C(x) for |x| of 13 and more, off by less than 1e-11. */
function farCumulative(x: number): number {
  const z = 2 * Math.PI * Math.abs(x);
  const w = 1 / (z * z);
  const sin = Math.sin(z) * w * (1 - 6 * w + 120 * w * w);
  const cos = (Math.cos(z) / z) * w * (2 - 24 * w + 720 * w * w);
  const value = 0.5 - (1 / z + sin - cos) / Math.PI;
  return x < 0 ? -value : value;
}

const PHASES = 256;
/** The table goes from -HALF channels to HALF. */
const HALF = NEAR + 2;
const COLUMNS = 2 * HALF;
let table: Float64Array | undefined;

/** C and R (a phase's worth of it) at x = column - HALF + phase / PHASES, a row a phase: cubics between are off by 1e-11. */
function nearTable(): Float64Array {
  if (table) return table;
  table = new Float64Array(2 * (PHASES + 1) * COLUMNS);
  for (let phase = 0; phase <= PHASES; phase++) {
    for (let column = 0; column < COLUMNS; column++) {
      const x = column - HALF + phase / PHASES;
      const px = Math.PI * x;
      const at = 2 * (phase * COLUMNS + column);
      table[at] = x === 0 ? 0 : (sineIntegral(2 * px) - Math.sin(px) ** 2 / px) / Math.PI;
      table[at + 1] = (x === 0 ? 1 : (Math.sin(px) / px) ** 2) / PHASES;
    }
  }
  return table;
}
