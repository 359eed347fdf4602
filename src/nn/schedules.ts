/** Learning rates over the steps of a training. Steps count from 0; a schedule gives the rate that step is taken with. */

import { UsageError } from "../signal/errors.ts";

export interface Schedule {
  (step: number): number;
  /** What it was made from, for checkpoints: a training goes on with the schedule that it began with. */
  readonly settings: Readonly<Record<string, number | string>>;
}

function schedule(settings: Schedule["settings"], rate: (step: number) => number): Schedule {
  return Object.assign((step: number) => rate(step), { settings });
}

export function constantSchedule(learningRate: number): Schedule {
  return schedule({ name: "constant", learningRate }, () => learningRate);
}

/**
 * Rises in a straight line over `warmupSteps` and falls as half a cosine to `minimum` at the last step (Loshchilov and Hutter
 * 2017, without restarts). Past the end it stays at the minimum.
 */
export function cosineSchedule({
  learningRate,
  totalSteps,
  warmupSteps = 0,
  minimum = 0,
}: {
  readonly learningRate: number;
  readonly totalSteps: number;
  readonly warmupSteps?: number;
  readonly minimum?: number;
}): Schedule {
  checkSteps(totalSteps, warmupSteps);
  return schedule({ name: "cosine", learningRate, totalSteps, warmupSteps, minimum }, (step) => {
    if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
    const done = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - 1 - warmupSteps));
    return minimum + ((learningRate - minimum) * (1 + Math.cos(Math.PI * done))) / 2;
  });
}

/**
 * PyTorch's OneCycleLR with cosine annealing (Smith and Topin 2018): from learningRate / divFactor up to learningRate over the first
 * `pctStart` of the steps, then down to the start's rate / finalDivFactor.
 */
export function oneCycleSchedule({
  learningRate,
  totalSteps,
  pctStart = 0.3,
  divFactor = 25,
  finalDivFactor = 1e4,
}: {
  readonly learningRate: number;
  readonly totalSteps: number;
  readonly pctStart?: number;
  readonly divFactor?: number;
  readonly finalDivFactor?: number;
}): Schedule {
  checkSteps(totalSteps, 0);
  const first = learningRate / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  const anneal = (from: number, to: number, part: number) => {
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * Math.min(1, part)));
  };
  const settings = { name: "oneCycle", learningRate, totalSteps, pctStart, divFactor, finalDivFactor };
  return schedule(settings, (step) => {
    if (step <= peak) return anneal(first, learningRate, peak === 0 ? 1 : step / peak);
    return anneal(learningRate, last, (step - peak) / (totalSteps - 1 - peak));
  });
}

function checkSteps(totalSteps: number, warmupSteps: number): void {
  if (!Number.isInteger(totalSteps) || totalSteps < 1) {
    throw new UsageError(`A schedule needs a whole number of steps, 1 or more; ${totalSteps} were given.`);
  }
  if (!(warmupSteps >= 0 && warmupSteps < totalSteps)) {
    throw new UsageError(
      `The warm-up must be shorter than the training: ${warmupSteps} of ${totalSteps} steps.`,
    );
  }
}
