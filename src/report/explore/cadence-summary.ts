/** What the values of one cadence are like, panel by panel. */

import { encodeFloat16s } from "../../signal/float16.ts";
import type { Panels } from "../../signal/panels.ts";

/** Numbers kept of each panel, in this order. Over its finite values; NaN where it has none. */
export const PANEL_FIELDS = ["min", "max", "mean", "deviation"] as const;

export interface CadenceSummary {
  /** `PANEL_FIELDS` of each panel, one after another. */
  readonly panels: Float64Array;
  readonly nan: number;
  readonly infinite: number;
}

export function summariseCadence({ data, panels, rows, channels }: Panels): CadenceSummary {
  const length = rows * channels;
  const fields = new Float64Array(panels * PANEL_FIELDS.length);
  let nan = 0;
  let infinite = 0;
  for (let panel = 0; panel < panels; panel++) {
    const values = data.subarray(panel * length, (panel + 1) * length);
    let moments = allMoments(values);
    if (moments === undefined) {
      const missing = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
      const finite = values.filter(Number.isFinite);
      nan += missing;
      infinite += length - finite.length - missing;
      moments = allMoments(finite)!;
    }
    fields.set(moments, panel * PANEL_FIELDS.length);
  }
  return { panels: fields, nan, infinite };
}

/** `PANEL_FIELDS` of values that are all finite; undefined where one isn't. */
function allMoments(values: Float32Array): [number, number, number, number] | undefined {
  const { length } = values;
  if (length === 0) return [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  // Sums about a value of the panel keep their digits where the mean is far from 0.
  const centre = values[0]!;
  let min = centre;
  let max = centre;
  // Four sums of each kind, as one addition has to wait for the one before.
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let squares0 = 0;
  let squares1 = 0;
  let squares2 = 0;
  let squares3 = 0;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    const a = values[i]!;
    const b = values[i + 1]!;
    const c = values[i + 2]!;
    const d = values[i + 3]!;
    if (a < min) min = a;
    if (b < min) min = b;
    if (c < min) min = c;
    if (d < min) min = d;
    if (a > max) max = a;
    if (b > max) max = b;
    if (c > max) max = c;
    if (d > max) max = d;
    sum0 += a - centre;
    sum1 += b - centre;
    sum2 += c - centre;
    sum3 += d - centre;
    squares0 += (a - centre) * (a - centre);
    squares1 += (b - centre) * (b - centre);
    squares2 += (c - centre) * (c - centre);
    squares3 += (d - centre) * (d - centre);
  }
  for (let i = whole; i < length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
    sum0 += value - centre;
    squares0 += (value - centre) * (value - centre);
  }
  const mean = (sum0 + sum1 + sum2 + sum3) / length;
  const square = (squares0 + squares1 + squares2 + squares3) / length;
  if (!Number.isFinite(square)) return undefined;
  return [min, max, centre + mean, Math.sqrt(Math.max(0, square - mean * mean))];
}

/** Of every so many values one is counted: an odd number, so that all channels have their turn. */
const COUNTED_EVERY = 17;

/** Counts of values by their half-precision pattern: 65,536 bins, as fine as the competition's files tell values apart. */
export function createValueCounter(counts: Uint32Array = new Uint32Array(1 << 16)) {
  let sample = new Float32Array(0);
  let halves = new Uint16Array(0);
  return {
    counts,
    add(data: Float32Array): void {
      const length = Math.ceil(data.length / COUNTED_EVERY);
      if (length !== sample.length) {
        sample = new Float32Array(length);
        halves = new Uint16Array(length);
      }
      for (let i = 0; i < length; i++) sample[i] = data[i * COUNTED_EVERY]!;
      encodeFloat16s(sample, halves);
      for (let i = 0; i < length; i++) counts[halves[i]!]!++;
    },
  };
}
