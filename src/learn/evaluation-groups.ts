/** Results by what was put in: needles by kind and strength, negatives by their interference. */

import { presentScans, type TruthRow } from "../formats/truth-csv.ts";
import { type Estimate, interfererName, rowsById } from "./evaluation-parts.ts";
import type { RecallAtFalseAlarm } from "./metrics/false-alarms.ts";
import { wilsonInterval } from "./metrics/proportion.ts";

/** Positives of one kind. */
export interface NeedleGroup {
  readonly name: string;
  readonly count: number;
  /** These positives against all negatives. */
  readonly auc: number;
  /** An item a rate of the evaluation: the share above its threshold, which is held fixed, with Wilson's 95 % interval. */
  readonly recall: readonly Estimate[];
}

export interface NeedleResults {
  /** By the path's shape, time profile, frequency profile, scans that have the needle, and strength. Of several needles in one cadence the strongest counts. */
  readonly by: readonly {
    readonly what: "path" | "time profile" | "frequency profile" | "scans" | "strength";
    readonly groups: readonly NeedleGroup[];
  }[];
  /** Rows are paths, columns strengths; null where there is none. The recall is at the first rate. */
  readonly byPathAndStrength: {
    readonly paths: readonly string[];
    readonly strengths: readonly StrengthBin[];
    readonly groups: readonly (readonly (NeedleGroup | null)[])[];
  };
  /** Positives without a needle in the truth table. */
  readonly unknown: number;
}

/** Matched-filter S/N over the cadence, `lowDb` included, `highDb` not. */
export interface StrengthBin {
  readonly name: string;
  readonly lowDb: number;
  readonly highDb: number;
}

/** Negatives that hold an interferer of one kind; one that holds several kinds is in several groups. */
export interface InterferenceGroup {
  readonly name: string;
  readonly count: number;
  /** All positives against these negatives. */
  readonly auc: number;
  /** An item a rate of the evaluation: the share of these negatives above its threshold. */
  readonly falseAlarmRate: readonly Estimate[];
}

