/** truth.csv of a simulated data set: what was put into each cadence, one row a signal. */

import { FileError } from "../signal/errors.ts";
import { csvColumns, encodeCsv, parseCsv } from "./csv.ts";

export interface TruthRow {
  /** Of the cadence; one with several signals has several rows, one with none has none. */
  readonly id: string;
  /** Of the cadence: 1 where it has a needle. */
  readonly label: 0 | 1;
  readonly kind: "needle" | "interference";
  /** Of the path through time and frequency: "linear", "sine", ... */
  readonly shape: string;
  /** Of the signal's frequency profile: "tone", "gaussian", ... */
  readonly profile: string;
  /** Of its time profile: "steady", "pulsed", ... */
  readonly time: string;
  /** By matched filter, over the whole cadence. */
  readonly snr: number;
  /** 20 log10 of it. */
  readonly snrDb: number;
  /** Mean over the cadence, or what the path is named for. */
  readonly driftHzPerS: number;
  /** A digit a scan, 1 where the signal is present: "1 0 1 0 1 0". */
  readonly scans: string;
  /** The whole signal as JSON. */
  readonly path: string;
}

/** The scans in which a row's signal is present, counted from 1. */
export function presentScans({ scans }: Pick<TruthRow, "scans">): number[] {
  return scans.split(" ").flatMap((digit, i) => (digit === "1" ? [i + 1] : []));
}

const TEXT_COLUMNS = ["id", "kind", "shape", "profile", "time", "scans", "path"] as const;
const NUMBER_COLUMNS = ["label", "snr", "snrDb", "driftHzPerS"] as const;
const COLUMNS = [
  "id",
  "label",
  "kind",
  "shape",
  "profile",
  "time",
  "snr",
  "snrDb",
  "driftHzPerS",
  "scans",
  "path",
] as const satisfies readonly (keyof TruthRow)[];

export function encodeTruthCsv(rows: Iterable<TruthRow>): string {
  const lines = function* () {
    for (const row of rows) yield COLUMNS.map((column) => row[column]);
  };
  return encodeCsv(COLUMNS, lines());
}

/** Reads what `encodeTruthCsv` writes; columns may stand in any order, others are ignored. Throws a FileError that gives the line. */
export function parseTruthCsv(text: string, name: string): TruthRow[] {
  const table = parseCsv(text, name);
  const at = csvColumns(table, COLUMNS);
  return table.rows.map((cells, i) => {
    const wrong = (column: string, wanted: string) =>
      new FileError(
        name,
        `line ${table.lines[i]}: ${column} is ${JSON.stringify(cells[at[column as keyof typeof at]]!.slice(0, 60))}; it must be ${wanted}.`,
      );
    const row: Record<string, string | number> = {};
    for (const column of TEXT_COLUMNS) row[column] = cells[at[column]]!;
    for (const column of NUMBER_COLUMNS) {
      const cell = cells[at[column]]!.trim();
      const value = cell === "" ? Number.NaN : Number(cell);
      if (!Number.isFinite(value)) throw wrong(column, "a number");
      row[column] = value;
    }
    if (row.id === "") throw wrong("id", "a cadence's id");
    if (row.label !== 0 && row.label !== 1) throw wrong("label", "0 or 1");
    if (row.kind !== "needle" && row.kind !== "interference") throw wrong("kind", "needle or interference");
    if (!/^[01]( [01])*$/.test(row.scans as string)) throw wrong("scans", "digits such as 1 0 1 0 1 0");
    return row as unknown as TruthRow;
  });
}
