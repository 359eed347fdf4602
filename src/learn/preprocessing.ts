/** What a model that scores cadences says of them, in its metadata under `preprocessing`. */

import type { OnnxDescription } from "../nn/onnx/read.ts";
import { FileError, InputError } from "../signal/errors.ts";
import type { PanelShape } from "../signal/panels.ts";
import { checkInputSpec, type InputSpec, inputShape } from "./inputs/input-spec.ts";
import { flipNames, type Recipe } from "./recipe.ts";

export interface Preprocessing {
  readonly input: InputSpec;
  /** Of the cadences. */
  readonly shape: PanelShape;
  /** Views that prediction averages. */
  readonly flips: Recipe["flips"];
}

/** How cadences are prepared for a model, checked against what it takes. Throws a FileError where it is not one that scores cadences. */
export function preprocessingOf(
  { input, output, preprocessing }: OnnxDescription,
  name: string,
): Preprocessing {
  const read = readPreprocessing(name, preprocessing);
  const { channels, height, width } = inputShape(read.input, read.shape);
  const wanted = [channels, height, width].join(" x ");
  const actual = input.shape.slice(1).join(" x ");
  if (actual !== wanted) {
    throw new FileError(
      name,
      `it takes images of ${actual}, but this version makes ${wanted} as it asks for. Train it again.`,
    );
  }
  const logits = output.shape.slice(1);
  if (logits.some((size) => size !== 1)) {
    throw new FileError(
      name,
      `it gives ${logits.join(" x ")} numbers a cadence; a model that scores cadences gives one.`,
    );
  }
  return read;
}

function readPreprocessing(path: string, value: unknown): Preprocessing {
  if (typeof value !== "object" || value === null) {
    throw new FileError(
      path,
      "it does not say how cadences are prepared for it (preprocessing, in its metadata). Give a model that Lodestone exported.",
    );
  }
  const { input, shape, flips = "none" } = value as Record<string, unknown>;
  try {
    return { input: checkInputSpec(input, path), shape: readShape(shape), flips: readFlips(flips) };
  } catch (cause) {
    const why = cause instanceof InputError ? cause.message : String(cause);
    throw new FileError(path, `its metadata's preprocessing can't be used (${why}). Export it again.`, {
      cause,
    });
  }
}

function readShape(value: unknown): PanelShape {
  const { panels, rows, channels } = (value ?? {}) as Record<string, unknown>;
  const size = (name: string, number: unknown) => {
    if (Number.isSafeInteger(number) && (number as number) >= 1) return number as number;
    throw new InputError(`shape.${name} is ${JSON.stringify(number)}, not a whole number from 1.`);
  };
  return {
    panels: size("panels", panels),
    rows: size("rows", rows),
    channels: size("channels", channels),
  };
}

function readFlips(value: unknown): Recipe["flips"] {
  const found = flipNames.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InputError(`flips is ${JSON.stringify(value)}, not one of ${flipNames.join(", ")}.`);
}
