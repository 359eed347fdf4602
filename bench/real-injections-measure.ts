/** What bench/real-injections.ts measured: figures from scores, and the figures as Markdown. */

import { bootstrapAuc, type Interval } from "../src/learn/metrics/bootstrap.ts";
import { recallAtFalseAlarm } from "../src/learn/metrics/false-alarms.ts";
import { wilsonInterval } from "../src/learn/metrics/proportion.ts";
import { rocAuc } from "../src/learn/metrics/roc.ts";
import { markdownTable } from "./markdown-table.ts";

/** A window that was scored. */
export interface ScoredWindow {
  readonly recording: string;
  readonly score: number;
  /** Absent where nothing was put in. */
  readonly needle?: {
    readonly snrDb: number;
    readonly path: string;
    readonly time: string;
    readonly profile: string;
    /** ON scans that it is in. */
    readonly scans: number;
    /** Whether it was taken from a recording, and not drawn. */
    readonly recorded: boolean;
  };
}

export interface Estimate extends Interval {
  readonly value: number;
}

/** Windows with a needle against all windows without. */
export interface Group {
  readonly name: string;
  readonly needles: number;
  readonly auc: Estimate;
  readonly recall: Estimate;
}

/** Windows without a needle. */
export interface Alarms {
  readonly name: string;
  readonly windows: number;
  /** Scores that half, nine tenths and 99 in 100 of the windows don't exceed, and the highest. */
  readonly quantiles: readonly number[];
  /** Windows at or above each of the thresholds, and their share. */
  readonly above: readonly (Estimate & { readonly count: number })[];
}

export interface Measured {
  readonly rate: number;
  readonly threshold: number;
  /** Windows without a needle that reach it: what it rests on. */
  readonly falseAlarms: number;
  readonly all: Group;
  readonly by: readonly { readonly what: string; readonly groups: readonly Group[] }[];
  readonly thresholds: readonly number[];
  readonly alarms: readonly Alarms[];
}

export interface MeasureOptions {
  /** Of false alarms, at which recall is told. */
  readonly rate: number;
  /** Whose false alarms are counted. */
  readonly thresholds: readonly number[];
  readonly seed: number;
}

const BIN_DB = 4;

export function measureWindows(
  windows: readonly ScoredWindow[],
  { rate, thresholds, seed }: MeasureOptions,
): Measured {
  const without = windows.filter(({ needle }) => !needle);
  const drawn = windows.filter(({ needle }) => needle && !needle.recorded);
  const recorded = windows.filter(({ needle }) => needle?.recorded);
  const scoresOf = (some: readonly ScoredWindow[]) => some.map(({ score }) => score);
  const both = (some: readonly ScoredWindow[], others = without) => ({
    targets: [...some.map(() => 1), ...others.map(() => 0)],
    scores: [...scoresOf(some), ...scoresOf(others)],
  });
  const { targets, scores } = both(drawn);
  const { threshold, falseAlarms } = recallAtFalseAlarm(targets, scores, rate);
  const group = (name: string, some: readonly ScoredWindow[], others = without): Group => {
    const own = both(some, others);
    const found = some.filter(({ score }) => score >= threshold).length;
    return {
      name,
      needles: some.length,
      auc: { value: rocAuc(own.targets, own.scores), ...bootstrapAuc(own.targets, own.scores, { seed }) },
      recall: { value: found / some.length, ...wilsonInterval(found, some.length) },
    };
  };
  const groupsBy = (
    some: readonly ScoredWindow[],
    nameOf: (needle: NonNullable<ScoredWindow["needle"]>) => string,
    others = without,
  ) =>
    [...Map.groupBy(some, ({ needle }) => nameOf(needle!))]
      .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
      .map(([name, own]) => group(name, own, others));
  const byStrength = (some: readonly ScoredWindow[], others = without) =>
    groupsBy(some, ({ snrDb }) => strengthName(snrDb), others);
  const recordings = [...new Set(windows.map(({ recording }) => recording))];
  const from = (name: string, some: readonly ScoredWindow[]) =>
    some.filter(({ recording }) => recording === name);
  return {
    rate,
    threshold,
    falseAlarms,
    all: group("all", drawn),
    by: [
      { what: "strength", groups: byStrength(drawn) },
      { what: "path", groups: groupsBy(drawn, ({ path }) => path) },
      { what: "time profile", groups: groupsBy(drawn, ({ time }) => time) },
      { what: "frequency profile", groups: groupsBy(drawn, ({ profile }) => profile) },
      { what: "ON scans that have it", groups: groupsBy(drawn, ({ scans }) => String(scans)) },
      {
        what: "recording (AUC among its own windows)",
        groups: recordings.map((name) => group(name, from(name, drawn), from(name, without))),
      },
      {
        what: "recording and strength (likewise)",
        groups: recordings.flatMap((name) =>
          byStrength(from(name, drawn), from(name, without)).map((one) => ({
            ...one,
            name: `${name}, ${one.name}`,
          })),
        ),
      },
      { what: "recorded lines, by strength", groups: byStrength(recorded) },
    ].filter(({ groups }) => groups.length > 0),
    thresholds,
    alarms: ["all", ...recordings].map((name) =>
      alarmsOf(name, scoresOf(name === "all" ? without : from(name, without)), thresholds),
    ),
  };
}

function strengthName(snrDb: number): string {
  const low = Math.floor(snrDb / BIN_DB) * BIN_DB;
  return `${low} to ${low + BIN_DB} dB`;
}

const SHARES = [0.5, 0.9, 0.99, 1];

function alarmsOf(name: string, scores: readonly number[], thresholds: readonly number[]): Alarms {
  const rising = scores.toSorted((a, b) => a - b);
  return {
    name,
    windows: scores.length,
    quantiles: SHARES.map((share) => rising[Math.ceil(share * rising.length) - 1]!),
    above: thresholds.map((threshold) => {
      const count = scores.filter((score) => score >= threshold).length;
      return { count, value: count / scores.length, ...wilsonInterval(count, scores.length) };
    }),
  };
}

export function describeMeasured(measured: Measured): string[] {
  const { rate, threshold, falseAlarms, all, by, thresholds, alarms } = measured;
  const rowOf = ({ name, needles, auc, recall }: Group) => [
    name,
    String(needles),
    estimate(auc),
    estimate(recall),
  ];
  const columns = ["needles", "ROC AUC", `recall at ${rate}`];
  return [
    `Recall is at the score of ${threshold.toPrecision(4)}, held fixed, which ${falseAlarms} of ${alarms[0]!.windows} windows without a needle reach. Intervals are of 95 %.`,
    "",
    ...markdownTable(["drawn needles", ...columns], [rowOf(all)]),
    ...by.flatMap(({ what, groups }) => ["", ...markdownTable([what, ...columns], groups.map(rowOf))]),
    "",
    ...markdownTable(
      [
        "windows without a needle",
        "windows",
        "median score",
        "90 %",
        "99 %",
        "highest",
        ...thresholds.map((one) => `at ${one} or more`),
      ],
      alarms.map(({ name, windows, quantiles, above }) => [
        name,
        String(windows),
        ...quantiles.map((score) => score.toFixed(3)),
        ...above.map((one) => `${one.count}: ${estimate(one, 3)}`),
      ]),
    ),
  ];
}

function estimate({ value, low, high }: Estimate, digits = 2): string {
  return `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
