/** What tables say of a detector's findings. */

import type { DetectorCandidate, SearchRecord } from "../signal/search-record.ts";

/** Probability to a thousandth; those that only round to 0 or 1 are told apart from these. */
export function scoreText(score: number): string {
  if (Number.isNaN(score)) return "none";
  if (score > 0.999 && score < 1) return ">0.999";
  if (score < 0.001 && score > 0) return "<0.001";
  return score.toFixed(3);
}

/** Hits of ON and of OFF scans that pass through a candidate's frequencies: interference that it may come of. */
export function hitsWithin(
  { hits, scans }: SearchRecord,
  { lowMHz, highMHz }: Pick<DetectorCandidate, "lowMHz" | "highMHz">,
): { on: number; off: number } {
  const count = { on: 0, off: 0 };
  for (const { scan, frequencyMHz, midFrequencyMHz } of hits) {
    const last = 2 * midFrequencyMHz - frequencyMHz;
    if (Math.max(frequencyMHz, last) < lowMHz || Math.min(frequencyMHz, last) > highMHz) continue;
    count[scans[scan]!.role === "ON" ? "on" : "off"]++;
  }
  return count;
}
