/** Recall by kind and strength from scores, with intervals over other cadences, positives and negatives. */

import { combineByAlarmRate } from "../src/learn/metrics/alarm-rates.ts";
import { bootstrapIntervals } from "../src/learn/metrics/bootstrap.ts";
import { type RecallAtFalseAlarm, recallAtRate } from "../src/learn/metrics/false-alarms.ts";
import { idealRecall } from "../src/learn/metrics/ideal-observer.ts";
import { rankScores } from "../src/learn/metrics/ranked-scores.ts";
import type { SearchScores } from "./recall-scores.ts";

export const methodNames = ["search", "detector", "both"] as const;
export type Method = (typeof methodNames)[number];

export interface Scores {
  readonly search: SearchScores;
  /** 0 where there is none. */
  readonly detector: number;
}

export interface Positives {
  readonly kind: string;
  readonly snrDb: number;
  readonly scores: readonly Scores[];
}

export interface Estimate {
  readonly recall: number;
  /** Of 95 %. */
  readonly low: number;
  readonly high: number;
}

export interface Cell {
  readonly kind: string;
  readonly snrDb: number;
  readonly count: number;
  readonly found: Partial<Readonly<Record<Method, Estimate>>>;
  readonly ideal: number;
}

export interface Measured {
  readonly cells: readonly Cell[];
  /** What each threshold rests on; its `recall` is of all positives together. */
  readonly at: Partial<Readonly<Record<Method, RecallAtFalseAlarm>>>;
}

export interface MeasureOptions {
  readonly methods: readonly Method[];
  readonly rate: number;
  readonly resamples: number;
  readonly seed: number;
}

export function measureRecall(
  negatives: readonly Scores[],
  groups: readonly Positives[],
  { methods, rate, resamples, seed }: MeasureOptions,
): Measured {
  const positives = groups.flatMap(({ scores }) => scores);
  const byMethod = methods.map((method) => ({ method, ...scoresOf(method, negatives, positives) }));
  let start = 0;
  const cells = groups.map(({ kind, snrDb, scores: { length: count } }): Cell => {
    const found = byMethod.map(({ method, ofNegatives, ofPositives }) => {
      const ranked = rankBoth(ofNegatives, ofPositives.subarray(start, start + count));
      const measure = [(one: typeof ranked) => recallAtRate(one, rate).recall];
      const interval = bootstrapIntervals(ranked, measure, { seed, resamples })[0]!;
      return [method, { recall: recallAtRate(ranked, rate).recall, ...interval }];
    });
    start += count;
    const ideal = idealRecall(10 ** (snrDb / 20), rate);
    return { kind, snrDb, count, found: Object.fromEntries(found), ideal };
  });
  const at = byMethod.map(({ method, ofNegatives, ofPositives }) => [
    method,
    recallAtRate(rankBoth(ofNegatives, ofPositives), rate),
  ]);
  return { cells, at: Object.fromEntries(at) };
}

function rankBoth(negatives: Float64Array, positives: Float64Array) {
  const targets = new Uint8Array(negatives.length + positives.length).fill(1, negatives.length);
  const scores = new Float64Array(targets.length);
  scores.set(negatives);
  scores.set(positives, negatives.length);
  return rankScores(targets, scores);
}

function scoresOf(method: Method, negatives: readonly Scores[], positives: readonly Scores[]) {
  const score = { search: searchScore, detector: detectorScore };
  if (method !== "both") {
    return {
      ofNegatives: Float64Array.from(negatives, score[method]),
      ofPositives: Float64Array.from(positives, score[method]),
    };
  }
  const lists = (all: readonly Scores[]) => [all.map(searchScore), all.map(detectorScore)];
  const combined = combineByAlarmRate(lists(negatives), lists(positives));
  return { ofNegatives: combined.negatives, ofPositives: combined.positives };
}

/** Above the logarithm of any S/N that there is. */
const LEVEL_3 = 12;

/** As the command ranks events: by level, then by S/N. 0 where there is none. */
function searchScore({ search: { level3, level2 } }: Scores): number {
  if (level3 > 0) return LEVEL_3 + Math.log(level3);
  return level2 > 0 ? Math.log(level2) : 0;
}

/** The logit. Probabilities come as float32, so that none between 0 and 1 is nearer to either than this. */
function detectorScore({ detector }: Scores): number {
  const p = Math.min(1 - 2 ** -25, Math.max(2 ** -25, detector));
  return Math.log(p / (1 - p));
}

/** The strength at which a share of the needles of a kind is found, linear between those measured; Infinity or -Infinity beyond them. */
export function strengthFor(cells: readonly Cell[], kind: string, method: Method, share: number): number {
  const own = cells.filter((cell) => cell.kind === kind).sort((a, b) => a.snrDb - b.snrDb);
  const recallOf = (cell: Cell) => cell.found[method]!.recall;
  const at = own.findIndex((cell) => recallOf(cell) >= share);
  if (at < 0) return Number.POSITIVE_INFINITY;
  if (at === 0) return Number.NEGATIVE_INFINITY;
  const [before, after] = [own[at - 1]!, own[at]!];
  const part = (share - recallOf(before)) / (recallOf(after) - recallOf(before));
  return before.snrDb + part * (after.snrDb - before.snrDb);
}
