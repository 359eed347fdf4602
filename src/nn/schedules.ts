/** Learning rates over the steps of a training. Steps count from 0; a schedule gives the rate that step is taken with. */

import { UsageError } from "../signal/errors.ts";
import { checkNumber, checkRate, checkWhole, isFinite32 } from "./number-options.ts";

/** A function of the update's number. Made by this file's functions; `customSchedule` makes one of any rule. */
export interface Schedule {
  (step: number): number;
  /** What it was made from, for checkpoints: a training goes on with the schedule that it began with. */
  readonly settings: Readonly<Record<string, number | string>>;
}

function schedule(settings: Schedule["settings"], rate: (step: number) => number): Schedule {
  return Object.assign((step: number) => rate(step), { settings });
}

/**
 * A schedule of one's own: `rate` gives the learning rate of each update, counted from 0. `settings` are what it was made from, as plain
 * numbers and strings: a checkpoint keeps them, and a training with other settings does not go on from it unseen.
 *
 *     customSchedule({ name: "halving", learningRate: 1e-3, every: 1000 }, (step) => 1e-3 / 2 ** Math.floor(step / 1000))
 */
export function customSchedule(
  settings: Readonly<Record<string, number | string>>,
  rate: (step: number) => number,
): Schedule {
  if (typeof rate !== "function") {
    throw new UsageError(
      "customSchedule needs the settings and then the function that gives each update's learning rate.",
    );
  }
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === "number" || typeof value === "string") continue;
    throw new UsageError(`A schedule's settings are numbers and strings; ${name} is ${String(value)}.`);
  }
  return schedule({ name: "custom", ...settings }, rate);
}

/** The same rate throughout. */
export function constantSchedule(learningRate: number): Schedule {
  checkRate("learningRate", learningRate);
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
  checkRate("learningRate", learningRate);
  checkRate("minimum", minimum);
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
  checkRate("learningRate", learningRate);
  checkSteps(totalSteps, 0);
  checkNumber("pctStart", pctStart, "from 0 to 1", (part) => part >= 0 && part <= 1);
  for (const [name, value] of Object.entries({ divFactor, finalDivFactor })) {
    const range = "above 0, and large enough for the rates to be finite";
    const smallest = name === "divFactor" ? learningRate : learningRate / divFactor;
    checkNumber(
      name,
      value,
      range,
      (factor) => factor > 0 && factor < Infinity && isFinite32(smallest / factor),
    );
  }
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
  checkWhole("totalSteps", totalSteps, 1);
  checkWhole("warmupSteps", warmupSteps, 0);
  if (warmupSteps >= totalSteps) {
    throw new UsageError(
      `The warm-up must be shorter than the training: ${warmupSteps} of ${totalSteps} steps.`,
    );
  }
}
