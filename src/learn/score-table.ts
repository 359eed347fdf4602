/** Tables of scores, and their meeting with labels. */

import { csvColumns, parseCsv } from "../formats/csv.ts";
import { FileError, InputError } from "../signal/errors.ts";
import type { ScoredCadences } from "./evaluation.ts";

export interface ScoreTable {
  readonly name: string;
  readonly ids: readonly string[];
  readonly scores: Float64Array;
}

/**
 * Reads scores by id: from the column `score` where there is one (`id,target,score`, as training writes it), else from `target`
 * (`id,target`, a submission). Throws a FileError that gives the line for a score that isn't a finite number, and for an id that
 * stands there twice.
 */
export function parseScoreTable(text: string, name: string): ScoreTable {
  const table = parseCsv(text, name);
  const column = table.header.includes("score") ? "score" : "target";
  const at = csvColumns(table, ["id", column]);
  const lineOf = new Map<string, number>();
  const scores = Float64Array.from(table.rows, (row, i) => {
    const line = table.lines[i]!;
    const cell = row[at[column]]!.trim();
    const score = cell === "" ? Number.NaN : Number(cell);
    if (!Number.isFinite(score)) {
      const shown = cell === "" ? "nothing" : JSON.stringify(cell.slice(0, 60));
      throw new FileError(
        name,
        `line ${line}: the ${column} is ${shown}; a score must be a finite number. Score this cadence again, or remove the line.`,
      );
    }
    const id = row[at.id]!.trim();
    const first = lineOf.get(id);
    if (first !== undefined) {
      throw new FileError(name, `lines ${first} and ${line} both score ${id}. Remove one of them.`);
    }
    lineOf.set(id, line);
    return score;
  });
  return { name, ids: [...lineOf.keys()], scores };
}

export interface MatchedScores extends Pick<ScoredCadences, "ids"> {
  readonly targets: Float64Array;
  readonly scores: Float64Array;
  /** Places of the matched ids in the labelled set. */
  readonly places: Int32Array;
  /** Labelled, but not scored. */
  readonly unscored: readonly string[];
  /** Scored, but not labelled. */
  readonly unlabelled: readonly string[];
}

/**
 * The scores that have a label, in the order of the labels. A label of NaN counts as none. Throws an InputError where no id has both.
 */
export function matchScores(
  table: ScoreTable,
  set: { readonly name: string; readonly ids: readonly string[]; readonly labels: ArrayLike<number> },
): MatchedScores {
  const scoreOf = new Map(table.ids.map((id, i) => [id, table.scores[i]!]));
  const labelled = set.ids.map((_, i) => i).filter((i) => !Number.isNaN(set.labels[i]!));
  const places = Int32Array.from(labelled.filter((i) => scoreOf.has(set.ids[i]!)));
  if (places.length === 0) {
    const example = (ids: readonly string[]) =>
      ids.length > 0 ? `such as ${ids[0]}` : "of which there are none";
    throw new InputError(
      `None of the ids of ${table.name} (${example(table.ids)}) has a label in ${set.name} ` +
        `(${example(labelled.map((i) => set.ids[i]!))}). Give scores and labels of the same cadences.`,
    );
  }
  const ids = Array.from(places, (place) => set.ids[place]!);
  const matched = new Set(ids);
  return {
    ids,
    targets: Float64Array.from(places, (place) => set.labels[place]!),
    scores: Float64Array.from(ids, (id) => scoreOf.get(id)!),
    places,
    unscored: labelled.map((i) => set.ids[i]!).filter((id) => !matched.has(id)),
    unlabelled: table.ids.filter((id) => !matched.has(id)),
  };
}
