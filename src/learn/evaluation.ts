/** How well scores tell cadences with a needle from those without: one record that the table, the page and the JSON are made from. */

import type { TruthRow } from "../formats/truth-csv.ts";
import { grouped } from "../signal/describe.ts";
import { InputError } from "../signal/errors.ts";
import {
  evaluateInterference,
  evaluateNeedles,
  type InterferenceGroup,
  type NeedleResults,
} from "./evaluation-groups.ts";
import { type Estimate, findMistakes, type Mistake, visiblePoints } from "./evaluation-parts.ts";
import { bootstrapIntervals } from "./metrics/bootstrap.ts";
import { type Calibration, calibration } from "./metrics/calibration.ts";
import { type RecallAtFalseAlarm, recallAtRate } from "./metrics/false-alarms.ts";
import { averagePrecisionOf, precisionRecallOf } from "./metrics/precision-recall.ts";
import { type RankedScores, rankScores } from "./metrics/ranked-scores.ts";
import { areaUnderRoc, rocAuc, rocOf } from "./metrics/roc.ts";

export interface ScoredCadences {
  readonly ids: readonly string[];
  /** 0 or 1, by place. */
  readonly targets: ArrayLike<number>;
  /** Higher means more likely a needle. */
  readonly scores: ArrayLike<number>;
  /** Of which fold's model each score is, where several scored a part each. */
  readonly folds?: ArrayLike<number>;
  /** What is known of what was put in; rows of other cadences are passed over. */
  readonly truth?: readonly TruthRow[];
}

export interface EvaluationOptions {
  /** Rates of false alarms to give the recall at; 1e-2 and 1e-3 unless given. */
  readonly rates?: readonly number[];
  /** Of the bootstrap; 0 unless given. */
  readonly seed?: number;
  /** 1000 unless given. */
  readonly resamples?: number;
  /** Most mistakes of each sort that are kept; 50 unless given. */
  readonly mostMistakes?: number;
}

export interface FoldResult {
  readonly fold: number;
  readonly count: number;
  readonly positives: number;
  /** Null where the fold has one class alone. */
  readonly auc: number | null;
}

export interface Evaluation {
  readonly count: number;
  readonly positives: number;
  readonly negatives: number;
  readonly auc: Estimate;
  readonly averagePrecision: Estimate;
  /** An item a rate, with the interval of its recall. The threshold is drawn anew in each resample, as it would be on other data. */
  readonly recall: readonly (RecallAtFalseAlarm & Omit<Estimate, "value">)[];
  /** Null where some score isn't within 0 to 1, and so none is a probability. */
  readonly calibration: Calibration | null;
  /** The intervals' bootstrap. */
  readonly bootstrap: { readonly seed: number; readonly resamples: number; readonly level: number };
  readonly folds?: readonly FoldResult[];
  readonly needles?: NeedleResults;
  readonly interference?: readonly InterferenceGroup[];
  /** Negatives that score above some positive, the highest first. */
  readonly falseAlarms: readonly Mistake[];
  /** Positives that score below some negative, the lowest first. */
  readonly missed: readonly Mistake[];
  /** What a reader must know before trusting the figures, in sentences. */
  readonly notes: readonly string[];
  /** Points enough to draw: rates and recalls, recalls and precisions. */
  readonly curves: {
    readonly roc: readonly (readonly [falseAlarmRate: number, recall: number])[];
    readonly precisionRecall: readonly (readonly [recall: number, precision: number])[];
  };
}

const DEFAULT_RATES = [1e-2, 1e-3];
const LEVEL = 0.95;

/**
 * Evaluates scores. Throws an InputError where a target is neither 0 nor 1, a score isn't finite (both name the cadence), or one class
 * is missing.
 */
