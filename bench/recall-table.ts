/** What bench/recall.ts measured, as Markdown. */

import { idealThreshold } from "../src/learn/metrics/ideal-observer.ts";
import { markdownTable } from "./markdown-table.ts";
import type { IdealCheck } from "./recall-ideal.ts";
import { type Estimate, type Measured, type Method, strengthFor } from "./recall-measure.ts";

export interface RecallRecord extends Measured {
  readonly seed: number;
  readonly search: { readonly snr: number; readonly maxDriftHzPerS: number };
  readonly drawn: {
    readonly negatives: number;
    /** Of each kind and strength. */
    readonly cadences: number;
    readonly snrDb: readonly number[];
    readonly kinds: readonly string[];
  };
  readonly rate: number;
  readonly model: string | null;
  readonly threads: number;
  /** Cadences that this run scored, and how long that took. */
  readonly scored: number;
  readonly scoredS: number;
  readonly idealCheck: IdealCheck;
}

const SHARES = [0.5, 0.9] as const;

export function describeRecall(record: RecallRecord, methods: readonly Method[]): string {
  const { drawn, cells, at, idealCheck, rate, scored, scoredS, threads, model, search } = record;
  const { negatives, cadences } = drawn;
  const total = negatives + cells.length * cadences;
  const lines = [
    `${negatives} negatives, ${cadences} positives of each kind and strength; one false alarm in ${Math.round(1 / rate)}. Search down to S/N ${search.snr} at +-${search.maxDriftHzPerS} Hz/s.`,
    model === null
      ? "No detector was asked for (--no-model), so its columns are left out."
      : `The detector is ${model}.`,
    ...methods.flatMap((method) => {
      const { falseAlarms, allowed, support } = at[method]!;
      const few = {
        enough: "",
        few: ", which are few",
        none: ": no threshold can be told, give more negatives",
      };
      return `Threshold of ${method}: ${falseAlarms} of ${negatives} negatives, ${allowed} allowed${few[support]}.`;
    }),
    "",
    ...markdownTable(
      ["recall of", "dB", ...methods, "ideal"],
      cells.map(({ kind, snrDb, found, ideal }) => [
        kind,
        String(snrDb),
        ...methods.map((method) => estimate(found[method]!)),
        ideal.toFixed(3),
      ]),
    ),
    "",
    ...markdownTable(
      ["dB for", ...[...methods, "ideal"].flatMap((who) => SHARES.map((share) => `${who}, ${share}`))],
      drawn.kinds.map((kind) => [
        kind,
        ...methods.flatMap((method) =>
          SHARES.map((share) => strength(strengthFor(cells, kind, method, share), drawn.snrDb)),
        ),
        ...SHARES.map((share) => idealStrength(share, rate).toFixed(1)),
      ]),
    ),
    "",
    `The ideal observer on ${idealCheck.draws} drawn needles in white noise: its statistic without them has mean ${idealCheck.noiseMean.toFixed(2)} and deviation ${idealCheck.noiseDeviation.toFixed(2)}; recall (closed form) ${idealCheck.strengths
      .map(
        ({ snrDb, recall, closedForm }) => `${recall.toFixed(2)} (${closedForm.toFixed(2)}) at ${snrDb} dB`,
      )
      .join(", ")}.`,
    `${total} cadences, ${scored === total ? "all" : scored} of them scored in this run: ${(scoredS / 60).toFixed(1)} minutes on ${threads} threads.`,
  ];
  return `${lines.join("\n")}\n`;
}

/** In dB, by the closed form of `idealRecall`. */
function idealStrength(share: number, rate: number): number {
  return 20 * Math.log10(idealThreshold(rate) - idealThreshold(share));
}

function estimate({ recall, low, high }: Estimate): string {
  return `${recall.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function strength(snrDb: number, measured: readonly number[]): string {
  if (snrDb === Number.POSITIVE_INFINITY) return `over ${Math.max(...measured)}`;
  if (snrDb === Number.NEGATIVE_INFINITY) return `under ${Math.min(...measured)}`;
  return snrDb.toFixed(1);
}
