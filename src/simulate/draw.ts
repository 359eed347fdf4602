/** Draws from the ranges and weights that recipes are made of. */

import type { RandomStream } from "./random.ts";

/** Lowest and highest value. */
export type Range = readonly [low: number, high: number];

/** How often each kind is drawn, against the others; they need not sum to 1. */
export type Weights<Kind extends string = string> = Readonly<Record<Kind, number>>;

export function uniformIn(random: RandomStream, [low, high]: Range): number {
  return low + (high - low) * random.uniform();
}

/** Equally often in each factor of two. Both ends are above 0. */
export function logUniformIn(random: RandomStream, [low, high]: Range): number {
  return low * (high / low) ** random.uniform();
}

/** A whole number, both ends included. */
export function wholeIn(random: RandomStream, [low, high]: Range): number {
  return Math.min(high, low + Math.floor((high - low + 1) * random.uniform()));
}

export function chance(random: RandomStream, probability: number): boolean {
  return random.uniform() < probability;
}

export function signOf(random: RandomStream): 1 | -1 {
  return random.uniform() < 0.5 ? -1 : 1;
}

export function pickOne<T>(random: RandomStream, items: readonly T[]): T {
  return items[Math.floor(items.length * random.uniform())]!;
}

export function pickKind<Kind extends string>(random: RandomStream, weights: Weights<Kind>): Kind {
  const kinds = (Object.keys(weights) as Kind[]).filter((kind) => weights[kind] > 0);
  let left = random.uniform() * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of kinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return kinds.at(-1)!;
}
