/** Parts of an evaluation that need no measure: the worst mistakes, and points to draw a curve through. */

import type { TruthRow } from "../formats/truth-csv.ts";

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A cadence on the wrong side of others. */
export interface Mistake {
  readonly id: string;
  /** In the scores given. */
  readonly place: number;
  readonly score: number;
  /** Share of the other class that it is on the wrong side of: of positives below a false alarm, of negatives above one that was missed. */
  readonly wrongSideOf: number;
  /** What the truth table says is in it. */
  readonly holds: readonly TruthRow[];
}

interface Scored {
  readonly ids: readonly string[];
  readonly targets: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** Negatives above some positive, the highest first, and positives below some negative, the lowest first. */
export function findMistakes(
  { ids, targets, scores }: Scored,
  truth: readonly TruthRow[] | undefined,
  most: number,
): { falseAlarms: Mistake[]; missed: Mistake[] } {
  const places = ids.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const negatives = places.filter((i) => targets[i] === 0);
  const positives = places.filter((i) => targets[i] === 1);
  const holds = truth === undefined ? undefined : rowsById(truth);
  const mistakes = (
    own: readonly number[],
    others: readonly number[],
    wrong: (own: number, other: number) => boolean,
  ) =>
    own.slice(0, most).flatMap((place): Mistake[] => {
      const score = scores[place]!;
      const beyond = others.filter((other) => wrong(score, scores[other]!)).length;
      if (beyond === 0) return [];
      const wrongSideOf = beyond / others.length;
      return [{ id: ids[place]!, place, score, wrongSideOf, holds: holds?.get(ids[place]!) ?? [] }];
    });
  return {
    falseAlarms: mistakes(negatives, positives, (own, other) => own > other),
    missed: mistakes(positives.toReversed(), negatives, (own, other) => own < other),
  };
}

export function rowsById(truth: readonly TruthRow[]): Map<string, TruthRow[]> {
  const rows = new Map<string, TruthRow[]>();
  for (const row of truth) {
    const own = rows.get(row.id);
    if (own) own.push(row);
    else rows.set(row.id, [row]);
  }
  return rows;
}

/** What an interferer is called: the label that its signal was drawn under ("carrier"), else its path and time profile. */
export function interfererName({ path, shape, time }: Pick<TruthRow, "path" | "shape" | "time">): string {
  const label = /"label":"([^"\\]+)"/.exec(path)?.[1];
  return label ?? `${shape}, ${time}`;
}

/** Least step that shows, of the axes' length; and along a logarithmic x axis. */
const STEP = 0.004;
const RATIO = 1.05;

/** The points of a curve that a picture can tell apart, on a linear or a logarithmic x axis; the first and the last among them. */
export function visiblePoints(x: ArrayLike<number>, y: ArrayLike<number>): [number, number][] {
  const points: [number, number][] = [];
  let last = -1;
  for (let i = 0; i < x.length; i++) {
    const [fromX, fromY] = points.at(-1) ?? [Number.NaN, Number.NaN];
    const near =
      Math.abs(x[i]! - fromX) < STEP &&
      Math.abs(y[i]! - fromY) < STEP &&
      Math.max(x[i]!, fromX) <= RATIO * Math.min(x[i]!, fromX);
    if (near && i < x.length - 1) continue;
    if (last >= 0 && last < i - 1) points.push([x[i - 1]!, y[i - 1]!]);
    points.push([x[i]!, y[i]!]);
    last = i;
  }
  return points;
}