export function evaluateScores(scored: ScoredCadences, options: EvaluationOptions = {}): Evaluation {
  const { rates = DEFAULT_RATES, seed = 0, resamples = 1000, mostMistakes = 50 } = options;
  const { targets, scores, folds, truth } = scored;
  checkByName(scored);
  const ranked = rankScores(targets, scores);
  const measures = [
    areaUnderRoc,
    averagePrecisionOf,
    ...rates.map((rate) => (drawn: RankedScores) => recallAtRate(drawn, rate).recall),
  ];
  const bootstrap = { seed, resamples, level: LEVEL };
  const [auc, precision, ...recalls] = bootstrapIntervals(ranked, measures, bootstrap);
  const recall = rates.map((rate, i) => ({ ...recallAtRate(ranked, rate), ...recalls[i]! }));
  const areProbabilities = Array.prototype.every.call(scores, (score: number) => score >= 0 && score <= 1);
  const roc = rocOf(ranked);
  const curve = precisionRecallOf(ranked);
  const result = {
    count: targets.length,
    positives: ranked.positives,
    negatives: ranked.negatives,
    auc: { value: areaUnderRoc(ranked), ...auc! },
    averagePrecision: { value: averagePrecisionOf(ranked), ...precision! },
    recall,
    calibration: areProbabilities ? calibration(targets, scores) : null,
    bootstrap,
    ...(folds && { folds: evaluateFolds(targets, scores, folds) }),
    ...(truth && {
      needles: evaluateNeedles(scored, truth, recall),
      interference: evaluateInterference(scored, truth, recall),
    }),
    ...findMistakes(scored, truth, mostMistakes),
    curves: {
      roc: visiblePoints(roc.falseAlarmRate, roc.recall),
      precisionRecall: visiblePoints(curve.recall, curve.precision),
    },
  };
  return { ...result, notes: notesOn(result, scores) };
}

function checkByName({ ids, targets, scores }: ScoredCadences): void {
  ids.forEach((id, i) => {
    if (targets[i] !== 0 && targets[i] !== 1) {
      throw new InputError(
        `Cadence ${id}: its label is ${targets[i]}; to evaluate scores, labels must be 0 or 1.`,
      );
    }
    if (!Number.isFinite(scores[i])) {
      throw new InputError(
        `Cadence ${id}: its score is ${scores[i]}, not a finite number. Score it again, or leave it out.`,
      );
    }
  });
}

function evaluateFolds(
  targets: ArrayLike<number>,
  scores: ArrayLike<number>,
  folds: ArrayLike<number>,
): FoldResult[] {
  const numbers = [...new Set(Array.from(folds))].sort((a, b) => a - b);
  return numbers.map((fold) => {
    const places = Array.from(folds, (_, i) => i).filter((i) => folds[i] === fold);
    const own = places.map((i) => targets[i]!);
    const positives = own.filter((target) => target === 1).length;
    const auc =
      positives === 0 || positives === own.length
        ? null
        : rocAuc(
            own,
            places.map((i) => scores[i]!),
          );
    return { fold, count: own.length, positives, auc };
  });
}

/** Over the folds that have both classes; undefined where none has. */
export function meanFoldAuc(folds: readonly FoldResult[]): number | undefined {
  const aucs = folds.flatMap(({ auc }) => (auc === null ? [] : [auc]));
  return aucs.length === 0 ? undefined : aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length;
}

function notesOn(
  { recall, auc, calibration, needles, positives, negatives }: Omit<Evaluation, "notes">,
  scores: ArrayLike<number>,
): string[] {
  const notes: string[] = [];
  for (const { rate, allowed, support } of recall) {
    const needed = `${grouped(Math.ceil(10 / rate))} negatives or more would tell it well`;
    const have = `the ${grouped(negatives)} negatives here`;
    if (support === "none") {
      notes.push(
        `Recall at a false-alarm rate of ${rate}: ${have} are too few for one false alarm at this rate, so the threshold stands above ` +
          `all of them and the rate isn't known to be that low; ${needed}.`,
      );
    } else if (support === "few") {
      notes.push(`Recall at a false-alarm rate of ${rate} rests on ${allowed} of ${have}; ${needed}.`);
    }
  }
  if (auc.value === 1) {
    notes.push(
      `Every positive scores above every negative. The interval of the AUC has no width then, however few they are (${positives} and ${negatives}).`,
    );
  }
  if (calibration === null) {
    const all = Array.from(scores);
    const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
    notes.push(
      `Scores run from ${low} to ${high}, so they are no probabilities, and there is no calibration.`,
    );
  }
  if (needles && needles.unknown > 0) {
    notes.push(
      `Of ${needles.unknown} of the ${positives} positives the truth table tells no needle; they are in no group by kind or strength.`,
    );
  }
  return notes;
}
