/** Tables of labels, `id,target`: train_labels.csv, sample_submission.csv, and the submissions that are made from it. */

import { FileError } from "../signal/errors.ts";
import { csvColumns, encodeCsv, parseCsv } from "./csv.ts";

export interface LabelProblem {
  readonly kind: "bad-label" | "duplicate-id";
  readonly id: string;
  readonly message: string;
}

export interface LabelTable {
  readonly name: string;
  /** Each id once, in the order of the rows. */
  readonly ids: readonly string[];
  /** 0 to 1. An id whose target is no such number is absent. */
  readonly targets: ReadonlyMap<string, number>;
  readonly problems: readonly LabelProblem[];
}

/**
 * Reads a table with the columns id and target. A target that isn't a number from 0 to 1, and a second row of one id, are problems; the first row
 * counts. With `ignoreTargets` only the ids are read, as from a sample submission. Throws a FileError where the table is
 * damaged as a whole, or an id can't be a file's name.
 */
export function parseLabels(
  text: string,
  name: string,
  options: { ignoreTargets?: boolean } = {},
): LabelTable {
  const table = parseCsv(text, name);
  const { id: idAt, target: targetAt } = options.ignoreTargets
    ? { ...csvColumns(table, ["id"]), target: -1 }
    : csvColumns(table, ["id", "target"]);
  const firstRow = new Map<string, number>();
  const targets = new Map<string, number>();
  const problems: LabelProblem[] = [];
  for (const [i, row] of table.rows.entries()) {
    const id = row[idAt]!.trim();
    const at = `${name}: line ${table.lines[i]}`;
    if (!/^[^./\\\0][^/\\\0]{0,249}$/.test(id)) {
      throw new FileError(
        name,
        `line ${table.lines[i]}: ${JSON.stringify(id.slice(0, 60))} is no id of a cadence, which is its file's name without .npy. Correct it.`,
      );
    }
    const first = firstRow.get(id);
    if (first !== undefined) {
      const differs = targetAt >= 0 && row[targetAt] !== table.rows[first]![targetAt];
      problems.push({
        kind: "duplicate-id",
        id,
        message:
          `${at}: ${id} stands on line ${table.lines[first]} too` +
          `${differs ? `, with another target (${row[targetAt]}, there ${table.rows[first]![targetAt]})` : ""}. The first counts.`,
      });
      continue;
    }
    firstRow.set(id, i);
    if (targetAt < 0) continue;
    const cell = row[targetAt]!.trim();
    const target = cell === "" ? Number.NaN : Number(cell);
    if (target >= 0 && target <= 1) targets.set(id, target);
    else {
      const shown = cell === "" ? "nothing" : JSON.stringify(cell.slice(0, 60));
      problems.push({
        kind: "bad-label",
        id,
        message: `${at}: the target of ${id} is ${shown}; it must be a number from 0 to 1.`,
      });
    }
  }
  return { name, ids: [...firstRow.keys()], targets, problems };
}

/** A table of labels or scores: `id,target`, one row an id. Scores are written in full. */
export function encodeLabels(ids: readonly string[], targets: ArrayLike<number>): string {
  return encodeCsv(
    ["id", "target"],
    ids.map((id, i) => [id, targets[i]!]),
  );
}
