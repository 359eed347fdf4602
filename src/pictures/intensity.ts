/** How power becomes brightness: what is shown of each panel, and between which two values the colours run. */

import { toDecibels, zScoreColumns } from "../signal/normalise.ts";
import { quantiles } from "../signal/robust.ts";
import type { Spectrogram } from "../signal/spectrogram.ts";

/**
 * - `log`: decibels, from the 10th percentile to the largest value.
 * - `linear`: power, from the smallest to the largest value.
 * - `percentile`: power, from the 1st to the 99.5th percentile; what lies beyond has the end's colour.
 * - `column`: each column of the picture by its own median and robust deviation, from -2 deviations to the 99.9th percentile (5 at least):
 *   shows what moves or blinks, hides what stays in its channel.
 * - `auto`: `log` where no power is negative, else `percentile` (data that has been normalised).
 */
export const intensityScaleNames = ["auto", "log", "linear", "percentile", "column"] as const;
export type IntensityScaleName = (typeof intensityScaleNames)[number];

export interface Intensity {
  /** For each panel, what is shown: rows x columns. */
  readonly panels: readonly Float32Array[];
  /** The values of the first and the last colour; `low` is the smaller. */
  readonly low: number;
  readonly high: number;
  /** Of the colour bar. */
  readonly title: string;
}

/** One scale for all panels. Missing values (NaN) stay missing. */
export function scaleIntensity(panels: readonly Spectrogram[], name: IntensityScaleName): Intensity {
  const chosen = name === "auto" ? automatic(panels) : name;
  const shown = panels.map(({ data, time, frequency }) => {
    if (chosen === "log") return toDecibels(data, time.nsamples, frequency.nchans);
    if (chosen === "column") return zScoreColumns(data, time.nsamples, frequency.nchans);
    return data;
  });
  const [low, high] = limits(finiteValues(shown), chosen) as [number, number];
  return { panels: shown, ...spread(low, high), title: titles[chosen] };
}

const titles = {
  log: "Power, dB",
  linear: "Power",
  percentile: "Power, clipped at 1 % and 99.5 %",
  column: "Deviations from each column's median",
};

function automatic(panels: readonly Spectrogram[]): "log" | "percentile" {
  const negative = panels.some(({ data }) => data.some((value) => value < 0));
  return negative ? "percentile" : "log";
}

function limits(values: Float32Array, scale: Exclude<IntensityScaleName, "auto">): number[] {
  switch (scale) {
    case "log":
      return quantiles(values, [0.1, 1]);
    case "linear":
      return quantiles(values, [0, 1]);
    case "percentile":
      return quantiles(values, [0.01, 0.995]);
    case "column":
      return [-2, Math.max(5, quantiles(values, [0.999])[0]!)];
  }
}

function finiteValues(panels: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(panels.reduce((length, panel) => length + panel.length, 0));
  let count = 0;
  for (const panel of panels) {
    for (const value of panel) if (Number.isFinite(value)) all[count++] = value;
  }
  return all.subarray(0, count);
}

/** Limits that differ: constant power gets the lowest colour, no power at all any limits. */
function spread(low: number, high: number): { low: number; high: number } {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { low: 0, high: 1 };
  return high > low ? { low, high } : { low, high: low + Math.max(1, Math.abs(low) * 1e-3) };
}
