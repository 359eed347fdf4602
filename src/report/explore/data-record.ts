/** What a data set holds: counts, sizes, values, duplicates and what is wrong, as one record that page, tables and JSON are made from. */

import type { CadenceProblem, Split } from "../../formats/cadence-folder.node.ts";
import type { PanelShape } from "../../signal/panels.ts";
import type { Duplicates } from "./duplicates.ts";
import type { TruthGroup } from "./truth-groups.ts";

export interface DataRecord {
  readonly program: { readonly name: string; readonly version: string };
  readonly folder: string;
  readonly splits: readonly SplitRecord[];
  readonly duplicates: Duplicates;
  /** Sentences on what was left out. */
  readonly notes: readonly string[];
}

export interface SplitRecord {
  /** "cadences" of a folder without train/ and test/. */
  readonly split: Split | "cadences";
  /** The folder of the files. */
  readonly folder: string;
  /** Rows of the table that can be used, or files where there is no table. */
  readonly cadences: number;
  /** Files that were read whole. */
  readonly read: number;
  readonly bytes: number;
  readonly labels: LabelCounts | null;
  readonly shape: PanelShape;
  /** How many files have which shape and elements, most first: "(6, 273, 256) <f2". */
  readonly layouts: readonly { readonly layout: string; readonly count: number }[];
  /** Problems by kind, and each. */
  readonly problemCounts: Readonly<Partial<Record<CadenceProblem["kind"], number>>>;
  readonly problems: readonly CadenceProblem[];
  /** Cadences of which a panel has the same value throughout. */
  readonly flatPanels: readonly string[];
  readonly values: readonly ValueSpread[];
  /** Of all values of all cadences, from a sample of them. */
  readonly pixels: readonly { readonly quantile: number; readonly value: number }[];
  readonly peaks: PeakHistogram | null;
  readonly truth: readonly TruthGroup[];
  readonly samples: readonly Sample[];
}

export interface LabelCounts {
  /** Target 1. */
  readonly positive: number;
  /** Target 0. */
  readonly negative: number;
  /** Between 0 and 1. */
  readonly between: number;
  readonly unlabelled: number;
}

export type LabelName = keyof LabelCounts;

export interface ValueSpread {
  readonly what: string;
  readonly of: LabelName | "all";
  readonly count: number;
  readonly min: number;
  readonly p05: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** How many cadences have their largest value in an ON panel in each bin, by label. */
export interface PeakHistogram {
  /** One more than there are bins. */
  readonly edges: readonly number[];
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** A cadence to be pictured. */
export interface Sample {
  readonly id: string;
  readonly path: string;
  readonly label: LabelName;
  readonly target: number | null;
  /** What the truth table says of it. */
  readonly holds: readonly string[];
}

export function labelName(target: number | undefined): LabelName {
  if (target === undefined || Number.isNaN(target)) return "unlabelled";
  return target === 1 ? "positive" : target === 0 ? "negative" : "between";
}
