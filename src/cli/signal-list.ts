/** Signals that were put in, as commands list them. */

import { driftText, frequencyText, snrText } from "../report/values.ts";
import type { Truth } from "../simulate/observation.ts";

/** A heading and a line a signal, the first `most` of them; `cell` is the last column, called `title`. */
export function signalLines<T extends Truth>(
  truth: readonly T[],
  most: number,
  title: string,
  cell: (one: T) => string,
): string[] {
  const lines = truth
    .slice(0, most)
    .map((one) =>
      [
        frequencyText(one.frequencyMHz).padStart(12),
        driftText(one.driftHzPerS).padStart(8),
        snrText(Math.hypot(...one.snrByScan)).padStart(5),
        cell(one),
      ].join("  "),
    );
  const more = truth.length > most ? [`  ... and ${truth.length - most} more`] : [];
  return [`         MHz      Hz/s    S/N  ${title}`, ...lines, ...more];
}
