/** Chains: hits of ON scans that lie on one path, one hit a scan, each hit in one chain. */

import { forEachMatch, indexLines } from "./events-index.ts";
import { type Line, pathMiss, type ScanClock } from "./events-path.ts";

/** Partners that a hit is offered in each other scan, the nearest first. More than this on one path happens only in a thicket. */
const PARTNERS = 8;

/**
 * Joins lines of different scans, the pair that misses each other least first. Two chains become one where they share no scan
 * and every line of one lies on a path with every line of the other. `scans` holds the lines of each ON scan in the order of time.
 */
export function chainLines(scans: readonly (readonly Line[])[], clocks: readonly ScanClock[]): Line[][] {
  const pairs = closestPairs(scans, clocks);
  const chainOf = new Map<Line, Line[]>();
  for (const line of scans.flat()) chainOf.set(line, [line]);
  for (const p of pairs.order) {
    const a = chainOf.get(pairs.first[p]!)!;
    const b = chainOf.get(pairs.second[p]!)!;
    if (a === b || !joinable(a, b, clocks)) continue;
    for (const line of b) {
      a.push(line);
      chainOf.set(line, a);
    }
  }
  const chains = [...new Set(chainOf.values())];
  for (const chain of chains) chain.sort((a, b) => clocks[a.scan]!.midS - clocks[b.scan]!.midS);
  return chains;
}

function joinable(a: readonly Line[], b: readonly Line[], clocks: readonly ScanClock[]): boolean {
  return a.every((x) =>
    b.every(
      (y) => x.scan !== y.scan && pathMiss(x, y, clocks[y.scan]!.midS - clocks[x.scan]!.midS) !== undefined,
    ),
  );
}

/** Pairs of lines on one path, with the order that puts the smallest miss first. */
function closestPairs(scans: readonly (readonly Line[])[], clocks: readonly ScanClock[]) {
  const first: Line[] = [];
  const second: Line[] = [];
  const misses: number[] = [];
  const indexes = scans.map(indexLines);
  for (let i = 0; i < scans.length; i++) {
    for (let j = i + 1; j < scans.length; j++) {
      if (scans[j]!.length === 0) continue;
      for (const line of scans[i]!) {
        const dtS = clocks[scans[j]![0]!.scan]!.midS - clocks[line.scan]!.midS;
        const partners: { line: Line; missHz: number }[] = [];
        forEachMatch(line, indexes[j]!, dtS, (match) => partners.push(match));
        if (partners.length > PARTNERS) partners.sort((a, b) => a.missHz - b.missHz).length = PARTNERS;
        for (const partner of partners) {
          first.push(line);
          second.push(partner.line);
          misses.push(partner.missHz);
        }
      }
    }
  }
  const missHz = Float64Array.from(misses);
  const order = Uint32Array.from(misses.keys()).sort((p, q) => missHz[p]! - missHz[q]! || p - q);
  return { first, second, order };
}

/**
 * The drift of the straight path that best fits a chain: least squares over the mid-scan frequencies and the drifts of its
 * lines, each weighted by its error, Hz/s.
 */
export function chainDriftHzPerS(chain: readonly Line[], clocks: readonly ScanClock[]): number {
  let weight = 0;
  let time = 0;
  let frequency = 0;
  const origin = chain[0]!.midHz;
  const points = chain.map((line) => {
    const { midS, spanS } = clocks[line.scan]!;
    const errorHz = Math.hypot(line.channelHz / 10, line.ownWidthHz / (2 * Math.max(line.hit.snr, 1)));
    const point = {
      midS,
      offsetHz: line.midHz - origin,
      weight: errorHz ** -2,
      driftWeight: Math.hypot(line.channelHz / (10 * spanS), line.driftErrorHzPerS) ** -2,
      driftHzPerS: line.driftHzPerS,
    };
    weight += point.weight;
    time += point.weight * midS;
    frequency += point.weight * point.offsetHz;
    return point;
  });
  const meanS = time / weight;
  const meanHz = frequency / weight;
  let numerator = 0;
  let denominator = 0;
  for (const p of points) {
    numerator += p.weight * (p.midS - meanS) * (p.offsetHz - meanHz) + p.driftWeight * p.driftHzPerS;
    denominator += p.weight * (p.midS - meanS) ** 2 + p.driftWeight;
  }
  return numerator / denominator;
}
