/** All that a training is made of at a moment, for a checkpoint. */

import type { TrainerSettings } from "./trainer-settings.ts";

export interface TrainerState extends Counts {
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** `m/conv_stem.weight` and the like, and `gradient/...` in the middle of an accumulation. */
  readonly optimizer: ReadonlyMap<string, Float32Array>;
  readonly average: ReadonlyMap<string, Float32Array> | undefined;
}

/** What of it is not arrays. */
export interface Counts {
  /** Batches seen and updates done. */
  readonly batches: number;
  readonly updates: number;
  /** Batches since the last update, whose gradients wait for the next. */
  readonly accumulated: number;
  readonly seed: number;
  /** The optimiser, the schedule and the rest, by which a training goes on as it was begun. */
  readonly settings: TrainerSettings;
}

/** What is wrong with counts and settings that may be anything; undefined where nothing is. */
export function problemOfCounts(counts: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ["batches", "updates", "accumulated", "seed"]) {
    const count = counts[name];
    if (!Number.isSafeInteger(count) || (count as number) < 0) {
      return `${name} must be a whole number, 0 or more; it is ${JSON.stringify(count) ?? "absent"}`;
    }
  }
  const { batches, updates, accumulated, settings } = counts as Record<string, unknown> & Counts;
  if (updates + accumulated > batches) {
    return `${updates} updates and ${accumulated} batches since can't come from ${batches} batches`;
  }
  if (typeof settings !== "object" || settings === null) return "the settings are absent";
  for (const [name, value] of Object.entries<unknown>(settings)) {
    if (typeof value === "number" || typeof value === "string") continue;
    return `the setting ${name} must be a number or a string; it is ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** The same of a whole state; whether the arrays fit the network is not looked at. */
export function problemOfState(state: unknown): string | undefined {
  if (typeof state !== "object" || state === null) return "it must be an object";
  const { weights, optimizer, average = new Map() } = state as Partial<TrainerState>;
  for (const [name, map] of Object.entries({ weights, optimizer, average })) {
    if (!(map instanceof Map)) return `${name} must be a Map`;
  }
  return problemOfCounts(state as Record<string, unknown>);
}
