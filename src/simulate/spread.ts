/** Signals with a width of their own, as channels that count the power within their borders see them. */

import { normalBelow } from "./special-functions.ts";

/** How a signal's power is shared out among the channels. Offsets are in Hz from the centre of channel 0. */
export interface ChannelResponse {
  /** Further from the signal a channel gets nothing. */
  readonly reachHz: number;
  /** The finest scale on which the response changes. */
  readonly scaleHz: number;
  /** Adds `weight` times what channels `first` to `last` get, on average, as the signal moves between two offsets, to `into[channel - base]`. */
  readonly add: (
    into: Float64Array,
    base: number,
    first: number,
    last: number,
    fromHz: number,
    toHz: number,
    weight: number,
  ) => void;
}

export type SpreadShape =
  | { readonly shape: "box"; readonly widthHz: number }
  | { readonly shape: "gaussian"; readonly fwhmHz: number }
  | { readonly shape: "lorentzian"; readonly fwhmHz: number };

export function spreadResponse(profile: SpreadShape, foffHz: number): ChannelResponse {
  const channelHz = Math.abs(foffHz);
  const shape = spread(profile);
  const addWhole = edgeWalk(shape, foffHz);
  const near = { reachHz: shape.reachHz + 0.5 * channelHz, scaleHz: Math.max(channelHz, shape.scaleHz) };
  if (profile.shape !== "lorentzian") return { ...near, add: addWhole };
  return { ...near, add: withFarWings(addWhole, 0.5 * profile.fwhmHz, foffHz) };
}

interface Spread {
  /** The share of the power at less than u Hz from the centre. */
  readonly below: (uHz: number) => number;
  /** An antiderivative of `below`. */
  readonly belowIntegral: (uHz: number) => number;
  readonly reachHz: number;
  readonly scaleHz: number;
  /** Sweeps no longer than this are taken at their middle. */
  readonly shortHz: number;
}

/** Goes from border to border of the channels, so that neighbours share the work. */
function edgeWalk({ below, belowIntegral, shortHz }: Spread, foffHz: number): ChannelResponse["add"] {
  return (into, base, first, last, fromHz, toHz, weight) => {
    const sweep = toHz - fromHz;
    const still = Math.abs(sweep) <= shortHz;
    const middle = 0.5 * (fromHz + toHz);
    const scale = still ? weight : weight / sweep;
    const factor = foffHz < 0 ? -scale : scale;
    let before = 0;
    for (let edge = first; edge <= last + 1; edge++) {
      const at = (edge - 0.5) * foffHz;
      const here = still ? below(at - middle) : belowIntegral(at - fromHz) - belowIntegral(at - toHz);
      if (edge > first) into[edge - 1 - base]! += factor * (here - before);
      before = here;
    }
  };
}

function spread(profile: SpreadShape): Spread {
  switch (profile.shape) {
    case "box":
      return box(profile.widthHz);
    case "gaussian":
      return gaussian(profile.fwhmHz);
    case "lorentzian":
      return lorentzian(profile.fwhmHz);
  }
}

function box(widthHz: number): Spread {
  const half = 0.5 * widthHz;
  return {
    below: (u) => (u <= -half ? 0 : u >= half ? 1 : (u + half) / widthHz),
    belowIntegral: (u) => (u <= -half ? 0 : u >= half ? u : (u + half) ** 2 / (2 * widthHz)),
    reachHz: half,
    scaleHz: widthHz,
    shortHz: 1e-6 * widthHz,
  };
}

/** Standard deviations from the centre where a Gaussian is cut, which loses 6e-7 of it. */
const GAUSSIAN_REACH = 5;

function gaussian(fwhmHz: number): Spread {
  const sigma = fwhmHz / Math.sqrt(8 * Math.LN2);
  normalTable ??= tabulate(
    7,
    (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI),
    normalBelow,
    (x) => x * normalBelow(x) + Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI),
  );
  const table = normalTable;
  return {
    below(u) {
      const x = u / sigma;
      return x <= -table.end ? 0 : x >= table.end ? 1 : lookUp(table.below, table.end, x);
    },
    belowIntegral(u) {
      const x = u / sigma;
      return x <= -table.end ? 0 : x >= table.end ? u : sigma * lookUp(table.integral, table.end, x);
    },
    reachHz: GAUSSIAN_REACH * sigma,
    scaleHz: sigma,
    shortHz: 1e-4 * sigma,
  };
}

/** Widths from the centre where a Lorentzian is cut. */
const LORENTZIAN_REACH = 64;

