/** An evaluation's folder: the page, the record, and the scores that it was made from. */

import { join } from "node:path";
import type { CadenceSet } from "../formats/cadence-folder.node.ts";
import { encodeCsv } from "../formats/csv.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import type { MatchedScores } from "../learn/score-table.ts";
import { encodePng } from "../pictures/png.node.ts";
import { InputError } from "../signal/errors.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { type EvaluationRecord, evaluationPage } from "./evaluation-page.ts";
import { panelsPicture } from "./panels-picture.ts";

export interface EvaluationReportOptions {
  /** Of each sort of mistakes, how many are pictured. Default 6. */
  readonly mostPictures?: number;
  /** Called with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Writes `evaluation.html`, which holds all that it shows, `evaluation.json` and `scores.csv` into a folder, made if need be, and gives
 * the path of the page. Throws a FileError where something can't be written.
 */
export async function writeEvaluationReport(
  folder: string,
  record: EvaluationRecord,
  set: Pick<CadenceSet, "read">,
  matched: MatchedScores,
  options: EvaluationReportOptions = {},
): Promise<string> {
  const { mostPictures = 6, onProgress } = options;
  const { falseAlarms, missed } = record.evaluation;
  await makeFolder(folder);
  const pictures = new Map<string, string>();
  for (const [sort, mistakes] of [missed, falseAlarms].entries()) {
    let shown = 0;
    for (const { id, place } of mistakes) {
      if (shown === mostPictures) break;
      const picture = await pictureOf(set, matched.places[place]!, id);
      if (picture === undefined) continue;
      pictures.set(id, picture);
      shown++;
      onProgress?.((sort + shown / mostPictures) / 2);
    }
  }
  const write = (name: string, content: string) =>
    writeFileAtomically(join(folder, name), (chunk) => chunk(content));
  const rows = matched.ids.map((id, i) => [id, matched.targets[i]!, matched.scores[i]!]);
  await write("scores.csv", encodeCsv(["id", "target", "score"], rows));
  await write("evaluation.json", `${JSON.stringify(record, null, 2)}\n`);
  await write("evaluation.html", evaluationPage({ ...record, pictures }));
  return join(folder, "evaluation.html");
}

/** The address of a cadence's picture, which holds it; undefined where the cadence can't be read: scores may come without files. */
async function pictureOf(
  set: Pick<CadenceSet, "read">,
  place: number,
  id: string,
): Promise<string | undefined> {
  try {
    const picture = panelsPicture(await set.read(place), { width: 760, panelHeight: 68, title: id });
    const png = await encodePng(picture);
    return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
