/** What a training is told, checked once when the trainer is made. */

import { UsageError } from "../signal/errors.ts";
import { checkNumber, checkShare, checkWhole } from "./number-options.ts";
import { adam, type Optimizer } from "./optimizers.ts";
import { constantSchedule, type Schedule } from "./schedules.ts";

export interface TrainerOptions {
  /** Values of all weights by name, in PyTorch's layout. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Adam with PyTorch's defaults, if not given. */
  readonly optimizer?: Optimizer;
  /** The learning rate of each update; 1e-3 throughout, if not given. */
  readonly schedule?: Schedule;
  /** Largest norm of the whole gradient, above 0. */
  readonly clipNorm?: number;
  /** Batches whose gradients are averaged for one update; 1 if not given. */
  readonly accumulate?: number;
  /** Keep a moving average of the weights with this decay, from 0 to below 1, and score with it. */
  readonly emaDecay?: number;
  /** Draws dropout and drop path; a whole number below 2^32. 0 if not given. */
  readonly seed?: number;
  /** Blocks that are computed twice to save memory: as few as fit into `maxBytes` ("auto"), all, or none. */
  readonly recompute?: "auto" | "all" | "none";
  /** Memory that the training may take; as much as the engine has, if not given. */
  readonly maxBytes?: number;
}

const recomputations = ["auto", "all", "none"];

/** The options with their defaults. Throws a UsageError that names the option, what it is and what it may be. */
export function checkedOptions(options: TrainerOptions) {
  const { weights, clipNorm, emaDecay, recompute, maxBytes } = options ?? {};
  const { accumulate = 1, seed = 0, schedule = constantSchedule(1e-3), optimizer = adam() } = options ?? {};
  if (typeof weights?.get !== "function" || typeof weights.entries !== "function") {
    throw new UsageError(
      "weights must be a Map of Float32Arrays by name, as initWeights and loadWeights make it.",
    );
  }
  checkOptimizer(optimizer);
  checkSchedule(schedule);
  checkWhole("accumulate", accumulate, 1);
  checkWhole("seed", seed, 0, 2 ** 32 - 1);
  if (clipNorm !== undefined) {
    checkNumber("clipNorm", clipNorm, "above 0, as a float32 too", (norm) => Math.fround(norm) > 0);
  }
  if (emaDecay !== undefined) checkShare("emaDecay", emaDecay);
  if (maxBytes !== undefined) checkNumber("maxBytes", maxBytes, "above 0", (bytes) => bytes > 0);
  if (recompute !== undefined && !recomputations.includes(recompute)) {
    const known = recomputations.map((choice) => `"${choice}"`).join(", ");
    throw new UsageError(`recompute must be one of ${known}; it is ${JSON.stringify(recompute)}.`);
  }
  return { weights, optimizer, schedule, accumulate, seed, clipNorm, emaDecay, recompute, maxBytes };
}

function checkOptimizer(optimizer: unknown): void {
  const made =
    typeof optimizer === "object" && optimizer !== null && "kernel" in optimizer && "arguments" in optimizer;
  if (made) return;
  throw new UsageError(`optimizer must be what sgd(), adam() or adamW() gives, not ${told(optimizer)}.`);
}

function checkSchedule(schedule: unknown): void {
  if (typeof schedule !== "function") {
    throw new UsageError(
      `schedule must be what constantSchedule, cosineSchedule, oneCycleSchedule or customSchedule gives, not ${told(schedule)}.`,
    );
  }
  if (typeof (schedule as Partial<Schedule>).settings === "object") return;
  throw new UsageError(
    `schedule is a plain function${schedule.name && ` (${schedule.name})`}: make it a schedule with customSchedule(settings, rate), ` +
      "so that checkpoints know what it was made from.",
  );
}

function told(value: unknown): string {
  return typeof value === "function"
    ? `the function ${value.name} itself`
    : (JSON.stringify(value) ?? String(value));
}