function lorentzian(fwhmHz: number): Spread {
  const half = 0.5 * fwhmHz;
  const directBelow = (x: number) => 0.5 + Math.atan(x) / Math.PI;
  const directIntegral = (x: number) => 0.5 * x + (x * Math.atan(x) - 0.5 * Math.log(1 + x * x)) / Math.PI;
  lorentzTable ??= tabulate(16, (x) => 1 / (Math.PI * (1 + x * x)), directBelow, directIntegral);
  const table = lorentzTable;
  return {
    below(u) {
      const x = u / half;
      return Math.abs(x) < table.end ? lookUp(table.below, table.end, x) : directBelow(x);
    },
    belowIntegral(u) {
      const x = u / half;
      return half * (Math.abs(x) < table.end ? lookUp(table.integral, table.end, x) : directIntegral(x));
    },
    reachHz: LORENTZIAN_REACH * fwhmHz,
    scaleHz: half,
    shortHz: 1e-4 * half,
  };
}

/** A distribution's share below x and the integral of that, each with its slope, at x from -end to end. */
interface SpreadTable {
  readonly end: number;
  readonly below: Float64Array;
  readonly integral: Float64Array;
}

const STEPS = 128;
let normalTable: SpreadTable | undefined;
let lorentzTable: SpreadTable | undefined;

/** With 128 nodes to a width, cubics between them are off by 1e-11. */
function tabulate(
  end: number,
  density: (x: number) => number,
  below: (x: number) => number,
  integral: (x: number) => number,
): SpreadTable {
  const nodes = 2 * end * STEPS + 2;
  const table = { end, below: new Float64Array(2 * nodes), integral: new Float64Array(2 * nodes) };
  for (let i = 0; i < nodes; i++) {
    const x = i / STEPS - end;
    table.below[2 * i] = below(x);
    table.below[2 * i + 1] = density(x) / STEPS;
    table.integral[2 * i] = integral(x);
    table.integral[2 * i + 1] = below(x) / STEPS;
  }
  return table;
}

/** Hermite's cubic through the values and slopes of the nodes about x. */
function lookUp(nodes: Float64Array, end: number, x: number): number {
  const place = (x + end) * STEPS;
  const i = Math.floor(place);
  const t = place - i;
  const v0 = nodes[2 * i]!;
  const s0 = nodes[2 * i + 1]!;
  const v1 = nodes[2 * i + 2]!;
  const s1 = nodes[2 * i + 3]!;
  const rise = v1 - v0;
  return v0 + t * (s0 + t * (3 * rise - 2 * s0 - s1 + t * (s0 + s1 - 2 * rise)));
}

/** Where the wings begin: a sweep of length d (a channel's width, too, is one) over u ** 2 + half ** 2 of so many times d half. */
const WINGS_FROM = 40;

/**
 * The mean of half / (u ** 2 + half ** 2) over a sweep of length d from u0 to u1 is atan(q) / d with q = d half / (u0 u1 + half ** 2). In the wings q is
 * small and stands for its arc tangent, over the sweep and over the channel alike: that is off by 1e-5 of the whole power at most.
 */
function withFarWings(
  addWhole: ChannelResponse["add"],
  halfHz: number,
  foffHz: number,
): ChannelResponse["add"] {
  const channelHz = Math.abs(foffHz);
  const factor = (halfHz * channelHz) / Math.PI;
  return (into, base, first, last, fromHz, toHz, weight) => {
    const middle = (0.5 * (fromHz + toHz)) / foffHz;
    const sweepHz = Math.abs(toHz - fromHz);
    const quarter = 0.25 * (sweepHz ** 2 + channelHz ** 2);
    const flat = WINGS_FROM * Math.max(sweepHz, channelHz) * halfHz - halfHz ** 2 + quarter;
    const asideHz = Math.max(0.5 * sweepHz + 4 * channelHz, Math.sqrt(Math.max(0, flat)));
    const aside = asideHz / channelHz;
    const nearFirst = Math.ceil(middle - aside);
    const nearLast = Math.floor(middle + aside);
    if (nearFirst <= last && nearLast >= first) {
      addWhole(into, base, Math.max(first, nearFirst), Math.min(last, nearLast), fromHz, toHz, weight);
    }
    const less = halfHz ** 2 - quarter;
    for (let side = 0; side < 2; side++) {
      const start = side === 0 ? first : Math.max(first, nearLast + 1);
      const stop = side === 0 ? Math.min(last, nearFirst - 1) : last;
      for (let channel = start; channel <= stop; channel++) {
        const u = (channel - middle) * foffHz;
        into[channel - base]! += (weight * factor) / (u * u + less);
      }
    }
  };
}
