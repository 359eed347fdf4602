/** Checks the augmentation of a recipe. */

import { type Fields, readFields } from "../signal/json-fields.ts";
import type { AugmentSpec } from "./inputs/augment.ts";

const chance = { min: 0, max: 1 };

/** Throws a UsageError that names `source` and the key. */
export function checkAugmentSpec(value: unknown, source: string): AugmentSpec {
  return readFields(source, value, readAugment, "augment");
}

function readAugment(fields: Fields): AugmentSpec {
  const spec: Record<string, unknown> = {};
  for (const key of ["flipTime", "flipFrequency", "swapOn"]) {
    if (fields.has(key)) spec[key] = fields.number(key, chance);
  }
  for (const key of ["shiftRows", "shiftChannels"]) {
    if (fields.has(key)) spec[key] = fields.number(key, { min: 0, whole: true });
  }
  if (fields.has("noise")) spec.noise = fields.number("noise", { min: 0 });
  if (fields.has("cutout")) {
    spec.cutout = fields.object("cutout", (cutout) => ({
      count: cutout.number("count", { min: 1, whole: true }),
      size: cutout.number("size", { above: 0, max: 1 }),
    }));
  }
  if (fields.has("mixUp")) {
    spec.mixUp = fields.object("mixUp", (mixing) => ({
      chance: mixing.number("chance", chance),
      alpha: mixing.number("alpha", { above: 0 }),
      labels: mixing.choice("labels", ["max", "or", "linear"]),
      ...(mixing.has("offInLast") && { offInLast: mixing.number("offInLast", chance) }),
    }));
  }
  return spec;
}
