/** Signals described on the command line: `--path sine:amplitudeHz=40,periodS=600`, with what is left out made to fit the scans. */

import { InvalidArgumentError } from "commander";
import { readFields } from "../signal/json-fields.ts";
import type { FrequencyProfile } from "../simulate/frequency-profiles.ts";
import type { Path } from "../simulate/paths.ts";
import { readPath, readProfile, readTimeProfile } from "../simulate/signal-json.ts";
import type { TimeProfile } from "../simulate/time-profiles.ts";

export interface ShapeOption {
  readonly shape: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Size of the pixels, and how long all scans last together. */
export interface SignalScale {
  readonly channelHz: number;
  readonly tsampS: number;
  readonly scanS: number;
  readonly durationS: number;
}

/** For commander: `name` or `name:key=number,key=number`. */
export function parseShape(text: string): ShapeOption {
  const [shape = "", ...rest] = text.trim().split(":");
  const pairs = rest.join(":").split(",").filter(Boolean);
  const values: Record<string, number> = {};
  for (const pair of pairs) {
    const [key = "", value = ""] = pair.split("=").map((part) => part.trim());
    if (key === "" || value === "" || !Number.isFinite(Number(value))) {
      throw new InvalidArgumentError(
        "Give a name, or a name and numbers, such as sine:amplitudeHz=40,periodS=600.",
      );
    }
    values[key] = Number(value);
  }
  return { shape, values };
}

/** Throws a UsageError for a shape or a key that there isn't. */
export function pathOfOption(
  { shape, values }: ShapeOption,
  driftHzPerS: number,
  seed: number,
  { channelHz, tsampS, scanS, durationS }: SignalScale,
): Path {
  const usual: Readonly<Record<string, object>> = {
    quadratic: { driftRateHzPerS2: (320 * channelHz) / durationS ** 2 },
    sine: { amplitudeHz: 30 * channelHz, periodS: durationS },
    "random-walk": { stepHz: 40 * channelHz * Math.sqrt(tsampS / durationS), stepS: tsampS, seed },
    stepped: { stepHz: 10 * channelHz, stepS: durationS / 12, seed },
    hopping: { spreadHz: 100 * channelHz, stepS: scanS / 4, seed },
  };
  return readFields("--path", { ...usual[shape], driftHzPerS, ...values, shape }, readPath);
}

export function profileOfOption(
  { shape, values }: ShapeOption,
  { channelHz }: SignalScale,
): FrequencyProfile {
  const usual: Readonly<Record<string, object>> = {
    box: { widthHz: 4 * channelHz },
    gaussian: { fwhmHz: 4 * channelHz },
    lorentzian: { fwhmHz: 4 * channelHz },
    voigt: { gaussianFwhmHz: 2 * channelHz, lorentzianFwhmHz: 2 * channelHz },
  };
  return readFields("--profile", { ...usual[shape], ...values, shape }, readProfile);
}

export function timeOfOption(
  { shape, values }: ShapeOption,
  seed: number,
  { scanS, durationS }: SignalScale,
): TimeProfile {
  const usual: Readonly<Record<string, object>> = {
    pulsed: { periodS: scanS / 5, duty: 0.5 },
    partial: { startS: 0.25 * durationS, stopS: 0.75 * durationS },
    "gaussian-pulses": { periodS: scanS / 3, fwhmS: scanS / 12 },
    sine: { periodS: scanS / 2, depth: 0.8 },
    scintillating: { timescaleS: scanS / 8, modulation: 1, seed },
  };
  return readFields("--time", { ...usual[shape], ...values, shape }, readTimeProfile);
}
