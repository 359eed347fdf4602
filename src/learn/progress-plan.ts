/** How far a training is at each step, where its length may still change: the learning rate follows this share. */

import type { Recipe } from "./recipe.ts";

/** From the step `from` on, where the share `share` was done, the training is planned to end after `total` steps. */
export interface PlanPoint {
  readonly from: number;
  readonly share: number;
  readonly total: number;
}

/** In the order of steps; the first one is from 0. Plain values: a checkpoint keeps them. */
export type ProgressPlan = readonly PlanPoint[];

export function planSteps(total: number): ProgressPlan {
  return [{ from: 0, share: 0, total }];
}

/** The plan with another end. What is done by the step `from` stays done, and the rest is spread over the steps that are left. */
export function replan(plan: ProgressPlan, from: number, total: number): ProgressPlan {
  const kept = plan.filter((point) => point.from < from);
  return [...kept, { from, share: shareDone(plan, from), total: Math.max(total, from) }];
}

export function totalSteps(plan: ProgressPlan): number {
  return plan.at(-1)!.total;
}

/** 0 to 1, before the step (counted from 0) is taken; 1 at the end. Halves of steps may be asked for. */
export function shareDone(plan: ProgressPlan, step: number): number {
  let point = plan[0]!;
  for (const later of plan) if (later.from <= step) point = later;
  const { from, share, total } = point;
  if (step >= total) return 1;
  return share + ((1 - share) * (step - from)) / (total - from);
}

/**
 * The learning rate, as a part of the highest, when a share of the training is done. `constant`: 1; `cosine`: half a cosine down to 0;
 * both rise in a straight line during the warm-up. `one-cycle` (Smith and Topin 2018, as PyTorch's OneCycleLR): a cosine from 1/25 up to 1
 * during the warm-up, 0.3 unless given, and one down to 4e-6.
 */
export function rateFactor({ name, warmup }: Recipe["schedule"], share: number): number {
  if (name === "one-cycle") {
    const peak = warmup ?? 0.3;
    const anneal = (from: number, to: number, part: number) =>
      to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part));
    return share < peak ? anneal(0.04, 1, share / peak) : anneal(1, 4e-6, (share - peak) / (1 - peak));
  }
  const rise = warmup ?? 0;
  if (share < rise) return share / rise;
  return name === "constant" ? 1 : (1 + Math.cos((Math.PI * (share - rise)) / (1 - rise))) / 2;
}
