/** Figures of an evaluation as its page and its text show them. */

import type { Estimate } from "../learn/evaluation-parts.ts";

/** Of 1, to three or four digits. */
export function share(value: number, digits = 4): string {
  return value.toFixed(digits);
}

export function interval({ low, high }: Pick<Estimate, "low" | "high">): string {
  return `${share(low, 3)} to ${share(high, 3)}`;
}

export function withInterval(estimate: Estimate): string {
  return `${share(estimate.value, 3)} (${interval(estimate)})`;
}

export function scoreText(score: number): string {
  return Number.isFinite(score) ? String(Number(score.toPrecision(4))) : "above all scores";
}

export function percent(part: number): string {
  const value = 100 * part;
  return value > 0 && value < 0.1 ? "under 0.1 %" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
