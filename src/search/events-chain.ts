/** Chains: hits of ON scans that lie on one path, one hit a scan, each hit in one chain. */

import { forEachMatch, indexLines } from "./events-index.ts";
import { type Line, pathMiss, type ScanClock } from "./events-path.ts";

/** Partners that a hit is offered in each other scan, the nearest first. More than this on one path happens only in a thicket. */
const PARTNERS = 8;

/**
 * Joins lines of different scans: those of neighbouring ON scans first, and there the pair that misses each other least. Two chains
 * become one where they share no scan and every line of one lies on a path with every line of the other. `scans` holds the lines of each ON scan in the order of time.
 */
export function chainLines(scans: readonly (readonly Line[])[], clocks: readonly ScanClock[]): Line[][] {
  const joined = new Map<Line, Line[]>();
  for (const [first, second] of closestPairs(scans, clocks)) {
    const a = joined.get(first) ?? [first];
    const b = joined.get(second) ?? [second];
    if (a === b || !joinable(a, b, clocks)) continue;
    const [small, large] = a.length < b.length ? [a, b] : [b, a];
    large.push(...small);
    for (const line of small) joined.set(line, large);
    joined.set(large[0]!, large);
  }
  const chains = [...new Set(joined.values())];
  for (const chain of chains) chain.sort((a, b) => clocks[a.scan]!.midS - clocks[b.scan]!.midS);
  for (const line of scans.flat()) if (!joined.has(line)) chains.push([line]);
  return chains;
}

function joinable(a: readonly Line[], b: readonly Line[], clocks: readonly ScanClock[]): boolean {
  return a.every((x) =>
    b.every(
      (y) => x.scan !== y.scan && pathMiss(x, y, clocks[y.scan]!.midS - clocks[x.scan]!.midS) !== undefined,
    ),
  );
}

/** Pairs of lines on one path: those of neighbouring ON scans first, then by their miss. */
function* closestPairs(
  scans: readonly (readonly Line[])[],
  clocks: readonly ScanClock[],
): Generator<readonly [Line, Line]> {
  for (let step = 1; step < scans.length; step++) {
    const first: Line[] = [];
    const second: Line[] = [];
    const misses: number[] = [];
    for (let i = 0; i + step < scans.length; i++) {
      const [earlier, later] = [scans[i]!, scans[i + step]!];
      if (earlier.length === 0 || later.length === 0) continue;
      const index = indexLines(later, clocks[later[0]!.scan]!.midS - clocks[earlier[0]!.scan]!.midS);
      for (const line of earlier) {
        const partners: { line: Line; missHz: number }[] = [];
        forEachMatch(line, index, (partner, missHz) => {
          partners.push({ line: partner, missHz });
        });
        if (partners.length > PARTNERS) partners.sort((a, b) => a.missHz - b.missHz).length = PARTNERS;
        for (const partner of partners) {
          first.push(line);
          second.push(partner.line);
          misses.push(partner.missHz);
        }
      }
    }
    const order = Uint32Array.from(misses.keys()).sort((p, q) => misses[p]! - misses[q]! || p - q);
    for (const p of order) yield [first[p]!, second[p]!];
  }
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
