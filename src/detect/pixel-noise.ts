/** The deviation of a scan's pixels, as their change from row to row tells it: what stays in its channel doesn't count. */

import { MAD_TO_DEVIATION, medianInPlace } from "../signal/robust.ts";

/**
 * One standard deviation a column of `rows` x `width` pixels, each measured over the `block` columns that it lies among. A robust measure of the
 * differences between neighbouring rows, so neither lines nor steps of all channels together move it; between neighbouring columns where
 * there is one row only. 0 where nothing can be measured.
 */
export function columnDeviations(
  data: Float32Array,
  rows: number,
  width: number,
  block: number,
): Float32Array {
  const deviations = new Float32Array(width);
  for (let start = 0; start < width; start += block) {
    const stop = Math.min(width, start + block);
    // The last block is as wide as the others, so that it is measured as well.
    const from = Math.max(0, stop - block);
    deviations.fill(blockDeviation(data, rows, width, from, stop), start, stop);
  }
  return deviations;
}

function blockDeviation(data: Float32Array, rows: number, width: number, from: number, stop: number): number {
  const step = rows > 1 ? width : 1;
  const pairs = rows > 1 ? rows - 1 : 1;
  const last = rows > 1 ? stop : stop - 1;
  const distances = new Float32Array(pairs * (stop - from));
  const changes = new Float32Array(stop - from);
  let count = 0;
  for (let row = 0; row < pairs; row++) {
    let seen = 0;
    for (let column = from; column < last; column++) {
      const at = row * width + column;
      const change = data[at + step]! - data[at]!;
      if (Number.isFinite(change)) changes[seen++] = change;
    }
    const centre = medianInPlace(changes, seen);
    for (let i = 0; i < seen; i++) distances[count++] = Math.abs(changes[i]! - centre);
  }
  const median = medianInPlace(distances, count);
  return Number.isNaN(median) ? 0 : (MAD_TO_DEVIATION * median) / Math.SQRT2;
}
