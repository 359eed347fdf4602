/** What a training is done with, as plain values: a checkpoint keeps them, and goes on only with the same, unless told otherwise. */

import { InputError } from "../signal/errors.ts";
import type { Optimizer } from "./optimizers.ts";
import type { Schedule } from "./schedules.ts";

/** Numbers are finite, as JSON has no others; what isn't stands as text. */
export type TrainerSettings = Readonly<Record<string, number | string>>;

export function trainerSettings(
  optimizer: Optimizer,
  schedule: Schedule,
  others: TrainerSettings,
): TrainerSettings {
  const { name, weightDecay } = optimizer;
  const all = {
    ...prefixed("optimizer", { name, ...optimizer.arguments, weightDecay }),
    ...prefixed("schedule", schedule.settings),
    ...others,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      name,
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
    ]),
  );
}

/** Throws an InputError that names each setting that differs. */
export function checkSettings(begun: TrainerSettings, now: TrainerSettings): void {
  const names = [...new Set([...Object.keys(begun), ...Object.keys(now)])];
  const changed = names.filter((name) => begun[name] !== now[name]);
  if (changed.length === 0) return;
  const each = changed.map(
    (name) => `${name} was ${begun[name] ?? "absent"} and is ${now[name] ?? "absent"}`,
  );
  throw new InputError(
    `The checkpoint is of a training with other settings: ${each.join("; ")}. Give the trainer the ones that it began with, or train on ` +
      "with these from here: restore(state, { newSettings: true }).",
  );
}

function prefixed(prefix: string, settings: TrainerSettings): TrainerSettings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}.${name}`, value]));
}
