/** Compares a table of hits, of whatever program, with what was injected. */

import { parseDat } from "../src/formats/dat.ts";
import type { Injection, Truth } from "./injected-scenes.ts";

export interface FoundHit {
  /** At the centre of the first row. */
  readonly frequencyMHz: number;
  readonly driftHzPerS: number;
  readonly snr: number;
}

/** Reads turboSETI's `.dat`, or a JSON object with a list `hits`. */
export function parseHits(text: string, name: string): FoundHit[] {
  if (text.trimStart().startsWith("{")) return (JSON.parse(text) as { hits: FoundHit[] }).hits;
  return parseDat(text, name).hits;
}

export interface Spread {
  readonly count: number;
  readonly median: number;
  /** Half the distance between the 16th and the 84th percentile. */
  readonly scatter: number;
  readonly largest: number;
}

export interface Recall {
  readonly group: string;
  readonly injected: number;
  readonly found: number;
}

export interface Score {
  readonly hits: number;
  /** Hits on a line that another hit fits better. */
  readonly duplicates: number;
  /** Hits on no line. */
  readonly unmatched: number;
  readonly recall: readonly Recall[];
  /** Hits whose drift is off by more than three times the step of one channel over the scan. */
  readonly wrongDrift: number;
  readonly frequencyHz: Spread;
  readonly driftHzPerS: Spread;
  /** Reported S/N over that of the best weights. */
  readonly snrRatio: { readonly [kind: string]: Spread };
  readonly missed: readonly Injection[];
  readonly unmatchedHits: readonly FoundHit[];
  readonly duplicateHits: readonly FoundHit[];
}

/**
 * A hit is on a line where their paths lie, on average over the rows, within four channels and what the line drifts in a row.
 * Each line gets the hit nearest to its path; further hits on it are duplicates.
 */
export function scoreHits(truth: Truth, hits: readonly FoundHit[]): Score {
  const { injections, rows, tsampS } = truth;
  const channelHz = Math.abs(truth.foffMHz) * 1e6;
  const pairs: { hit: number; line: number; distance: number }[] = [];
  hits.forEach((hit, h) => {
    injections.forEach((line, l) => {
      const offset = (hit.frequencyMHz - line.frequencyMHz) * 1e6;
      if (Math.abs(offset) > 4000) return;
      let distance = 0;
      for (let row = 0; row < rows; row++) {
        distance += Math.abs(offset + (hit.driftHzPerS - line.driftHzPerS) * row * tsampS) / rows;
      }
      if (distance <= 4 * channelHz + Math.abs(line.driftHzPerS) * tsampS)
        pairs.push({ hit: h, line: l, distance });
    });
  });
  pairs.sort((a, b) => a.distance - b.distance);
  const hitOf = new Map<number, number>();
  const taken = new Set<number>();
  for (const { hit, line } of pairs) {
    if (hitOf.has(line) || taken.has(hit)) continue;
    hitOf.set(line, hit);
    taken.add(hit);
  }
  const onSomeLine = new Set(pairs.map(({ hit }) => hit));
  const duplicateHits = hits.filter((_, h) => !taken.has(h) && onSomeLine.has(h));
  const unmatchedHits = hits.filter((_, h) => !onSomeLine.has(h));
  const matched = [...hitOf].map(([l, h]) => ({ line: injections[l]!, hit: hits[h]! }));
  const driftErrors = matched.map(({ line, hit }) => hit.driftHzPerS - line.driftHzPerS);
  const step = channelHz / ((rows - 1) * tsampS);
  const ratios = (kind: string) =>
    spread(matched.filter(({ line }) => line.kind === kind).map(({ line, hit }) => hit.snr / line.snr));
  return {
    hits: hits.length,
    duplicates: duplicateHits.length,
    unmatched: unmatchedHits.length,
    recall: recallByGroup(truth, (line) => hitOf.has(injections.indexOf(line))),
    wrongDrift: driftErrors.filter((error) => Math.abs(error) > 3 * step).length,
    frequencyHz: spread(matched.map(({ line, hit }) => (hit.frequencyMHz - line.frequencyMHz) * 1e6)),
    driftHzPerS: spread(driftErrors),
    snrRatio: { smeared: ratios("smeared"), "one channel": ratios("one channel") },
    missed: injections.filter((_, l) => !hitOf.has(l)),
    unmatchedHits,
    duplicateHits,
  };
}

const SNR_EDGES = [8, 9, 10, 11, 12, 14, 17, 25, 50, 100, 200, 3000];
const DRIFT_EDGES = [0, 0.153, 0.5, 1, 2, 3, 3.8, 4];

function recallByGroup({ injections }: Truth, isFound: (line: Injection) => boolean): Recall[] {
  const groups = new Map<string, { injected: number; found: number }>();
  const count = (group: string, found: boolean) => {
    const entry = groups.get(group) ?? { injected: 0, found: 0 };
    entry.injected++;
    if (found) entry.found++;
    groups.set(group, entry);
  };
  const binOf = (value: number, edges: readonly number[]) => {
    const i = Math.max(
      1,
      edges.findIndex((edge) => value < edge),
    );
    return `${edges[i - 1]} to ${edges[i]}`;
  };
  for (const line of injections) {
    const found = isFound(line);
    count(line.role, found);
    count(`${line.role}, ${line.kind}`, found);
    if (line.role !== "needle") continue;
    count(`${line.kind}, S/N ${binOf(line.snr, SNR_EDGES)}`, found);
    if (line.snr >= 17)
      count(`${line.kind}, S/N over 17, |drift| ${binOf(Math.abs(line.driftHzPerS), DRIFT_EDGES)}`, found);
  }
  return [...groups]
    .map(([group, counts]) => ({ group, ...counts }))
    .sort((a, b) => a.group.localeCompare(b.group, "en", { numeric: true }));
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  const largest = sorted.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return { count: sorted.length, median: at(0.5), scatter: (at(0.84) - at(0.16)) / 2, largest };
}