interface Scored {
  readonly ids: readonly string[];
  readonly targets: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

interface Needle {
  readonly row: TruthRow;
  readonly score: number;
}

export function evaluateNeedles(
  { ids, targets, scores }: Scored,
  truth: readonly TruthRow[],
  rates: readonly RecallAtFalseAlarm[],
): NeedleResults {
  const rows = rowsById(truth.filter(({ kind }) => kind === "needle"));
  const positives = ids.map((_, i) => i).filter((i) => targets[i] === 1);
  const needles = positives.flatMap((i): Needle[] => {
    const own = rows.get(ids[i]!);
    if (own === undefined) return [];
    const row = own.reduce((best, other) => (other.snrDb > best.snrDb ? other : best));
    return [{ row, score: scores[i]! }];
  });
  const negatives = risingScores(targets, scores, 0);
  const group = (name: string, members: readonly Needle[]): NeedleGroup => {
    const own = members.map(({ score }) => score);
    return {
      name,
      count: own.length,
      auc: meanShareBelow(own, negatives),
      recall: rates.map(({ threshold }) => shareAbove(own, threshold)),
    };
  };
  const groupsBy = (nameOf: (row: TruthRow) => string, order?: readonly string[]) => {
    const members = new Map<string, Needle[]>();
    for (const needle of needles) addTo(members, nameOf(needle.row), needle);
    const names = order?.filter((name) => members.has(name)) ?? [...members.keys()].sort();
    return names.map((name) => group(name, members.get(name)!));
  };
  const strength = strengthBins(needles.map(({ row }) => row.snrDb));
  const binNames = strength.bins.map(({ name }) => name);
  const paths = [...new Set(needles.map(({ row }) => row.shape))].sort();
  const cell = (path: string, bin: string) => {
    const own = needles.filter(({ row }) => row.shape === path && strength.nameOf(row.snrDb) === bin);
    return own.length === 0 ? null : group(`${path}, ${bin}`, own);
  };
  return {
    by: [
      { what: "path", groups: groupsBy(({ shape }) => shape) },
      { what: "time profile", groups: groupsBy(({ time }) => time) },
      { what: "frequency profile", groups: groupsBy(({ profile }) => profile) },
      { what: "scans", groups: groupsBy(scansText) },
      { what: "strength", groups: groupsBy(({ snrDb }) => strength.nameOf(snrDb), binNames) },
    ],
    byPathAndStrength: {
      paths,
      strengths: strength.bins,
      groups: paths.map((path) => binNames.map((bin) => cell(path, bin))),
    },
    unknown: positives.length - needles.length,
  };
}

export function evaluateInterference(
  { ids, targets, scores }: Scored,
  truth: readonly TruthRow[],
  rates: readonly RecallAtFalseAlarm[],
): InterferenceGroup[] {
  const rows = rowsById(truth.filter(({ kind }) => kind === "interference"));
  const positives = risingScores(targets, scores, 1);
  const members = new Map<string, number[]>();
  ids.forEach((id, i) => {
    if (targets[i] !== 0) return;
    const kinds = new Set(rows.get(id)?.map(interfererName) ?? ["none"]);
    for (const kind of kinds) addTo(members, kind, scores[i]!);
  });
  return [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => ({
      name,
      count: own.length,
      auc: 1 - meanShareBelow(own, positives),
      falseAlarmRate: rates.map(({ threshold }) => shareAbove(own, threshold)),
    }));
}

function addTo<Item>(groups: Map<string, Item[]>, name: string, item: Item): void {
  const own = groups.get(name);
  if (own) own.push(item);
  else groups.set(name, [item]);
}

function risingScores(targets: ArrayLike<number>, scores: ArrayLike<number>, target: number): Float64Array {
  return Float64Array.from(scores)
    .filter((_, i) => targets[i] === target)
    .sort();
}

/** The mean share of `rising` that lies below each score, equal ones counted half: an AUC of few against many. */
function meanShareBelow(scores: readonly number[], rising: Float64Array): number {
  let twice = 0;
  for (const score of scores) {
    twice += countWhile(rising, (other) => other < score) + countWhile(rising, (other) => other <= score);
  }
  return twice / (2 * scores.length * rising.length);
}

/** How many at the beginning of a list hold, where none holds after one that does not. */
function countWhile(list: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shareAbove(scores: readonly number[], threshold: number): Estimate {
  const count = scores.filter((score) => score >= threshold).length;
  return { value: count / scores.length, ...wilsonInterval(count, scores.length) };
}

function scansText(row: TruthRow): string {
  const present = presentScans(row);
  return present.length === 0 ? "none" : present.join(" ");
}

const BIN_WIDTHS_DB = [1, 2, 4, 6, 10, 20];
const MOST_BINS = 8;

/** Bins of the narrowest of some round widths that makes few of them, between multiples of that width. */
function strengthBins(snrDb: readonly number[]): { bins: StrengthBin[]; nameOf: (snrDb: number) => string } {
  const low = snrDb.reduce((a, b) => Math.min(a, b), Infinity);
  const high = snrDb.reduce((a, b) => Math.max(a, b), -Infinity);
  const count = (width: number) =>
    snrDb.length === 0 ? 0 : Math.floor(high / width) - Math.floor(low / width) + 1;
  const width =
    BIN_WIDTHS_DB.find((candidate) => count(candidate) <= MOST_BINS) ??
    Math.ceil((high - low) / (MOST_BINS - 1));
  const binOf = (value: number): StrengthBin => {
    const lowDb = Math.floor(value / width) * width;
    return { name: `${lowDb} to ${lowDb + width} dB`, lowDb, highDb: lowDb + width };
  };
  const first = Math.floor(low / width);
  return {
    bins: Array.from({ length: count(width) }, (_, i) => binOf((first + i) * width)),
    nameOf: (value) => binOf(value).name,
  };
}
