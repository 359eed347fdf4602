/** What a simulated data set's truth table says, by what was put in. */

import { presentScans, type TruthRow } from "../../formats/truth-csv.ts";
import { quantiles } from "../../signal/robust.ts";
import { groupBy } from "./group-by.ts";

export interface TruthGroup {
  readonly kind: TruthRow["kind"];
  readonly shape: string;
  readonly count: number;
  /** Of the matched-filter S/N over the cadence, dB. */
  readonly lowDb: number;
  readonly medianDb: number;
  readonly highDb: number;
}

/** Needles first, then interference, each shape by how often it is there. */
export function truthGroups(rows: readonly TruthRow[]): TruthGroup[] {
  return [...groupBy(rows, ({ kind, shape }) => `${kind} ${shape}`).values()]
    .map((group): TruthGroup => {
      const [lowDb, medianDb, highDb] = quantiles(
        Float32Array.from(group, ({ snrDb }) => snrDb),
        [0, 0.5, 1],
      ) as [number, number, number];
      const { kind, shape } = group[0];
      return { kind, shape, count: group.length, lowDb, medianDb, highDb };
    })
    .sort((a, b) => (a.kind === b.kind ? b.count - a.count : a.kind === "needle" ? -1 : 1));
}

/** "needle: sine, steady, 31.2 dB, 0.041 Hz/s, panels 1 3 5". */
export function describeTruth(row: TruthRow): string {
  const { kind, shape, time, snrDb, driftHzPerS } = row;
  return `${kind}: ${shape}, ${time}, ${snrDb.toFixed(1)} dB, ${driftHzPerS.toFixed(3)} Hz/s, panels ${presentScans(row).join(" ")}`;
}
